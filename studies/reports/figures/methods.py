"""Test accuracy of every way to train a target, against its trainable parameters."""

import pandas as pd
from matplotlib.figure import Figure as Canvas

from studies.analysis.results import StudyResults
from studies.analysis.summaries import method_names
from studies.design.roles import FINAL, has_trained, only_evaluated
from studies.design.statistics import mean_interval
from studies.reports.figures import register_figure
from studies.reports.figures.parts.words import in_words
from studies.reports.figures.style import (
    METHOD_STYLES,
    interval_bars,
    new_canvas,
    set_accuracy_axis,
    set_trainable_axis,
)


@register_figure(
    "methods",
    "Test accuracy of every mapping and baseline: means over fresh seeds with 95 % intervals. "
    "Seeds that do not train (less than 20 %, twice chance) are crosses, counted beside the name, "
    "and no part of the mean of a model of which others do.",
)
def draw(results: StudyResults) -> Canvas | None:
    """A line for each mapping or baseline, of its models by their size."""
    if results.final.empty:
        return None
    rows = results.rows
    final = rows[(rows["role"] == FINAL) & ~only_evaluated(rows)]
    final = final.assign(method=method_names(final))
    canvas = new_canvas(9.0, 5.5)
    axes = canvas.add_subplot()
    for (method, schedule), runs in final.groupby(["method", "schedule"]):
        points = _points(runs)
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
            label=in_words(f"{method}, constant rate" if constant else method) + _failures(runs),
            **METHOD_STYLES[method],
        )
        failed = runs[~has_trained(runs)]
        axes.scatter(
            failed["trainable_parameters"],
            failed["test_accuracy"],
            s=16,
            linewidths=1,
            alpha=0.7,
            **METHOD_STYLES[method] | {"marker": "x"},
        )
    axes.set(title=f"{final['dataset'].iloc[0]}: ways to train few parameters")
    set_trainable_axis(axes)
    set_accuracy_axis(axes, "test accuracy")
    canvas.legend(fontsize="small", loc="outside right upper")
    return canvas


def _failures(runs: pd.DataFrame) -> str:
    """How many of the runs of a method did not train."""
    failed = (~has_trained(runs)).sum()
    return f" ({failed} of {len(runs)} runs fail)" if failed else ""


def _points(runs: pd.DataFrame) -> pd.DataFrame:
    """A model each, in the order of their sizes: its mean, where it trains."""
    points = []
    for _, model in runs.groupby("configuration"):
        trains = has_trained(model)
        shown = model[trains] if trains.any() else model
        points.append(
            {
                **vars(mean_interval(shown["test_accuracy"].dropna())),
                "x": model["trainable_parameters"].iloc[0],
            }
        )
    return pd.DataFrame(points).sort_values("x")
