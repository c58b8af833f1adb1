"""Test accuracy of every way to train a target, against its trainable parameters."""

import pandas as pd
from matplotlib.figure import Figure as Canvas

from studies.analysis.results import StudyResults
from studies.analysis.summaries import method_names
from studies.design.statistics import mean_interval
from studies.reports.figures import register_figure
from studies.reports.figures.style import (
    METHOD_STYLES,
    in_figure,
    interval_bars,
    new_canvas,
    set_accuracy_axis,
    set_trainable_axis,
)


@register_figure(
    "methods",
    "Test accuracy of every mapping and baseline: means over fresh seeds with 95 % intervals.",
)
def draw(results: StudyResults) -> Canvas | None:
    """A line for each mapping or baseline, of its models by their size."""
    if results.final.empty:
        return None
    final = results.final.assign(method=method_names(results.final))
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
            yerr=interval_bars(points["mean"], points["low"], points["high"]),
            capsize=3,
            markersize=6,
            linewidth=1.2,
            linestyle=":" if constant else "-",
            markerfacecolor="white" if constant else None,
            label=in_figure(f"{method}, constant rate" if constant else method),
            **METHOD_STYLES[method],
        )
    axes.set(title=f"{final['dataset'].iloc[0]}: ways to train few parameters")
    set_trainable_axis(axes)
    set_accuracy_axis(axes, "test accuracy")
    canvas.legend(fontsize="small", loc="outside right upper")
    return canvas
