"""Names beside the ends of lines: a stroke leads to each, and none is over another."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, TypeVar

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from studies.reports.figures.style import GREY, LINE_COLOURS, new_canvas, new_panels, panel_grid

#: Of a line of text, in heights of its letters.
_SPACING = 1.25
_POINTS_PER_INCH = 72
#: Between the axes and the names, as a fraction of the width of the axes.
_BESIDE = 0.06
#: Letters of a name in one line, and of a panel's title, and of names, points.
LETTERS, TITLE_LETTERS, SIZE = 26, 44, 7.5
#: Of a name, inches; of a panel beside it at most, of a whole figure, and around its panels.
_NAMES_WIDTH, _MOST_PANEL_WIDTH, _MOST_WIDTH, _AROUND = 1.7, 2.9, 11.6, 0.5
#: Of a panel at least, and above and below it, inches.
_PANEL_HEIGHT, BETWEEN = 2.1, 0.85
#: Of a legend: entries beside one another, inches of a further line.
_LEGEND_COLUMNS, _LEGEND_LINE = 4, 0.2
_LINE_STYLES = ("-", "--", ":", "-.")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Name:
    """A name and the end of its line.

    Attributes:
        text: of one line or several.
        end: in data coordinates.
        colour: of the line and of what leads to the name.
    """

    text: str
    end: tuple[float, float]
    colour: Any


def new_named_panels(
    count: int, names: Sequence[Sequence[str]]
) -> tuple[Canvas, np.ndarray, float]:
    """Axes with room for names at their right, so wide that a page shows their letters.

    Args:
        count: of panels.
        names: that each panel has beside it.

    Returns:
        the figure, its axes, and the inches that names have from top to bottom.
    """
    lines, columns = panel_grid(count)
    height = height_of_panels(names)
    panel = min(_MOST_PANEL_WIDTH, (_MOST_WIDTH - _AROUND) / columns - _NAMES_WIDTH)
    width = _AROUND + (panel + _NAMES_WIDTH) * columns
    canvas = new_canvas(width, 1.0 + (height + BETWEEN) * lines)
    return canvas, new_panels(canvas, count), height


def named_of(sorted_models: list[_T], most: int) -> list[_T]:
    """Those whose names are shown: all, or the first, the median and the last of too many."""
    if len(sorted_models) <= most:
        return sorted_models
    return [sorted_models[0], sorted_models[len(sorted_models) // 2], sorted_models[-1]]


def looks_of(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A colour and a line style for each name, the same in every panel."""
    return {
        name: {
            "color": LINE_COLOURS[place % len(LINE_COLOURS)],
            "linestyle": _LINE_STYLES[place // len(LINE_COLOURS) % len(_LINE_STYLES)],
        }
        for place, name in enumerate(dict.fromkeys(names))
    }


def unnamed_line(what: str) -> Line2D:
    """What a legend says of lines without a name at their end."""
    return Line2D([], [], color=GREY, linewidth=1.0, label=what)


def add_legend(canvas: Canvas, grid: np.ndarray, handles: Sequence[Artist]) -> None:
    """A legend below all panels that is no wider than they are, and takes none of their height."""
    columns = 1 if grid.shape[1] == 1 else _LEGEND_COLUMNS
    canvas.legend(handles=handles, loc="outside lower center", ncols=columns, fontsize="small")
    more = ceil(len(handles) / columns) - 1
    canvas.set_figheight(canvas.get_figheight() + more * _LEGEND_LINE)


def height_of_panels(names: Sequence[Sequence[str]]) -> float:
    """Inches of each of some panels, which has room for the names beside it."""
    return max(_PANEL_HEIGHT, *(height_of(texts, SIZE) for texts in names))


def height_of(texts: Sequence[str], size: float) -> float:
    """Inches that names take one below the other; letters in points."""
    lines = sum(1 + text.count("\n") for text in texts)
    return lines * _SPACING * size / _POINTS_PER_INCH


def add_names(axes: Axes, names: Sequence[Name], size: float, height: float) -> None:
    """Write names to the right of axes whose limits and scales are set.

    Args:
        axes: the lines are in.
        names: in any order.
        size: of the letters, points.
        height: of the axes, inches, or less.
    """
    on_axes = axes.transScale + axes.transLimits
    ends = [tuple(on_axes.transform(name.end)) for name in names]
    order = sorted(range(len(names)), key=lambda place: ends[place][1])
    heights = [height_of([names[place].text], size) / height for place in order]
    middles = _apart([ends[place][1] for place in order], heights)
    for place, middle in zip(order, middles, strict=True):
        name, end = names[place], ends[place]
        look: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
        leader = [end[0], 1 + 0.7 * _BESIDE]
        axes.plot(leader, [end[1], middle], color=name.colour, linewidth=1.0, linestyle=":", **look)
        axes.text(
            1 + _BESIDE,
            middle,
            name.text,
            fontsize=size,
            verticalalignment="center",
            linespacing=1.1,
            **look,
        )


def _apart(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Middles near the wanted ones, from below, that leave each its height between 0 and 1.

    First each is pushed up by the one below it, then the topmost pushes back.
    """
    found: list[float] = []
    floor = 0.0
    for middle, height in zip(wanted, heights, strict=True):
        found.append(max(middle, floor + height / 2))
        floor = found[-1] + height / 2
    ceiling = 1.0
    for place in reversed(range(len(found))):
        found[place] = min(found[place], ceiling - heights[place] / 2)
        ceiling = found[place] - heights[place] / 2
    return found
