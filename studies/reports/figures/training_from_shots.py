"""Test accuracy by the shots that a training has spent."""

from operator import attrgetter
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from qcnn.training.from_shots.config import READINGS
from qcnn.training.from_shots.spending import way_of
from studies.analysis.results import StudyResults
from studies.design.roles import has_trained
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.parts.trained import (
    MEAN,
    failures_text,
    kinds_of,
    trained_mean,
)
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
    "95 % intervals over those that train, a line for each way to spend them. Dashed: exact "
    "gradients, their mean in the band of its 95 % interval. Crosses are seeds that do not train "
    "(less than 20 %, twice chance), counted beside the name.",
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


def _canvas_of(axes: Axes) -> Canvas:
    canvas = axes.get_figure(root=True)
    assert canvas is not None  # the axes are in one
    return canvas


def _draw_way(axes: Axes, name: str, runs: pd.DataFrame, look: dict[str, Any]) -> None:
    """Seeds, and over those of one number of shots the mean."""
    trains, canvas = has_trained(runs), _canvas_of(axes)
    for shown, marker in ((runs[trains], look["marker"]), (runs[~trains], "x")):
        points = {"s": 16, "alpha": 0.4, "color": look["color"], "marker": marker}
        axes.scatter(shown["shots_spent"], shown["test_accuracy"], **points)
    columns = ["setting", "seed", "shots_spent", "test_accuracy"]
    note(canvas, runs[columns], drawn=kinds_of(runs), arm=name)
    by_setting = runs.groupby("setting", sort=False)
    means = pd.DataFrame(
        {
            "spent": by_setting["shots_spent"].mean(),
            "interval": by_setting[runs.columns.to_list()].apply(trained_mean),
        }
    ).sort_values("spent")
    mean, low, high = (
        means["interval"].map(attrgetter(part)).astype(float) for part in ("mean", "low", "high")
    )
    shown = {"shots_spent": means["spent"], "test_accuracy": mean, "low": low, "high": high}
    note(canvas, pd.DataFrame(shown), drawn=MEAN, arm=name)
    failed = failures_text(runs)
    axes.errorbar(
        means["spent"],
        mean,
        yerr=interval_bars(mean, low, high),
        markersize=5,
        capsize=2,
        label=f"{name} ({failed})" if failed else name,
        **look,
    )


def _draw_exact(axes: Axes, runs: pd.DataFrame) -> None:
    for name, of_arm in runs.groupby("arm"):
        interval = trained_mean(of_arm)
        shown = {"test_accuracy": interval.mean, "low": interval.low, "high": interval.high}
        note(_canvas_of(axes), pd.DataFrame([shown]), drawn=MEAN, arm=name)
        axes.axhline(interval.mean, color="black", linestyle="--", linewidth=1, label=str(name))
        if interval.low < interval.high:
            band = max(interval.low, 0.0), min(interval.high, 1.0)
            axes.axhspan(*band, color="black", alpha=0.08, linewidth=0)
