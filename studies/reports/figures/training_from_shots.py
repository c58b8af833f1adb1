"""Test accuracy by the shots that a training has spent."""

from operator import attrgetter
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from qcnn.training.from_shots.config import READINGS
from qcnn.training.from_shots.spending import way_of
from studies.analysis.results import StudyResults
from studies.design.statistics import mean_interval
from studies.reports.figures import register_figure
from studies.reports.figures.style import (
    LINE_COLOURS,
    interval_bars,
    new_canvas,
    set_accuracy_axis,
)

_MARKERS = "osD"


@register_figure(
    "training_from_shots",
    "Test accuracy by the shots that all PQCNNs have fired in a training: every seed, means and "
    "95 % intervals, a line for each way to spend them. Dashed: exact gradients, their mean in the "
    "band of its 95 % interval.",
)
def draw(results: StudyResults) -> Canvas | None:
    """A line for each way."""
    final = results.longest
    ways = final["optimiser"].map(way_of)
    spent = final["shots_spent"][ways.isin(READINGS)]
    if spent.empty:
        return None
    canvas = new_canvas(8.0, 5.0)
    axes = canvas.subplots()
    for place, way in enumerate(READINGS):
        for name, runs in final[ways == way].groupby("arm"):
            look = {"color": LINE_COLOURS[place], "marker": _MARKERS[place]}
            _draw_way(axes, str(name), runs, look)
    _draw_exact(axes, final[~ways.isin(READINGS)])
    axes.set(xscale="log", xlabel="shots spent on the training, of all PQCNNs (log scale)")
    # A single number of shots is not spent to the last one by every way.
    axes.set_xlim(spent.min() / 2, 2 * spent.max())
    set_accuracy_axis(axes, "test accuracy")
    canvas.legend(loc="outside lower center", ncols=4, fontsize="small")
    canvas.suptitle(f"{final['dataset'].iloc[0]}: what training from shots reaches")
    return canvas


def _draw_way(axes: Axes, name: str, runs: pd.DataFrame, look: dict[str, Any]) -> None:
    """Seeds, and over those of one number of shots the mean."""
    axes.scatter(runs["shots_spent"], runs["test_accuracy"], s=16, alpha=0.4, **look)
    by_setting = runs.groupby("setting", sort=False)
    means = pd.DataFrame(
        {
            "spent": by_setting["shots_spent"].mean(),
            "interval": by_setting["test_accuracy"].apply(mean_interval),
        }
    ).sort_values("spent")
    mean, low, high = (
        means["interval"].map(attrgetter(part)).astype(float) for part in ("mean", "low", "high")
    )
    axes.errorbar(
        means["spent"],
        mean,
        yerr=interval_bars(mean, low, high),
        markersize=5,
        capsize=2,
        label=name,
        **look,
    )


def _draw_exact(axes: Axes, runs: pd.DataFrame) -> None:
    for name, of_arm in runs.groupby("arm"):
        interval = mean_interval(of_arm["test_accuracy"])
        axes.axhline(interval.mean, color="black", linestyle="--", linewidth=1, label=str(name))
        if interval.low < interval.high:
            axes.axhspan(interval.low, interval.high, color="black", alpha=0.08, linewidth=0)
