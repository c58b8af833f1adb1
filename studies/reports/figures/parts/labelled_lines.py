"""Lines below one another with a label each, as high as their labels need."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from matplotlib.axes import Axes

#: Of a line of text, in heights of its letters.
_SPACING = 1.25
#: Between the labels of two lines, and the least height of a line, in inches.
_GAP, _LEAST = 0.05, 0.19
#: More inches of lines than this nobody takes in.
_MOST_INCHES = 9.5
#: Above the first line and below the last, inches.
_MARGIN = 0.04
_POINTS_PER_INCH = 72


@dataclass(frozen=True)
class LabelledLines:
    """Where lines are drawn on an axis that measures inches from the top.

    Attributes:
        texts: the label of each line, maybe of several lines itself.
        places: of each line, inches.
        height: of all of them, inches.
        size: of the letters, points.
    """

    texts: tuple[str, ...]
    places: tuple[float, ...]
    height: float
    size: float

    @property
    def fit(self) -> bool:
        """Whether a person takes them in."""
        return self.height <= _MOST_INCHES

    @property
    def _limits(self) -> tuple[float, float]:
        return self.height + _MARGIN, -_MARGIN

    def set_axis(self, axes: Axes) -> None:
        """Ticks and limits of the vertical axis; nothing that is drawn later moves them."""
        axes.set_yticks(self.places, self.texts, fontsize=self.size)
        axes.set_ylim(self._limits)
        axes.tick_params(axis="y", length=0)

    def set_notes(self, axes: Axes, notes: Sequence[str]) -> None:
        """What is to be read to the right of each line."""
        right = axes.twinx()
        right.set_yticks(self.places, notes, fontsize=self.size)
        right.set_ylim(self._limits)
        right.tick_params(axis="y", length=0)
        right.grid(visible=False)


def labelled_lines(texts: Sequence[str], size: float, least: float = _LEAST) -> LabelledLines:
    """Lines of which none is lower than its label.

    Args:
        texts: the labels, from the top.
        size: of their letters, points.
        least: height of a line, inches.
    """
    of_text = _SPACING * size / _POINTS_PER_INCH
    heights = [max(least, of_text * (1 + text.count("\n")) + _GAP) for text in texts]
    ends = accumulate(heights)
    places = tuple(end - height / 2 for end, height in zip(ends, heights, strict=True))
    return LabelledLines(tuple(texts), places, sum(heights), size)
