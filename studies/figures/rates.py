"""What the choice of the learning rate looked like."""

import pandas as pd
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import PercentFormatter

from studies.figures.style import METHOD_STYLES, Figure, method_names, new_canvas
from studies.labels import SEARCH


def _draw(rows: pd.DataFrame) -> Canvas | None:
    tried = rows[(rows["role"] == SEARCH) & (rows["status"] == "complete")]
    if tried.empty:
        return None
    tried = tried.assign(method=method_names(tried))
    canvas = new_canvas(8.0, 5.0)
    axes = canvas.add_subplot()
    named: set[str] = set()
    for (method, *_), arm in tried.groupby(["method", "label", "target", "epochs"]):
        arm = arm.sort_values("learning_rate")
        axes.plot(
            arm["learning_rate"],
            arm["val_accuracy"],
            label=None if method in named else method,
            linewidth=1,
            alpha=0.8,
            **METHOD_STYLES[method],
        )
        named.add(method)
    axes.set(
        xscale="log",
        xlabel="highest learning rate",
        ylabel="validation accuracy",
        title=f"{rows['dataset'].iloc[0]}: rates tried for every arm, one seed",
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    canvas.legend(fontsize="small", loc="outside right upper")
    return canvas


RATES = Figure(
    "rates",
    "Validation accuracy of the rates that were tried for every arm, a line for each target of it.",
    _draw,
)
