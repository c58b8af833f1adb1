"""Test accuracy over the level of each kind of noise."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.transforms import offset_copy

from qcnn.noise import Noise, NoiseKind, noise_from_text
from studies.analysis.quoted import NOISE_COSTS
from studies.analysis.results import StudyResults
from studies.design.noise_levels import level_of, studied_kinds
from studies.design.roles import has_trained, only_evaluated
from studies.design.statistics import mean_interval
from studies.reports.figures import register_figure
from studies.reports.figures.parts.words import in_words
from studies.reports.figures.style import (
    METHOD_STYLES,
    interval_bars,
    new_canvas,
    new_panels,
    panel_grid,
    set_accuracy_axis,
)

#: Points between mappings at one level, and at most between the first and the last.
_BETWEEN_MAPPINGS, _MOST_APART = 6.0, 24.0
#: Axis of a row that says which noise it was under, line, marker, and shift in points.
_WAYS = {
    "trained without noise": ("evaluated_under", "-", "o", -1.5),
    "trained under the noise": ("noise", "--", "s", 1.5),
}


@register_figure(
    "noise",
    "Test accuracy at the levels of each kind of noise, which stand side by side and not to scale: "
    "every run, means and 95 % intervals over the seeds that train; dotted: no noise. Crosses are "
    "seeds that do not train (less than 20 %, twice chance).",
    quoted=NOISE_COSTS,
)
def draw(results: StudyResults) -> Canvas | None:
    """A panel for each kind of noise, of the longest training."""
    final = results.final
    final = final[final["epochs"] == final["epochs"].max()]
    if not (final["evaluated_under"] + final["noise"]).any():
        return None
    kinds, looks = studied_kinds(), _looks(sorted(set(final["mapping"])))
    lines, columns = panel_grid(len(kinds))
    canvas = new_canvas(2.0 + 3.0 * columns, 1.6 + 2.6 * lines)
    panels = new_panels(canvas, len(kinds)).flat[: len(kinds)]
    for axes, kind in zip(panels, kinds, strict=True):
        levels = _levels(kind, final)
        for mapping, colour, aside in looks:
            _draw_mapping(axes, kind, levels, final[final["mapping"] == mapping], colour, aside)
        axes.set_xticks(range(len(levels)), [f"{level:,.10g}" for level in levels])
        axes.set(xlabel=kind.axis, xlim=(-0.5, len(levels) - 0.5))
        axes.grid(visible=False, axis="x")
        set_accuracy_axis(axes, "", short=True)
        axes.tick_params(labelsize="small")
    canvas.supylabel("test accuracy (%, logit scale)", fontsize="medium")
    handles, names = panels[0].get_legend_handles_labels()
    canvas.legend(handles, names, loc="outside lower center", ncols=2, fontsize="small")
    canvas.suptitle(f"{final['dataset'].iloc[0]}: test accuracy under noise")
    return canvas


def _looks(mappings: Sequence[str]) -> list[tuple[str, Any, float]]:
    """Each mapping with its colour and its place beside the others, in points.

    The first of a method has the method's colour, the others have colours of their own.
    """
    names: list[str] = []
    for mapping in mappings:
        method = mapping.partition(":")[0]
        names.append(mapping if method in names else method)
    between = min(_BETWEEN_MAPPINGS, _MOST_APART / max(1, len(mappings) - 1))
    first = -between * (len(mappings) - 1) / 2
    return [
        (mapping, METHOD_STYLES[name]["color"], first + between * place)
        for place, (mapping, name) in enumerate(zip(mappings, names, strict=True))
    ]


def _draw_mapping(
    axes: Axes, kind: NoiseKind, levels: list[float], rows: pd.DataFrame, colour: Any, aside: float
) -> None:
    """Of one mapping: its line without noise, and of both ways its runs and means."""
    clean = rows[(rows["noise"] == "") & ~only_evaluated(rows)]
    untrained = set(clean["seed"][~has_trained(clean)])
    axes.axhline(
        clean["test_accuracy"][has_trained(clean)].mean(), color=colour, linestyle=":", linewidth=1
    )
    for way, (axis, line, marker, shift) in _WAYS.items():
        # What shares a level is drawn side by side.
        beside = offset_copy(
            axes.transData, axes.get_figure(root=True), x=aside + shift, units="points"
        )
        runs = _by_level(rows, kind, axis)
        places = runs["level"].map(levels.index)
        # What is only evaluated has the model of the run without noise.
        trains = ~runs["seed"].isin(untrained) if axis == "evaluated_under" else has_trained(runs)
        look = {"color": colour, "transform": beside}
        for shown, form in ((trains, marker), (~trains, "x")):
            accuracies = runs["test_accuracy"][shown]
            axes.scatter(places[shown], accuracies, s=12, alpha=0.4, marker=form, **look)
        by_place = runs[trains | ~trains.groupby(places).transform("any")].groupby(places)
        intervals = by_place["test_accuracy"].apply(mean_interval)
        mean, low, high = (
            intervals.map(attrgetter(name)).astype(float) for name in ("mean", "low", "high")
        )
        failed = f" ({len(untrained)} of {len(clean)} fail)"
        axes.errorbar(
            intervals.index,
            mean,
            yerr=interval_bars(mean, low, high),
            linestyle=line,
            marker=marker,
            markersize=5,
            capsize=2,
            label=f"{in_words(rows['mapping'].iloc[0])}, {way}"
            f"{failed if untrained and axis == 'evaluated_under' else ''}",
            **look,
        )


def _levels(kind: NoiseKind, rows: pd.DataFrame) -> list[float]:
    """Every level of a kind that is studied or was run, from the lowest."""
    run = pd.concat([_by_level(rows, kind, axis)["level"] for axis, *_ in _WAYS.values()])
    none = [] if kind.logarithmic else [kind.perfect]
    return sorted({*map(float, kind.every), *map(float, none), *map(float, run)})


def _by_level(rows: pd.DataFrame, kind: NoiseKind, axis: str) -> pd.DataFrame:
    """The runs under one kind of noise that have an accuracy, with their ``level`` of it."""
    other = "noise" if axis == "evaluated_under" else "evaluated_under"
    rows = rows[rows[other] == ""]
    noises = rows[axis].map(noise_from_text)
    levels = noises.map(lambda noise: level_of(kind, noise))
    shown = levels.notna()
    if axis == "noise":  # a run without any noise belongs to the other way
        shown &= noises != Noise()
    if kind.logarithmic:  # where it has no place
        shown &= levels != 0
    return rows.assign(level=levels)[shown]
