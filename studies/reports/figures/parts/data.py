"""What a figure shows, as a table that is stored beside it: nobody has to read off an image."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

import pandas as pd
from matplotlib.figure import Figure as Canvas

from studies.reports.escape import in_csv

#: What a figure's other files are called below it.
FORMATS = {".svg": "SVG", ".csv": "data"}
_NOTED: WeakKeyDictionary[Canvas, list[pd.DataFrame]] = WeakKeyDictionary()


def note(canvas: Canvas, table: pd.DataFrame, **same: Any) -> None:
    """Add lines to the table of a figure, where they are drawn.

    Args:
        canvas: what is drawn on.
        table: a line for each thing that is drawn, numbers in the units of ``runs.csv``.
        same: columns that come first and have one value in all lines of ``table``; ``drawn``
            says what a line is: a run, a mean.
    """
    first = pd.DataFrame(same, index=table.index, columns=list(same))
    _NOTED.setdefault(canvas, []).append(pd.concat([first, table], axis="columns"))


def noted(canvas: Canvas) -> pd.DataFrame:
    """All that has been noted of a figure; empty for one that notes nothing."""
    tables = [table for table in _NOTED.get(canvas, []) if not table.empty]
    if not tables:
        return pd.DataFrame()
    columns = dict.fromkeys(name for table in tables for name in table)
    # Numbers beside texts, of columns that only some of the tables have.
    return pd.concat([table.astype(object) for table in tables]).reindex(columns=list(columns))


def links_to(files: Iterable[Path], folder: Path) -> str:
    """Markdown links to what is stored of a figure beside its picture.

    >>> links_to([Path("out/figures/a b.svg"), Path("out/figures/a b.csv")], Path("out"))
    '[SVG](figures/a%20b.svg) · [data](figures/a%20b.csv)'
    """
    return " · ".join(
        f"[{FORMATS[path.suffix]}]({quote(path.relative_to(folder).as_posix())})" for path in files
    )


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV, in which no text is a formula to a spreadsheet; six digits of numbers."""
    return str(table.map(_cell).to_csv(index=False, lineterminator="\n"))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return in_csv(value)
    if pd.isna(value):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
