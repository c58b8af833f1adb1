"""Names beside the ends of lines: a stroke leads to each, and none is over another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

#: Of a line of text, in heights of its letters.
_SPACING = 1.25
_POINTS_PER_INCH = 72
#: Between the axes and the names, as a fraction of the width of the axes.
_BESIDE = 0.06


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
