"""What all figures share: families of models, their fixed colours, how a figure is stored."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import (
    FixedLocator,
    LogLocator,
    NullFormatter,
    NullLocator,
    PercentFormatter,
    StrMethodFormatter,
)
from PIL import Image

from qcnn import baseline_names, mapping_names
from qcnn.files import write_bytes
from studies.labels import NOTEBOOK

PHOTONIC, TRAINED, COMPRESSED, SOURCE_A, CLASSICAL, CONTROL, PAPER = (
    "generated photonically",
    "trained directly",
    "classical compression",
    "notebook's configuration",
    "generated classically",
    "control",
    "paper (quoted, validation)",
)
_PALETTE = sns.color_palette("colorblind")
#: One colour for each family of models in every figure; distinguishable to the colour-blind.
COLOURS = {
    PHOTONIC: _PALETTE[0],
    TRAINED: _PALETTE[1],
    COMPRESSED: (0.0, 0.0, 0.0),
    SOURCE_A: _PALETTE[3],
    CLASSICAL: _PALETTE[2],
    CONTROL: _PALETTE[4],
    PAPER: _PALETTE[7],
}
#: Without those that are too light for a line on white, and two dark ones.
_LINE_COLOURS = (
    *(_PALETTE[place] for place in (1, 2, 3, 0, 4, 5, 7, 9)),
    (0.0, 0.0, 0.0),
    (0.0, 0.3, 0.2),
)
_MARKERS = "osD^vP*X"
TRAINABLE_LABEL = "trainable parameters (number, log scale)"
#: From less than guessing among ten classes; the logit of 0 and of 1 has no place.
_ACCURACY_LIMITS = (0.05, 0.995)
_ACCURACY_TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99)
#: A colour and a marker for each mapping and baseline, where a figure compares those: the same
#: in every figure, and none told by its colour alone.
METHOD_STYLES: dict[str, dict[str, Any]] = {
    name: {"color": colour, "marker": marker}
    for name, colour, marker in zip(
        (*mapping_names(), *baseline_names()), cycle(_LINE_COLOURS), cycle(_MARKERS), strict=False
    )
}


@dataclass(frozen=True)
class Figure:
    """A figure of a report.

    Attributes:
        name: of its file, without the suffix.
        caption: one sentence.
        draw: draws the rows of one dataset; None where they hold nothing to draw.
    """

    name: str
    caption: str
    draw: Callable[[pd.DataFrame], Canvas | None]


def in_figure(text: str) -> str:
    """A text of a row as a figure shows it: no formula, on one line.

    >>> in_figure("a $b$ c")
    'a \\\\$b\\\\$ c'
    """
    return " ".join(text.split()).replace("$", r"\$")


def families(rows: pd.DataFrame) -> pd.Series:
    """The family of each run."""
    family = rows["generator"].map({"pqcnn": PHOTONIC, "classical": CLASSICAL}).fillna(CONTROL)
    family = family.mask(rows["sizes"] == "", COMPRESSED)
    family = family.mask(rows["mapping"] == "direct", TRAINED)
    return family.mask(rows["label"] == NOTEBOOK, SOURCE_A)


def method_names(rows: pd.DataFrame) -> pd.Series:
    """The mapping or baseline of each run, without its options."""
    return rows["mapping"].str.partition(":")[0]


def new_canvas(width: float = 7.0, height: float = 4.5) -> Canvas:
    """An empty figure, sizes in inches."""
    mpl.rcParams.update({**sns.axes_style("whitegrid"), **sns.plotting_context("notebook", 0.9)})
    return Canvas(figsize=(width, height), layout="constrained")


def set_trainable_axis(axes: Axes) -> None:
    """A logarithmic axis of trainable parameters with whole numbers beside it."""
    axes.set(xscale="log", xlabel=TRAINABLE_LABEL)
    set_count_ticks(axes.xaxis)


def set_count_ticks(axis: Axis) -> None:
    """Whole numbers beside 1, 2 and 5 of each decade of a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axis.set_minor_formatter(NullFormatter())


def set_accuracy_axis(axes: Axes, label: str, which: Literal["x", "y"] = "y") -> None:
    """A logit axis of accuracies, on which halving the error is as far at 90 % as at 98 %."""
    name = f"{label} (%, logit scale)"
    axes.set(**{f"{which}label": name, f"{which}scale": "logit", f"{which}lim": _ACCURACY_LIMITS})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(_ACCURACY_TICKS))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=""))


def interval_bars(mean: pd.Series, low: pd.Series, high: pd.Series) -> list[pd.Series]:
    """From the means down and up to the ends of their intervals, 0 without one.

    Cut to what an axis of accuracies shows: the logit has no place for ends beyond 0 and 1.
    """
    least, most = _ACCURACY_LIMITS
    bars = [mean - low.clip(lower=least), high.clip(upper=most) - mean]
    return [bar.clip(lower=0).fillna(0) for bar in bars]


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
