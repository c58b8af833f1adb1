"""Test accuracy of every way to train a target, against its trainable parameters."""

import pandas as pd
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from studies.analysis.results import StudyResults
from studies.analysis.summaries import method_names
from studies.design.roles import FINAL, has_trained, only_evaluated
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.parts.trained import FAILED_RUN, MEAN, failures_text, trained_mean
from studies.reports.figures.parts.words import in_words
from studies.reports.figures.style import (
    METHOD_STYLES,
    interval_bars,
    new_canvas,
    set_accuracy_axis,
    set_trainable_axis,
)

_DRAWN = _COUNT, _ACCURACY = "trainable_parameters", "test_accuracy"


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
            points[_COUNT],
            points[_ACCURACY],
            yerr=interval_bars(points[_ACCURACY], points["low"], points["high"]),
            capsize=3,
            markersize=6,
            linewidth=1.2,
            linestyle=":" if constant else "-",
            markerfacecolor="white" if constant else None,
            label=in_words(f"{method}, constant rate" if constant else method) + _failures(runs),
            **METHOD_STYLES[method],
        )
        failed = runs[~has_trained(runs)]
        called = {"method": method, "schedule": schedule}
        note(canvas, points, drawn=MEAN, **called)
        note(canvas, failed[["configuration", *_DRAWN, "seed"]], drawn=FAILED_RUN, **called)
        axes.scatter(
            failed[_COUNT],
            failed[_ACCURACY],
            s=16,
            linewidths=1,
            alpha=0.7,
            **METHOD_STYLES[method] | {"marker": "x"},
        )
    axes.set(title=f"{final['dataset'].iloc[0]}: ways to train few parameters")
    set_trainable_axis(axes)
    set_accuracy_axis(axes, "test accuracy")
    handles, _ = axes.get_legend_handles_labels()
    if not has_trained(final).all():
        handles.append(
            Line2D([], [], linestyle="", marker="x", markersize=4, color="black", label=FAILED_RUN)
        )
    canvas.legend(handles=handles, fontsize="small", loc="outside right upper")
    return canvas


def _failures(runs: pd.DataFrame) -> str:
    """How many of the runs of a method did not train."""
    text = failures_text(runs).replace(" fail", " runs fail")
    return f" ({text})" if text else ""


def _points(runs: pd.DataFrame) -> pd.DataFrame:
    """A model each, in the order of their sizes: its mean, where it trains."""
    points = []
    for configuration, model in runs.groupby("configuration"):
        interval = trained_mean(model)
        points.append(
            {
                "configuration": configuration,
                _COUNT: model[_COUNT].iloc[0],
                _ACCURACY: interval.mean,
                "low": interval.low,
                "high": interval.high,
            }
        )
    return pd.DataFrame(points).sort_values(_COUNT)
