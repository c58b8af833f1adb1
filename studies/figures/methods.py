"""Test accuracy of every way to train a target, against its trainable parameters."""

from math import floor

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import PercentFormatter

from studies.figures.style import (
    METHOD_STYLES,
    Figure,
    method_names,
    new_canvas,
    set_trainable_axis,
)
from studies.labels import FINAL
from studies.statistics import mean_interval


def _draw(rows: pd.DataFrame) -> Canvas | None:
    final = rows[(rows["role"] == FINAL) & (rows["status"] == "complete")]
    if final.empty:
        return None
    final = final.assign(method=method_names(final))
    canvas = new_canvas(9.0, 5.5)
    axes = canvas.add_subplot()
    for (method, schedule), runs in final.groupby(["method", "schedule"]):
        points = pd.DataFrame(
            [
                {"x": group["trainable_parameters"].iloc[0], **vars(interval)}
                for _, group in runs.groupby("configuration")
                for interval in [mean_interval(group["test_accuracy"])]
            ]
        ).sort_values("x")
        constant = schedule == "none"
        axes.errorbar(
            points["x"],
            points["mean"],
            yerr=[points["mean"] - points["low"], points["high"] - points["mean"]],
            capsize=3,
            markersize=6,
            linewidth=1.2,
            linestyle=":" if constant else "-",
            markerfacecolor="white" if constant else None,
            label=f"{method}, constant rate" if constant else method,
            **METHOD_STYLES[method],
        )
    axes.set(
        ylabel="test accuracy",
        ylim=(_floor(axes), 1.02),
        title=f"{rows['dataset'].iloc[0]}: ways to train few parameters",
    )
    set_trainable_axis(axes)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    canvas.legend(fontsize="small", loc="outside right upper")
    return canvas


def _floor(axes: Axes) -> float:
    """The next multiple of 10 % below all that is drawn, so that close curves are told apart."""
    return max(0.0, floor(10 * axes.dataLim.y0) / 10)


METHODS = Figure(
    "methods",
    "Test accuracy of every mapping and baseline: means over fresh seeds with 95 % intervals.",
    _draw,
)
