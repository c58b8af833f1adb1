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
from matplotlib.backends.backend_agg import FigureCanvasAgg
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
from scipy.special import expit, logit

from qcnn.files import write_bytes
from qcnn.showing.look import own_look
from studies.design.arms import Family
from studies.reports.figures.parts.data import csv_text, noted
from studies.reports.figures.parts.vector import svg_of

#: What is drawn on; a figure here is one with a name and a caption.
Canvas: TypeAlias = MatplotlibFigure
PALETTE = sns.color_palette("colorblind")
#: One colour for each family of models in every figure; distinguishable to the colour-blind.
COLOURS = {
    Family.PROBABILITIES: PALETTE[0],
    Family.LINEARISED: PALETTE[9],
    Family.TRAINED: PALETTE[1],
    Family.COMPRESSED: (0.0, 0.0, 0.0),
    Family.NOTEBOOK: (0.70, 0.05, 0.10),
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
#: Of lines that have no colour of their own: none is too light on white, the first differ most.
LINE_COLOURS = (
    (0.96, 0.50, 0.05),
    (0.00, 0.42, 0.80),
    (0.00, 0.62, 0.36),
    (0.84, 0.12, 0.05),
    (0.36, 0.00, 0.66),
    (0.00, 0.00, 0.00),
    (0.90, 0.42, 0.78),
    (0.36, 0.44, 0.00),
    (0.00, 0.66, 0.82),
    (0.70, 0.00, 0.42),
    (0.60, 0.36, 0.18),
    (0.78, 0.70, 0.00),
    (0.00, 0.30, 0.18),
    (0.42, 0.10, 0.05),
)
#: Of what has no name of its own in a figure.
GREY = (0.60, 0.60, 0.60)
#: Of what has no style yet, so that it is never mistaken for what has one.
_OTHER_MARKERS = "hp<>dH8"
TRAINABLE_LABEL = "trainable parameters (number, log scale)"
#: Between these the scale of accuracies is that of their logits; beyond it is linear, so that 0
#: and 1 have a place on it, each this far beyond the last logit.
_LOGITS, _BEYOND = (0.03, 0.995), 0.5
#: No accuracy is beyond these.
ACCURACY_LIMITS = (-0.3 * _LOGITS[0], 1 + 0.3 * (1 - _LOGITS[1]))
ACCURACY_TICKS = (0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 1)
#: Where an axis is short.
_FEW_TICKS = (0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1)
_PANELS_IN_A_LINE, _MOST_PANEL_LINES = 3, 4
#: Of a stored picture.
_PIXELS_PER_INCH = 120
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
        name: {"color": colour, "marker": marker}
        for name, colour, marker in (
            ("affine", LINE_COLOURS[0], "o"),
            ("log_affine", LINE_COLOURS[8], "s"),
            ("logit_tanh", LINE_COLOURS[3], "D"),
            ("mixing", LINE_COLOURS[1], "^"),
            ("mlp", LINE_COLOURS[6], "v"),
            ("mps", LINE_COLOURS[10], "P"),
            ("roots", LINE_COLOURS[7], "X"),
            ("whitened", GREY, "*"),
            ("direct", LINE_COLOURS[11], "X"),
            ("hashing", LINE_COLOURS[5], "o"),
            ("low_rank", LINE_COLOURS[12], "s"),
            ("magnitude_pruning", LINE_COLOURS[4], "D"),
            ("random_subspace", LINE_COLOURS[2], "^"),
            ("structured_pruning", LINE_COLOURS[9], "v"),
            ("weight_sharing", LINE_COLOURS[13], "P"),
        )
    }
)
#: The project's own look, on top of the library's defaults.
OWN_STYLE = own_look()


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

    Below 3 % and above 99.5 % it is linear, down to 0 and up to 100 %: every accuracy is on it.

    Args:
        axes: what is drawn on, with accuracies as fractions.
        label: whose accuracies these are.
        which: of its two axes.
        short: whether it has room for few ticks and for no scale in its label.
    """
    name = label if short else f"{label} (%, logit scale)"
    set_scale = axes.set_xscale if which == "x" else axes.set_yscale
    set_scale("function", functions=(place_of_accuracy, _accuracy_at))
    axes.set(**{f"{which}lim": ACCURACY_LIMITS, f"{which}label": name})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(_FEW_TICKS if short else ACCURACY_TICKS))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=""))


def place_of_accuracy(accuracies: np.ndarray) -> np.ndarray:
    """Where accuracies stand on their axis."""
    least, most = _LOGITS
    values = np.asarray(accuracies, dtype=float)
    inside = values.clip(least, most)
    below, above = (values - inside).clip(max=0) / least, (values - inside).clip(min=0)
    return np.asarray(logit(inside) + _BEYOND * (below + above / (1 - most)))


def _accuracy_at(places: np.ndarray) -> np.ndarray:
    """Which accuracies stand there."""
    least, most = _LOGITS
    inside = np.clip(places, logit(least), logit(most))
    beyond = (np.asarray(places) - inside) / _BEYOND
    return np.asarray(expit(inside) + beyond.clip(max=0) * least + beyond.clip(min=0) * (1 - most))


def interval_bars(mean: pd.Series, low: pd.Series, high: pd.Series) -> list[pd.Series]:
    """From mean accuracies down and up to the ends of their intervals, 0 without one.

    A t-interval of few seeds may end where no accuracy is; it is drawn to 0 or 1 then.
    """
    low, high = low.clip(lower=0.0), high.clip(upper=1.0)
    return [bar.clip(lower=0).fillna(0) for bar in (mean - low, high - mean)]


@own_style()
def store(canvas: Canvas, path: Path) -> list[Path]:
    """Write a figure as PNG and as SVG, and what it shows as CSV: always the same bytes.

    Args:
        canvas: of a figure.
        path: of the PNG; the others stand beside it.

    Returns:
        the other files; without CSV for a figure that has noted nothing
        (:func:`studies.reports.figures.parts.data.note`).
    """
    write_bytes(path, _pixels(canvas))
    # It is laid out: with an engine, even one that is called "none", it would be drawn twice.
    canvas.set_layout_engine(None)
    texts = {".svg": svg_of(canvas)}
    table = noted(canvas)
    if not table.empty:
        texts[".csv"] = csv_text(table)
    for suffix, text in texts.items():
        write_bytes(path.with_suffix(suffix), text.encode())
    return [path.with_suffix(suffix) for suffix in texts]


def _pixels(canvas: Canvas) -> bytes:
    """A PNG, whose at most 256 colours make it less than half as large: the page holds all."""
    # What `savefig` draws too, after a first time that only lays it out, into a PNG to be read.
    canvas.set_dpi(_PIXELS_PER_INCH)
    drawing: Any = FigureCanvasAgg(canvas)  # which says no types
    drawing.draw()
    picture = Image.fromarray(np.asarray(drawing.buffer_rgba())).convert("RGB")
    # Other methods weigh colours by their pixels, and a family of few points loses its own, or
    # give what is pale a hue of its own.
    method = Image.Quantize.FASTOCTREE
    palette = picture.quantize(256, method, dither=Image.Dither.NONE)
    content = io.BytesIO()
    palette.save(content, format="png", optimize=True)
    return content.getvalue()
