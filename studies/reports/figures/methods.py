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
    "Where seeds do not train (less than 20 %, twice chance), their number stands beside the mean "
    "of those that do.",
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
            label=in_words(f"{method}, constant rate" if constant else method),
            **METHOD_STYLES[method],
        )
        for point in points[points["failures"] > 0].itertuples():
            axes.annotate(
                f"{point.failures} of {point.seeds} fail",
                (point.x, point.mean),
                xytext=(7, -9),
                textcoords="offset points",
                fontsize="x-small",
            )
    axes.set(title=f"{final['dataset'].iloc[0]}: ways to train few parameters")
    set_trainable_axis(axes)
    set_accuracy_axis(axes, "test accuracy")
    canvas.legend(fontsize="small", loc="outside right upper")
    return canvas


def _points(runs: pd.DataFrame) -> pd.DataFrame:
    """A model each, in the order of their sizes: its mean where it trains, how often it fails."""
    points = []
    for _, model in runs.groupby("configuration"):
        trains = has_trained(model)
        shown = model[trains] if trains.any() else model
        points.append(
            {
                "x": model["trainable_parameters"].iloc[0],
                "seeds": len(model),
                "failures": (~trains).sum(),
                **vars(mean_interval(shown["test_accuracy"].dropna())),
            }
        )
    return pd.DataFrame(points).sort_values("x")
