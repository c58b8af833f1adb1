"""Test accuracy of every way to train a target, against its trainable parameters."""

from collections.abc import Sequence
from itertools import cycle
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter, StrMethodFormatter

from studies.figures.style import Figure, new_canvas
from studies.labels import FINAL
from studies.statistics import mean_interval

_MARKERS = "osD^vP*X<"
_COLOURBLIND = sns.color_palette("colorblind")
#: Without those that are too light for a line on white.
_PALETTE = [*(_COLOURBLIND[place] for place in (0, 1, 2, 3, 4, 5, 7, 9)), (0.0, 0.0, 0.0)]


def method_names(rows: pd.DataFrame) -> pd.Series:
    """The mapping or baseline of each run, without its options."""
    return rows["mapping"].str.partition(":")[0]


def method_styles(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A colour and a marker for each method, so that neither has to be told by colour alone."""
    styles = cycle(zip(_PALETTE, _MARKERS, strict=True))
    return {
        name: {"color": colour, "marker": marker}
        for name, (colour, marker) in zip(names, styles, strict=False)
    }


def _draw(rows: pd.DataFrame) -> Canvas | None:
    final = rows[(rows["role"] == FINAL) & (rows["status"] == "complete")]
    if final.empty:
        return None
    final = final.assign(method=method_names(final))
    styles = method_styles(sorted(set(final["method"])))
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
            **styles[method],
        )
    axes.set(
        xscale="log",
        xlabel="trainable parameters",
        ylabel="test accuracy",
        ylim=(0, 1.02),
        title=f"{rows['dataset'].iloc[0]}: ways to train few parameters",
    )
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    canvas.legend(fontsize="small", loc="outside right upper")
    return canvas


METHODS = Figure(
    "methods",
    "Test accuracy of every mapping and baseline: means over fresh seeds with 95 % intervals.",
    _draw,
)
