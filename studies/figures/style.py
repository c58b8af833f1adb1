"""What all figures share: families of models, their fixed colours, how a figure is stored."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure as Canvas
from PIL import Image

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
#: One colour for each mapping where a figure compares mappings.
MAPPING_COLOURS = {"mixing": _PALETTE[0], "mps": _PALETTE[5]}


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


def families(rows: pd.DataFrame) -> pd.Series:
    """The family of each run."""
    family = rows["generator"].map({"pqcnn": PHOTONIC, "classical": CLASSICAL}).fillna(CONTROL)
    family = family.mask(rows["sizes"] == "", COMPRESSED)
    family = family.mask(rows["mapping"] == "direct", TRAINED)
    return family.mask(rows["label"] == NOTEBOOK, SOURCE_A)


def new_canvas(width: float = 7.0, height: float = 4.5) -> Canvas:
    """An empty figure, sizes in inches."""
    mpl.rcParams.update({**sns.axes_style("whitegrid"), **sns.plotting_context("notebook", 0.9)})
    return Canvas(figsize=(width, height), layout="constrained")


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
