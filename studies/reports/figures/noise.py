"""Test accuracy over the level of each kind of noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.transforms import offset_copy

from qcnn.noise import Noise, NoiseKind, noise_from_text
from studies.analysis.quoted import NOISE_COSTS
from studies.analysis.results import StudyResults
from studies.analysis.summaries import method_name
from studies.design.noise_levels import level_of, studied_kinds
from studies.design.roles import has_trained, only_evaluated
from studies.design.statistics import mean_interval
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.parts.trained import FAILED_RUN, MEAN, RUN
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
#: Letters of all levels that stand beside one another below a panel; more are turned.
_MOST_LETTERS = 26
_WITHOUT = "mean without noise"
#: Axis of a row that says which noise it was under, line, marker, and shift in points.
_WAYS = {
    "trained without noise": ("evaluated_under", "-", "o", -1.5),
    "trained under the noise": ("noise", "--", "s", 1.5),
}


@dataclass(frozen=True)
class _Look:
    """What is drawn of a mapping: by what name, in which colour, how many points aside."""

    mapping: str
    name: str
    colour: Any
    aside: float


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
    kinds, looks = studied_kinds(), _looks(sorted(set(final["mapping"])), _names(final))
    lines, columns = panel_grid(len(kinds))
    canvas = new_canvas(2.0 + 3.0 * columns, 1.6 + 2.6 * lines)
    panels = new_panels(canvas, len(kinds)).flat[: len(kinds)]
    for axes, kind in zip(panels, kinds, strict=True):
        levels = _levels(kind, final)
        for look in looks:
            _draw_mapping(axes, kind, levels, final[final["mapping"] == look.mapping], look)
        texts = [f"{level:,.10g}" for level in levels]
        turned = {"rotation": 40, "ha": "right"} if len("".join(texts)) > _MOST_LETTERS else {}
        axes.set_xticks(range(len(levels)), texts, **turned)
        axes.set(xlabel=kind.axis, xlim=(-0.5, len(levels) - 0.5))
        axes.grid(visible=False, axis="x")
        set_accuracy_axis(axes, "", short=True)
        axes.tick_params(labelsize="small")
    canvas.supylabel("test accuracy (%, logit scale)", fontsize="medium")
    handles, _ = panels[0].get_legend_handles_labels()
    handles.append(Line2D([], [], color="black", linestyle=":", linewidth=1, label=_WITHOUT))
    handles.append(Line2D([], [], color="black", linestyle="", marker="x", label=FAILED_RUN))
    canvas.legend(handles=handles, loc="outside lower center", ncols=2, fontsize="small")
    canvas.suptitle(f"{final['dataset'].iloc[0]}: test accuracy under noise")
    return canvas


def _names(final: pd.DataFrame) -> dict[str, str]:
    """What mappings are called: by the one setting of their arms, if that is theirs alone."""
    settings = final.groupby("mapping")["setting"].unique()
    texts = {
        str(name): str(found[0]) if len(found) == 1 else "" for name, found in settings.items()
    }
    return {
        name: in_words(text if list(texts.values()).count(text) == 1 and text else name)
        for name, text in texts.items()
    }


def _looks(mappings: Sequence[str], called: dict[str, str]) -> list[_Look]:
    """What each mapping looks like beside the others.

    The first of a method has the method's colour, the others have colours of their own.
    """
    names: list[str] = []
    for mapping in mappings:
        method = method_name(mapping)
        names.append(mapping if method in names else method)
    between = min(_BETWEEN_MAPPINGS, _MOST_APART / max(1, len(mappings) - 1))
    first = -between * (len(mappings) - 1) / 2
    return [
        _Look(mapping, called[mapping], METHOD_STYLES[name]["color"], first + between * place)
        for place, (mapping, name) in enumerate(zip(mappings, names, strict=True))
    ]


def _draw_mapping(
    axes: Axes, kind: NoiseKind, levels: list[float], rows: pd.DataFrame, drawn_as: _Look
) -> None:
    """Of one mapping: its line without noise, and of both ways its runs and means."""
    clean = rows[(rows["noise"] == "") & ~only_evaluated(rows)]
    untrained = set(clean["seed"][~has_trained(clean)])
    colour, canvas = drawn_as.colour, axes.get_figure(root=True)
    assert canvas is not None  # the axes are in one
    without = clean["test_accuracy"][has_trained(clean)].mean()
    axes.axhline(without, color=colour, linestyle=":", linewidth=1)
    same = {"kind_of_noise": kind.axis, "model": drawn_as.name}
    note(canvas, pd.DataFrame({"test_accuracy": [without]}), drawn=_WITHOUT, **same)
    for way, (axis, line, marker, shift) in _WAYS.items():
        # What shares a level is drawn side by side.
        beside = offset_copy(axes.transData, canvas, x=drawn_as.aside + shift, units="points")
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
        same["way"] = way
        kinds = trains.map({True: RUN, False: FAILED_RUN})
        note(canvas, runs[["level", "seed", "test_accuracy"]], drawn=kinds, **same)
        at = [levels[place] for place in intervals.index]
        means = pd.DataFrame({"level": at, "test_accuracy": mean, "low": low, "high": high})
        note(canvas, means, drawn=MEAN, **same)
        failed = f" ({len(untrained)} of {len(clean)} fail)"
        axes.errorbar(
            intervals.index,
            mean,
            yerr=interval_bars(mean, low, high),
            linestyle=line,
            marker=marker,
            markersize=5,
            capsize=2,
            label=f"{drawn_as.name}, {way}"
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
