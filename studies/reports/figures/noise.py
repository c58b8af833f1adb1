"""Test accuracy over the level of each kind of noise."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import NullLocator, PercentFormatter
from matplotlib.transforms import offset_copy

from qcnn.noise import Noise, NoiseKind, noise_from_text
from studies.analysis.quoted import NOISE_COSTS
from studies.analysis.results import StudyResults
from studies.design.noise_levels import level_of, studied_kinds
from studies.design.statistics import mean_interval
from studies.reports.figures import register_figure
from studies.reports.figures.style import METHOD_STYLES, in_figure, new_canvas, new_panels

_PANELS_IN_A_ROW = 3
_BETWEEN_MAPPINGS = 6.0
#: Axis of a row that says which noise it was under, line, marker, and shift in points.
_WAYS = {
    "trained without noise": ("evaluated_under", "-", "o", -1.5),
    "trained under the noise": ("noise", "--", "s", 1.5),
}


@register_figure(
    "noise",
    "Test accuracy over the level of each kind of noise: every run, means and 95 % intervals "
    "over seeds; dotted: no noise.",
    quoted=NOISE_COSTS,
)
def draw(results: StudyResults) -> Canvas | None:
    """A panel for each kind of noise, of the longest training."""
    final = results.final
    final = final[final["epochs"] == final["epochs"].max()]
    if not (final["evaluated_under"] + final["noise"]).any():
        return None
    kinds, looks = studied_kinds(), _looks(sorted(set(final["mapping"])))
    columns = min(len(kinds), _PANELS_IN_A_ROW)
    canvas = new_canvas(2.0 + 3.0 * columns, 3.5 * -(-len(kinds) // columns))
    panels = new_panels(canvas, len(kinds), columns, sharey=True).flat[: len(kinds)]
    for axes, kind in zip(panels, kinds, strict=True):
        for mapping, colour, aside in looks:
            _draw_mapping(axes, kind, mapping, final[final["mapping"] == mapping], colour, aside)
        axes.set(xlabel=kind.axis, ylim=(0, 1))
        _set_levels(axes, kind)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    for axes in panels[::columns]:
        axes.set_ylabel("test accuracy")
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
    first = -_BETWEEN_MAPPINGS * (len(mappings) - 1) / 2
    return [
        (mapping, METHOD_STYLES[name]["color"], first + _BETWEEN_MAPPINGS * place)
        for place, (mapping, name) in enumerate(zip(mappings, names, strict=True))
    ]


def _draw_mapping(
    axes: Axes, kind: NoiseKind, mapping: str, rows: pd.DataFrame, colour: Any, aside: float
) -> None:
    clean = rows[(rows["noise"] == "") & (rows["evaluated_under"] == "")]
    axes.axhline(clean["test_accuracy"].mean(), color=colour, linestyle=":", linewidth=1)
    for way, (axis, line, marker, shift) in _WAYS.items():
        # What shares a level is drawn side by side.
        look = {
            "color": colour,
            "marker": marker,
            "transform": offset_copy(
                axes.transData, axes.get_figure(root=True), x=aside + shift, units="points"
            ),
        }
        accuracies = _by_level(rows, kind, axis)
        axes.scatter(accuracies.index, accuracies, s=14, alpha=0.4, **look)
        intervals = [mean_interval(part) for _, part in accuracies.groupby(level=0)]
        # An accuracy lies between 0 and 1, and so does what is shown of its interval.
        bars = [
            [i.mean - max(0.0, i.low) for i in intervals],
            [min(1.0, i.high) - i.mean for i in intervals],
        ]
        axes.errorbar(
            sorted(set(accuracies.index)),
            [i.mean for i in intervals],
            yerr=bars,
            linestyle=line,
            markersize=5,
            capsize=2,
            label=f"{in_figure(mapping)}, {way}",
            **look,
        )


def _set_levels(axes: Axes, kind: NoiseKind) -> None:
    """The axis of a kind, from its levels: shifted points do not widen it."""
    least, most = min(kind.every), max(kind.every)
    if kind.logarithmic:
        axes.set(xscale="log", xlim=(least / 1.5, 1.5 * most))
        axes.set_xticks(kind.every, [f"{level:,}" for level in kind.every])
        axes.xaxis.set_minor_locator(NullLocator())
        return
    least, most = min(least, kind.perfect), max(most, kind.perfect)
    margin = 0.08 * (most - least)
    axes.set_xlim(least - margin, most + margin)


def _by_level(rows: pd.DataFrame, kind: NoiseKind, axis: str) -> pd.Series:
    """Test accuracies of the runs under one kind of noise, by its level."""
    other = "noise" if axis == "evaluated_under" else "evaluated_under"
    rows = rows[rows[other] == ""]
    noises = rows[axis].map(noise_from_text)
    levels = noises.map(lambda noise: level_of(kind, noise))
    shown = levels.notna()
    if axis == "noise":  # a run without any noise belongs to the other way
        shown &= noises != Noise()
    if kind.logarithmic:  # where it has no place
        shown &= levels != 0
    return pd.Series(rows["test_accuracy"][shown].to_numpy(), levels[shown].to_numpy())
