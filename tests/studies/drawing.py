"""Figures of rows, whatever study these are of, and what every figure has to keep to."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure as Canvas

from studies.analysis.results import StudyResults
from studies.catalogue import studies_by_name
from studies.reports.figures import named_figure
from studies.reports.figures.parts.data import noted


def draw(name: str, rows: pd.DataFrame) -> Canvas | None:
    """What the figure of a name makes of rows; all that it shows is in its table."""
    canvas = named_figure(name).draw(StudyResults(studies_by_name["mode_sweep"], rows))
    if canvas is not None:
        check_table(canvas)
    return canvas


def check_table(canvas: Canvas) -> None:
    """Every accuracy that is drawn is noted."""
    table = noted(canvas)
    assert not table.empty
    numbers = pd.to_numeric(pd.Series(table.to_numpy().ravel()), errors="coerce").to_numpy(float)
    # An interval ends where accuracies do.
    there = np.unique(numbers[np.isfinite(numbers)].clip(0, 1))
    for axes in canvas.axes:
        for which in ("x", "y"):
            if getattr(axes, f"get_{which}scale")() == "function":
                shown = np.concatenate([[], *drawn_values(axes, which)])
                shown = shown[np.isfinite(shown)]
                after = np.searchsorted(there, shown).clip(1, len(there) - 1)
                far = np.minimum(np.abs(shown - there[after - 1]), np.abs(shown - there[after]))
                assert shown[far > 1e-6].tolist() == []


def drawn_values(axes: Axes, which: str) -> Iterator[np.ndarray]:
    """What points, lines and bars have on one of their axes."""
    column = "xy".index(which)
    parts = [p for p in axes.get_children() if p.get_transform().contains_branch(axes.transData)]
    for line in set(axes.lines) & set(parts):
        yield np.asarray(line.get_xydata(), dtype=float)[:, column]
    for part in axes.collections:
        if isinstance(part, PathCollection):
            yield np.ma.filled(part.get_offsets(), np.nan)[:, column]
        elif isinstance(part, LineCollection):
            # Of a bar without ends a segment has no points.
            segments = (np.reshape(segment, (-1, 2)) for segment in part.get_segments())
            yield from (segment[:, column] for segment in segments)
