"""Runs by their names: a configuration's digest, or a beginning of it, and a seed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qcnn import InvalidInput
from studies.design.configuration import shortened
from studies.design.roles import FINAL
from studies.rows.runs_file import RunsFile, stored_row

_NAME = re.compile(r"([0-9a-f]{1,12})(?:-(\d{1,19}))?")
#: So many of the configurations that a beginning can mean are named.
_MOST_NAMED = 3


@dataclass(frozen=True)
class FoundRun:
    """A stored row and where it is.

    Attributes:
        folder: the study's results folder.
        row: as it was when it was new.
    """

    folder: Path
    row: dict[str, Any]


def find_runs(out: Path, name: str) -> tuple[FoundRun, ...]:
    """The runs of one configuration, all with one seed where the name has one; final ones first.

    Args:
        out: a results folder, with a ``runs.csv`` in it or one level below.
        name: DIGEST or DIGEST-SEED, where DIGEST may be a beginning that only one has.

    Raises:
        InvalidInput: for a name that is none, is nobody's, or that of several configurations; and
            for a folder without rows, or with damaged ones.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise InvalidInput(
            f"run is {shortened(name)}; allowed are the digits of a row's configuration, or the "
            "first of them, and a seed behind a dash, such as 0123456789ab-1"
        )
    begin, seed = match.groups()
    found = [run for run in _rows_of(out, begin) if run.row["configuration"].startswith(begin)]
    digests = sorted({run.row["configuration"] for run in found})
    if len(digests) > 1:
        some = ", ".join(digests[:_MOST_NAMED]) + (", …" if len(digests) > _MOST_NAMED else "")
        raise InvalidInput(
            f"run is {name!r}, which begins {len(digests)} configurations; allowed are more digits "
            f"of one of {some}"
        )
    chosen = [run for run in found if seed is None or run.row["seed"] == int(seed)]
    if found and not chosen:
        seeds = ", ".join(map(str, sorted({run.row["seed"] for run in found})))
        raise InvalidInput(f"run is {name!r}; allowed seeds of {digests[0]} are {seeds}")
    if not chosen:
        raise InvalidInput(
            f"run is {name!r}, which no row has; allowed are configurations of the rows in "
            f"{str(out)!r}"
        )
    return tuple(sorted(chosen, key=lambda run: (run.row["role"] != FINAL, run.row["seed"])))


def _rows_of(out: Path, begin: str) -> Iterator[FoundRun]:
    """All rows of the files in which a text is."""
    files = sorted({*out.glob("runs.csv"), *out.glob("*/runs.csv")})
    if not files:
        raise InvalidInput(
            f"out is {str(out)!r}; allowed are folders with a study's runs.csv in it or one level "
            "below"
        )
    for csv in files:
        # Checking every row of a large file takes seconds.
        if begin.encode() in csv.read_bytes():
            for record in RunsFile(csv).read().values():
                yield FoundRun(csv.parent, stored_row(record))
