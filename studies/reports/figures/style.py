"""What all figures share: families of models, their fixed colours, how a figure is stored."""

import colorsys
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.ticker import (
    FixedLocator,
    LogLocator,
    NullFormatter,
    NullLocator,
    PercentFormatter,
    StrMethodFormatter,
)
from PIL import Image

from qcnn.files import write_bytes
from studies.design.arms import Family

#: What is drawn on; a figure here is one with a name and a caption.
Canvas: TypeAlias = MatplotlibFigure
PALETTE = sns.color_palette("colorblind")
#: One colour for each family of models in every figure; distinguishable to the colour-blind.
COLOURS = {
    Family.PROBABILITIES: PALETTE[0],
    Family.LINEARISED: PALETTE[9],
    Family.TRAINED: PALETTE[1],
    Family.COMPRESSED: (0.0, 0.0, 0.0),
    Family.NOTEBOOK: PALETTE[3],
    Family.CLASSICAL: PALETTE[2],
    Family.CONTROL: PALETTE[4],
    Family.PAPER: PALETTE[7],
}
#: Of the means of each family, where a figure has several: none is told by its colour alone.
FAMILY_MARKERS = {
    Family.PROBABILITIES: "D",
    Family.LINEARISED: "p",
    Family.TRAINED: "^",
    Family.COMPRESSED: "v",
    Family.NOTEBOOK: "X",
    Family.CLASSICAL: "P",
    Family.CONTROL: "<",
    Family.PAPER: "_",
}
#: Without those that are too light for a line on white, and dark ones: one for each method.
LINE_COLOURS = (
    *(PALETTE[place] for place in (1, 2, 3, 0, 4, 5, 7, 9)),
    (0.0, 0.0, 0.0),
    (0.0, 0.3, 0.2),
    (0.1, 0.1, 0.55),
    (0.0, 0.45, 0.5),
    (0.5, 0.0, 0.35),
    (0.45, 0.08, 0.12),
    (0.35, 0.4, 0.0),
)
#: Of what has no style yet, so that it is never mistaken for what has one.
_OTHER_MARKERS = "hp<>dH8"
TRAINABLE_LABEL = "trainable parameters (number, log scale)"
#: From less than guessing among ten classes; the logit of 0 and of 1 has no place.
_ACCURACY_LIMITS = (0.03, 0.995)
#: What is beyond the limits stands here, inside.
_EDGES = (0.033, 0.9945)
_ACCURACY_TICKS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99)
#: Where an axis is short.
_FEW_TICKS = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98)
_PANELS_IN_A_LINE, _MOST_PANEL_LINES = 3, 4
Style = dict[str, Any]


class Styles(dict[str, Style]):
    """A colour and a marker by name: the same in every figure, and none told by colour alone.

    A name without a style gets one that follows from the name, whatever else is drawn: what
    is added repaints nothing that was there.
    """

    def __missing__(self, name: str) -> Style:
        number = zlib.crc32(name.encode())
        # The marker and the hue are of different bits.
        marker, hue = number % len(_OTHER_MARKERS), (number >> 8) / 2**24
        colour = colorsys.hls_to_rgb(hue, 0.35, 0.7)
        return {"color": colour, "marker": _OTHER_MARKERS[marker]}


#: Of the mappings and baselines, where a figure compares those.
METHOD_STYLES = Styles(
    {
        name: {"color": LINE_COLOURS[colour], "marker": marker}
        for name, colour, marker in (
            ("affine", 0, "o"),
            ("log_affine", 11, "s"),
            ("logit_tanh", 2, "D"),
            ("mixing", 3, "^"),
            ("mlp", 4, "v"),
            ("mps", 5, "P"),
            ("roots", 14, "X"),
            ("whitened", 6, "*"),
            ("direct", 7, "X"),
            ("hashing", 8, "o"),
            ("low_rank", 9, "s"),
            ("magnitude_pruning", 10, "D"),
            ("random_subspace", 1, "^"),
            ("structured_pruning", 12, "v"),
            ("weight_sharing", 13, "P"),
        )
    }
)
#: The project's own look, on top of the library's defaults.
OWN_STYLE: dict[str, Any] = {
    **sns.axes_style("whitegrid"),
    **sns.plotting_context("notebook", 0.9),
    # Which comes with matplotlib: others may be installed or not.
    "font.sans-serif": ["DejaVu Sans"],
}


@contextmanager
def own_style() -> Iterator[None]:
    """Inside, nothing that the user has set decides how a figure looks; also a decorator.

    What is drawn and what is stored must both be inside. The user's settings are left alone.
    """
    with style.context(["default", OWN_STYLE]):
        yield


def in_figure(text: str) -> str:
    """A text of a row as a figure shows it: no formula, on one line.

    >>> in_figure("a $b$ c")
    'a \\\\$b\\\\$ c'
    """
    return " ".join(text.split()).replace("$", r"\$")


def new_canvas(width: float = 7.0, height: float = 4.5) -> Canvas:
    """An empty figure, sizes in inches."""
    return Canvas(figsize=(width, height), layout="constrained")


def panel_grid(count: int) -> tuple[int, int]:
    """Lines and columns of so many panels: at most four lines, and as full as they can be.

    >>> panel_grid(1), panel_grid(4), panel_grid(7), panel_grid(14)
    ((1, 1), (2, 2), (3, 3), (4, 4))
    """
    lines = ceil(count / max(_PANELS_IN_A_LINE, ceil(count / _MOST_PANEL_LINES)))
    return lines, ceil(count / lines)


def new_panels(canvas: Canvas, count: int) -> np.ndarray:
    """A grid of axes with at least ``count`` of them, of which the others do not show.

    Returns:
        shape as :func:`panel_grid` says.
    """
    grid: np.ndarray = canvas.subplots(*panel_grid(count), squeeze=False)
    for axes in grid.flat[count:]:
        axes.set_visible(False)
    return grid


def set_trainable_axis(axes: Axes) -> None:
    """A logarithmic axis of trainable parameters with whole numbers beside it."""
    axes.set(xscale="log", xlabel=TRAINABLE_LABEL)
    set_count_ticks(axes.xaxis)


def set_count_ticks(axis: Axis) -> None:
    """Whole numbers beside 1, 2 and 5 of each decade of a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axis.set_minor_formatter(NullFormatter())


def set_accuracy_axis(
    axes: Axes, label: str, which: Literal["x", "y"] = "y", *, short: bool = False
) -> None:
    """A logit axis of accuracies, on which halving the error is as far at 90 % as at 98 %.

    To be set when everything is drawn: what would lie beyond the scale stands at its edge then,
    points and the ends of intervals alike.

    Args:
        axes: what is drawn on, with accuracies as fractions.
        label: whose accuracies these are.
        which: of its two axes.
        short: whether it has room for few ticks and for no scale in its label.
    """
    name = label if short else f"{label} (%, logit scale)"
    _keep_inside(axes, which)
    # The limits come first: a scale that looks for some itself finds none in what was all 0 or 1.
    axes.set(**{f"{which}lim": _ACCURACY_LIMITS, f"{which}scale": "logit", f"{which}label": name})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(_FEW_TICKS if short else _ACCURACY_TICKS))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=""))


def _keep_inside(axes: Axes, which: Literal["x", "y"]) -> None:
    """Move what has been drawn beyond the scale of accuracies to its edge."""
    column = "xy".index(which)

    def inside(points: np.ndarray) -> np.ndarray:
        moved = np.array(points, dtype=float).reshape(-1, 2)  # of a bar without ends, none
        moved[..., column] = moved[..., column].clip(*_EDGES)
        return moved

    for line in axes.lines:
        line.set_data(*inside(np.asarray(line.get_xydata())).T)
    for part in axes.collections:
        if isinstance(part, LineCollection):
            part.set_segments([inside(segment) for segment in part.get_segments()])
        else:
            part.set_offsets(inside(np.ma.filled(part.get_offsets(), np.nan)))


def interval_bars(mean: pd.Series, low: pd.Series, high: pd.Series) -> list[pd.Series]:
    """From the means down and up to the ends of their intervals, 0 without one."""
    return [bar.clip(lower=0).fillna(0) for bar in (mean - low, high - mean)]


@own_style()
def store(canvas: Canvas, path: Path) -> None:
    """Write a PNG that is the same bytes for the same drawing.

    Its at most 256 colours make it less than half as large: the page holds every figure.
    """
    drawn, content = io.BytesIO(), io.BytesIO()
    canvas.savefig(drawn, format="png", dpi=150)
    with Image.open(drawn) as picture:
        # Other methods weigh colours by their pixels, and a family of few points loses its own.
        method = Image.Quantize.MAXCOVERAGE
        palette = picture.convert("RGB").quantize(256, method, dither=Image.Dither.NONE)
    palette.save(content, format="png", optimize=True)
    write_bytes(path, content.getvalue())
