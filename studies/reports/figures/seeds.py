"""The test accuracy of every seed of every model that was trained with fresh seeds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from studies.analysis.results import StudyResults
from studies.analysis.summaries import describe, families, representative
from studies.design.arms import Family
from studies.design.roles import COMPLETE, FINAL, has_trained, only_evaluated
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.parts.labelled_lines import LabelledLines, labelled_lines
from studies.reports.figures.parts.trained import (
    FAILED_RUN,
    MEAN,
    failures_text,
    kinds_of,
    trained_mean,
)
from studies.reports.figures.parts.words import wrapped
from studies.reports.figures.style import (
    COLOURS,
    interval_bars,
    new_canvas,
    set_accuracy_axis,
)

#: Means are drawn this far below the runs, in inches.
_BELOW = 0.06
#: Of a model's name, letters; longer ones take several lines.
_WIDTH = 56
#: Of letters, points.
_SIZE = 7.5
#: What has a line of its own; the first is drawn of which the lines fit.
_GROUPINGS = (["configuration"], ["family", "setting"], ["family"])
_RUN: dict[str, Any] = {"marker": "o", "alpha": 0.45, "s": 16, "linewidths": 0}
_CROSS: dict[str, Any] = {"marker": "x", "alpha": 0.7, "s": 16, "linewidths": 1}


@dataclass(frozen=True)
class _Line:
    """What is drawn in one line: runs of one family, of one model or several."""

    text: str
    family: Family
    runs: pd.DataFrame


@register_figure(
    "seeds",
    "Test accuracy of every fresh seed, a point each, with the mean of those that train and its "
    "95 % interval below; models in the order of their trainable parameters. Seeds that do not "
    "train (less than 20 %, twice chance) are crosses and counted at the right, with those that "
    "have no accuracy because they diverged or failed; where none trains, the mean is of them. "
    "What is only evaluated under noise is trained once, and stands here once, without it. Where "
    "models are too many for a line each, those of a setting and family share one, or all of a "
    "family do.",
)
def draw(results: StudyResults) -> Canvas | None:
    """A line for each model, of its runs and below them of their mean."""
    rows = results.rows
    trained = rows[(rows["role"] == FINAL) & ~only_evaluated(rows)]
    if not (trained["status"] == COMPLETE).any():
        return None
    lines, places = _first_that_fits(trained.assign(family=families(trained)))
    canvas = new_canvas(10.0, 1.7 + places.height)
    axes = canvas.add_subplot()
    for line, place in zip(lines, places.places, strict=True):
        _draw_line(canvas, axes, line, place)
    set_accuracy_axis(axes, "test accuracy", "x")
    places.set_axis(axes)
    axes.set(
        ylabel="model, trainable parameters",
        title=f"{trained['dataset'].iloc[0]}: test accuracy of every seed",
    )
    notes = [_failures(line.runs) for line in lines]
    if any(notes):
        places.set_notes(axes, notes)
    present = [name for name in COLOURS if name in {line.family for line in lines}]
    _add_legend(canvas, present, failures=any(notes))
    return canvas


def _first_that_fits(trained: pd.DataFrame) -> tuple[list[_Line], LabelledLines]:
    """A line for each model, or for as few of them together as there is room for."""
    for keys in _GROUPINGS:
        lines = list(_lines(trained, keys))
        places = labelled_lines([line.text for line in lines], _SIZE)
        if places.fit:
            break
    return lines, places


def _lines(trained: pd.DataFrame, keys: list[str]) -> Iterator[_Line]:
    """In the order of the trainable parameters."""
    groups = [runs for _, runs in trained.groupby(keys, sort=False)]
    firsts = pd.DataFrame([representative(runs) for runs in groups]).reset_index(drop=True)
    alone = keys == ["configuration"]
    names = firsts.apply(describe, axis=1) if alone else firsts[keys[-1]]
    table = firsts.assign(name=names.where(names != "", firsts["family"]))
    repeated = table.duplicated(["trainable_parameters", "name"], keep=False)
    table = table.sort_values(["trainable_parameters", "name", "epochs"])
    for place, first in table.iterrows():
        runs = groups[place]
        name = str(first["name"])
        if not alone:
            models = runs["configuration"].nunique()
            name = f"{name}, {models} model{'s' if models > 1 else ''}"
        elif repeated[place]:
            name = f"{name}, {first['epochs']} epochs"
        text = f"{wrapped(name, _WIDTH)}  {_counts(runs['trainable_parameters'])}"
        yield _Line(text, first["family"], runs)


def _counts(counts: pd.Series) -> str:
    least, most = counts.min(), counts.max()
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _draw_line(canvas: Canvas, axes: Axes, line: _Line, place: float) -> None:
    """Runs, and the mean of each model below them."""
    colour, trains = COLOURS[line.family], has_trained(line.runs)
    for runs, look in ((line.runs[trains], _RUN), (line.runs[~trains], _CROSS)):
        accuracies = runs["test_accuracy"].dropna()
        axes.scatter(accuracies, [place] * len(accuracies), color=colour, **look)
    called = {"line": " ".join(line.text.split()), "family": str(line.family)}
    shown = ["configuration", "trainable_parameters", "seed", "test_accuracy"]
    note(canvas, line.runs[shown], drawn=kinds_of(line.runs), **called)
    for _, model in line.runs.groupby("configuration", sort=False):
        interval = trained_mean(model)
        first = model[shown[:2]].head(1)
        found = {"test_accuracy": interval.mean, "low": interval.low, "high": interval.high}
        note(canvas, first.assign(**found), drawn=MEAN, **called)
        mean, low, high = (pd.Series([v]) for v in (interval.mean, interval.low, interval.high))
        axes.errorbar(
            mean,
            [place + _BELOW],
            xerr=interval_bars(mean, low, high),
            fmt="D",
            markersize=4,
            elinewidth=1.4,
            color=colour,
        )


def _failures(runs: pd.DataFrame) -> str:
    """How many of the runs did not train, and how many of those have no accuracy."""
    text, without = failures_text(runs), (runs["status"] != COMPLETE).sum()
    return f"{text}, {without} without accuracy" if without else text


def _add_legend(canvas: Canvas, present: list[Family], *, failures: bool) -> None:
    """Below the axes: families, the mean, what does not train if there is any."""
    looks: list[tuple[str, Any, str]] = [("o", COLOURS[name], name) for name in present]
    looks += [("D", "grey", "mean, 95 % interval")]
    looks += [("x", "grey", FAILED_RUN)] if failures else []
    canvas.legend(
        handles=[
            Line2D([], [], marker=marker, linestyle="", color=colour, markersize=5, label=label)
            for marker, colour, label in looks
        ],
        loc="outside lower center",
        ncols=4,
        fontsize="small",
    )
