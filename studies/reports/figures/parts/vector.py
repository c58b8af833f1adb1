"""A figure as SVG: the same bytes for the same drawing, and never a large file."""

import io
import re
from collections.abc import Iterator

import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

#: From so many bytes on, what has most points is stored as pixels.
_MOST_BYTES = 150_000
#: A line of this many points, or thinner than this, is one of many.
_MANY_POINTS, _THIN = 100, 0.8
_PIXELS_PER_INCH = 150
_WITHOUT = {"Date": None, "Creator": None, "Format": None, "Type": None}
_PLACES = re.compile(r'(?<= )(?:d|x|y)="[^"]*"')
#: Beyond the first two: hundredths of a point.
_DECIMALS = re.compile(r"(?<=\.\d\d)\d+")
#: Where DejaVu is not installed, letters that are as wide.
_FONT, _FONTS = "'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif"


def svg_of(canvas: Canvas) -> str:
    """The text of an SVG; clouds of points are pixels in it where it would be large.

    Letters are letters: to be searched and copied, and a third of the size of their outlines.
    """
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "figure"}):
        text = _written(canvas)
        if len(text) > _MOST_BYTES:
            for part in _clouds(canvas):
                part.set_rasterized(True)
            text = _written(canvas)
    return text


def _written(canvas: Canvas) -> str:
    content = io.BytesIO()
    canvas.savefig(content, format="svg", metadata=_WITHOUT, dpi=_PIXELS_PER_INCH)
    text = content.getvalue().decode()
    text = _PLACES.sub(lambda found: _DECIMALS.sub("", found[0]), text)
    return re.sub(rf"{_FONT}(?:, [^;\"]*sans-serif)?", _FONTS, text)


def _clouds(canvas: Canvas) -> Iterator[Artist]:
    """Points, and lines that are thin or of many points."""
    for axes in canvas.axes:
        for part in axes.get_children():
            thin = isinstance(part, Line2D) and (
                part.get_linewidth() < _THIN or np.size(part.get_xdata()) > _MANY_POINTS
            )
            if thin or isinstance(part, PathCollection):
                yield part
