"""Accuracy against trainable parameters, every run a point."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter, StrMethodFormatter

from studies.figures.style import COLOURS, PAPER, Figure, families, new_canvas
from studies.labels import FINAL, SEARCH
from studies.quoted import QUOTED, QUOTED_DATASETS


def _draw(rows: pd.DataFrame) -> Canvas | None:
    complete = rows[rows["status"] == "complete"]
    if complete.empty:
        return None
    canvas = new_canvas()
    axes = canvas.add_subplot()
    search = complete[complete["role"] == SEARCH]
    for name, group in search.groupby(families(search)):
        sns.scatterplot(
            x=group["trainable_parameters"],
            y=group["val_accuracy"],
            color=COLOURS[name],
            alpha=0.35,
            s=18,
            label=f"{name}, searched (validation)",
            ax=axes,
        )
    final = complete[complete["role"] == FINAL]
    for name, group in final.groupby(families(final)):
        sns.scatterplot(
            x=group["trainable_parameters"],
            y=group["test_accuracy"],
            color=COLOURS[name],
            marker="D",
            s=34,
            label=f"{name}, fresh seeds (test)",
            ax=axes,
        )
    if rows["dataset"].iloc[0] in QUOTED_DATASETS:
        axes.errorbar(
            [quoted.trainable_parameters for quoted in QUOTED],
            [quoted.accuracy / 100 for quoted in QUOTED],
            yerr=[quoted.deviation / 100 for quoted in QUOTED],
            fmt="x",
            color=COLOURS[PAPER],
            label=PAPER,
        )
    axes.set(
        xscale="log",
        xlabel="trainable parameters",
        ylabel="accuracy",
        title=f"{rows['dataset'].iloc[0]}: accuracy against trainable parameters",
    )
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(loc="lower right", fontsize="small")
    return canvas


ACCURACY = Figure(
    "accuracy",
    "Accuracy against trainable parameters; every run is a point.",
    _draw,
)
