"""Accuracy and error of the weights by the shots that each PQCNN accepts."""

from math import floor, log10
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from studies.analysis.results import StudyResults
from studies.catalogue.hardware import errors_of_a_shot, levels_of
from studies.design.roles import has_trained
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.style import LINE_COLOURS, new_canvas, set_accuracy_axis
from studies.settings.read_out import MODELS, exact

_MARKERS = "osD^vP*X"
#: Solid and dashed lines are errors of weights, dotted ones accuracies.
_LINES = {
    "-": "error expected of the way it reads",
    "--": "Cramér–Rao bound of the error",
    ":": "accuracy of unlimited shots",
}


@register_figure(
    "shots",
    "Left: test accuracy by the shots that each PQCNN accepts (harmonic mean), trained without "
    "noise, means over the seeds that train with 95 % intervals; dotted: unlimited shots. Right: "
    "root mean square error of a weight by as many shots, points measured; solid: what is expected "
    "of the way the model reads, to first order; dashed: the Cramér–Rao bound of whoever knows the "
    "mesh. The bounds are of errors of weights: of accuracies there is none.",
)
def draw(results: StudyResults) -> Canvas | None:
    """Two panels, a line for each model in both."""
    found = {model: levels_of(results, model) for model in MODELS}
    if not any(found.values()):
        return None
    canvas = new_canvas(11.0, 5.0)
    accuracy, error = canvas.subplots(1, 2)
    handles = []
    for place, (model, levels) in enumerate(found.items()):
        if not levels:
            continue
        look: dict[str, Any] = {
            "color": LINE_COLOURS[place],
            "marker": _MARKERS[place],
            "markersize": 5,
        }
        accepted = np.array([level.accepted for level in levels])
        _draw_accuracy(accuracy, accepted, levels, look)
        clean = results.runs_of(exact(model))
        mean = clean["test_accuracy"][has_trained(clean)].mean()
        accuracy.axhline(mean, color=look["color"], linestyle=":", linewidth=1)
        error.plot(accepted, [level.error for level in levels], linestyle="", **look)
        bounds = errors_of_a_shot(results, model)
        _draw_bounds(error, accepted, bounds, look["color"])
        _note(canvas, model, levels, mean, bounds)
        handles.append(Line2D([], [], label=model, **look))
    everything = [level.accepted for levels in found.values() for level in levels]
    for axes in (accuracy, error):
        axes.set(xscale="log", xlabel="accepted shots for each PQCNN (log scale)")
        # Whole decades: what lies close together has no ticks that can be read.
        axes.set_xlim(
            10 ** floor(log10(min(everything))), 10 ** (1 + floor(log10(max(everything))))
        )
        axes.xaxis.set_minor_formatter(NullFormatter())
    error.set(yscale="log", ylabel="error of a weight (1/√fan-in, log scale)")
    set_accuracy_axis(accuracy, "test accuracy")
    for style, name in _LINES.items():
        line: dict[str, Any] = {"color": "black", "linestyle": style, "linewidth": 1}
        handles.append(Line2D([], [], label=name, **line))
    canvas.legend(handles=handles, loc="outside lower center", ncols=4, fontsize="small")
    canvas.suptitle(f"{results.rows['dataset'].iloc[0]}: what counting shots costs")
    return canvas


def _note(
    canvas: Canvas,
    model: str,
    levels: list[Any],
    unlimited: float,
    bounds: tuple[float, float] | None,
) -> None:
    expected, least = bounds or (np.nan, np.nan)
    lines = [
        {
            "accepted_shots": level.accepted,
            "test_accuracy": level.accuracy.mean,
            "low": level.accuracy.low,
            "high": level.accuracy.high,
            "error_of_a_weight": level.error,
            "expected_error": expected / np.sqrt(level.accepted),
            "least_error": least / np.sqrt(level.accepted),
        }
        for level in levels
    ]
    note(canvas, pd.DataFrame(lines), drawn="mean", model=model)
    note(canvas, pd.DataFrame({"test_accuracy": [unlimited]}), drawn=_LINES[":"], model=model)


def _draw_accuracy(
    axes: Axes, accepted: np.ndarray, levels: list[Any], look: dict[str, Any]
) -> None:
    intervals = pd.DataFrame([vars(level.accuracy) for level in levels])
    axes.plot(accepted, intervals["mean"], linewidth=1.3, **look)
    some = intervals["low"].notna()
    low, high = (intervals[end][some].clip(0.0, 1.0) for end in ("low", "high"))
    axes.vlines(accepted[some], low, high, color=look["color"], linewidth=1)


def _draw_bounds(
    axes: Axes, accepted: np.ndarray, errors: tuple[float, float] | None, colour: Any
) -> None:
    if errors is None:
        return
    ends = np.array([accepted.min(), accepted.max()])
    for error, line in zip(errors, ("-", "--"), strict=True):
        axes.plot(ends, error / np.sqrt(ends), color=colour, linestyle=line, linewidth=1)
