"""What asv has measured of commits, as rows: one for each benchmark, parameters and commit."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from qcnn import InvalidInput
from studies.rows.runs_file import write_text

#: Seconds, bytes and ratios are better small; these units are better large.
LARGER_IS_BETTER = frozenset({"%"})


@dataclass(frozen=True)
class Row:
    """A benchmark under one set of parameters at one commit.

    Attributes:
        benchmark: ``file.Class.method``.
        parameters: their values, with commas between; empty for none.
        unit: ``seconds``, ``bytes``, ``ratio`` or ``%``.
        revision: as it was asked for, such as a tag.
        commit, date: of the revision; the date is ISO.
        value: the median of a time, or what a benchmark has counted.
        lower, upper: quartiles of a time; NaN of what is no time.
    """

    benchmark: str
    parameters: str
    unit: str
    revision: str
    commit: str
    date: str
    value: float
    lower: float = float("nan")
    upper: float = float("nan")


_TYPES = {field.name: field.type for field in fields(Row)}
COLUMNS = tuple(_TYPES)


def rows_of_asv(folder: Path, machine: str, revisions: Mapping[str, str]) -> list[Row]:
    """What asv has stored of some commits; benchmarks that a commit does not have are left out.

    Args:
        folder: asv's results.
        machine: which has measured them all: times of several are not compared.
        revisions: the commit of each revision, in the order of the rows.
    """
    from asv.results import iter_results_for_machine
    from asv.util import load_json

    if not (folder / machine / "machine.json").is_file():
        return []
    described = load_json(str(folder / "benchmarks.json"), api_version=2)
    found = iter_results_for_machine(str(folder), machine)
    stored = {results.commit_hash: results for results in found}
    return [
        row
        for revision, commit in revisions.items()
        if commit in stored
        for row in _rows_of_commit(stored[commit], described, revision)
    ]


def _rows_of_commit(found: Any, described: Mapping[str, Any], revision: str) -> Iterator[Row]:
    date = datetime.fromtimestamp(found.date / 1000, UTC).date().isoformat()
    for name in sorted(found.get_all_result_keys() & described.keys()):
        params, unit = described[name]["params"], described[name]["unit"]
        values = found.get_result_value(name, params)
        stats = found.get_result_stats(name, params)
        for chosen, value, spread in zip(itertools.product(*params), values, stats, strict=True):
            if value is None or value != value:
                continue
            around = spread or {}
            yield Row(
                name,
                ", ".join(map(_plain, chosen)),
                unit,
                revision,
                found.commit_hash[:12],
                date,
                float(value),
                float(around.get("q_25", "nan")),
                float(around.get("q_75", "nan")),
            )


def _plain(text: str) -> str:
    """A parameter as asv stores it, without the quotes of Python's."""
    return re.sub(r"^'(.*)'$", r"\1", text)


def write_rows(path: Path, rows: list[Row]) -> None:
    """Replace the rows."""
    frame = pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS))
    write_text(path, frame.to_csv(index=False, lineterminator="\n", float_format="%.6g"))


def read_rows(path: Path) -> pd.DataFrame:
    """The rows that were written.

    Raises:
        InvalidInput: if there is no such file, or it is none of a history.
    """
    if not path.is_file():
        raise InvalidInput(
            f"out is {str(path.parent)!r}; allowed are folders with a {path.name} as "
            "`python -m bench.history` writes it"
        )
    texts = {name: str for name, kind in _TYPES.items() if kind is str}
    try:
        found = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=_na_values())
    except (ValueError, UnicodeDecodeError) as error:
        raise _damage(path, str(error)) from None
    if tuple(found.columns) != COLUMNS:
        raise _damage(path, "its columns are others")
    if found.empty or not (found["value"] > 0).all():
        raise _damage(path, "a value is not positive" if len(found) else "it has no rows")
    if found.duplicated(["benchmark", "parameters", "revision"]).any():
        raise _damage(path, "a benchmark is there twice")
    return found


def _damage(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"{path} is no history ({' '.join(why.split())}); allowed is a file as "
        "`python -m bench.history` writes it"
    )


def _na_values() -> dict[str, list[str]]:
    return {name: [""] for name, kind in _TYPES.items() if kind is float}
