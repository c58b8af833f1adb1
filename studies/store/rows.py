"""The results file of a study: one row for each run, ``runs.csv``.

It is the only source of reports. It is replaced as a whole by renaming a finished
temporary file, under a lock, so that no reader ever sees half of it. Every row is checked
where it is read (``studies.store.row_checks``), whether in this file or in a storage of trials,
and what could not be read back is never written.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import inf
from numbers import Real
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from qcnn import InvalidInput
from qcnn.files import write_bytes
from studies.design.arms import with_arm
from studies.design.configuration import AXES, AXIS_DEFAULTS, shortened
from studies.design.roles import COMPLETE, FAILED
from studies.store.row_checks import LONGEST, check_row, printable

COLUMNS = (
    "study",
    "configuration",
    "role",
    "setting",
    "arm",
    "status",
    "seed",
    "phases",
    "effective_phases",
    "mapping_parameters",
    "fixed_numbers",
    "trainable_parameters",
    "train_accuracy",
    "val_accuracy",
    "test_accuracy",
    "best_val_accuracy",
    "best_val_epoch",
    "seconds",
    "engine",
    *AXES,
    "train_loss_by_epoch",
    "train_accuracy_by_epoch",
    "val_loss_by_epoch",
    "val_accuracy_by_epoch",
    "measured",
    "error",
    "search",
    "search_parameters",
    "sampler",
    "pruner",
    "git_commit",
    "versions",
    "platform",
)
#: Columns that were added after rows had been stored, with what those rows get.
_ADDED = {**AXIS_DEFAULTS, "measured": ""}
KEY = ("configuration", "seed", "role")
#: Numbers of a model that was never built are 0 in the row of a run that failed.
COUNTS = (
    "phases",
    "effective_phases",
    "mapping_parameters",
    "fixed_numbers",
    "trainable_parameters",
)
_WHOLE = ("seed", *COUNTS, "epochs", "trained_phases", "batch_size", "layers")
_FRACTIONAL = (
    "train_accuracy",
    "val_accuracy",
    "test_accuracy",
    "best_val_accuracy",
    "best_val_epoch",
    "seconds",
    "learning_rate",
    "phase_learning_rate",
    "gradient_clip",
)
_TYPES = {
    name: "int64" if name in _WHOLE else "float64" if name in _FRACTIONAL else "str"
    for name in COLUMNS
}
_WHOLE_NUMBER = re.compile(r"\d{1,19}")
_NUMBER = re.compile(r"-?\d+(\.\d*)?([eE][+-]?\d+)?")
#: Numbers of a row are stored in as many bits.
_BELOW = 2**63
#: Of a message, characters that a row keeps.
_LONGEST_ERROR = 1000
# Curves of many epochs are longer than what the module allows by itself.
csv.field_size_limit(max(csv.field_size_limit(), 2 * LONGEST))
#: A row as the file holds it: a text for each of ``COLUMNS``.
Record = tuple[str, ...]


def read_rows(path: Path) -> pd.DataFrame:
    """All rows of a results file; none where there is no file.

    Raises:
        InvalidInput: if the file is not a whole results file, or one of its rows is not what
            a study writes: the sentence names file, line and value.
    """
    columns = zip(*map(_typed, _read_records(path)), strict=True)
    values = dict(zip(COLUMNS, columns, strict=False))
    return pd.DataFrame(
        {name: pd.Series(values.get(name, ()), dtype=kind) for name, kind in _TYPES.items()}
    )


def completed(rows: pd.DataFrame, role: str) -> pd.DataFrame:
    """The runs of a role that ended well, neither diverged nor failed."""
    return rows[(rows["role"] == role) & (rows["status"] == COMPLETE)]


def add_rows(path: Path, new: Iterable[Mapping[str, Any]]) -> None:
    """Add whole rows; one that is there already (configuration, seed, role) stays.

    Only a run that failed gives way to one that ended.

    Raises:
        InvalidInput: if the file that is there is damaged, or a new row is not what can be
            read back; the file is left as it is.
    """
    records = [_record(row) for row in new]
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".csv.lock")):
        there = {_key(record): record for record in _read_records(path)}
        rows = dict(there)
        for record in records:
            if _has_failed(rows.setdefault(_key(record), record)):
                rows[_key(record)] = record
        if rows != there:
            _write_records(path, rows.values())


def drop_failed(path: Path) -> None:
    """Remove the rows of runs that failed, so that they are run again.

    Raises:
        InvalidInput: if the file is damaged; it is left as it is.
    """
    with FileLock(path.with_suffix(".csv.lock")):
        rows = _read_records(path)
        kept = [record for record in rows if not _has_failed(record)]
        if len(kept) < len(rows):
            _write_records(path, kept)


def _write_records(path: Path, records: Iterable[Record]) -> None:
    text = _as_text([COLUMNS, *records])
    list(_records_of(text, f"what would be {path}"))
    write_text(path, text)


def _has_failed(record: Record) -> bool:
    return record[COLUMNS.index("status")] == FAILED


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name in its folder, then rename it."""
    write_bytes(path, text.encode())


def complete_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of any version of this project, with the axes that came later, once it is checked.

    Raises:
        InvalidInput: if it is not what a study writes.
    """
    # What is missing may be left out, None or NaN.
    given = {name: value for name, value in row.items() if value is not None and value == value}
    whole = {**AXIS_DEFAULTS, **with_arm(given)}
    if unknown := whole.keys() - set(COLUMNS):
        raise InvalidInput(f"a row has {min(unknown)!r}; allowed are the columns of runs.csv")
    _typed(_record(whole))
    return whole


def _record(row: Mapping[str, Any]) -> Record:
    counts = dict.fromkeys(COUNTS, 0) if row.get("status") == FAILED else {}
    given = {name: value for name, value in row.items() if value is not None}
    whole = {**_ADDED, **counts, **given}
    whole["error"] = printable(str(whole.get("error", "")), _LONGEST_ERROR)
    return tuple(_field(name, whole.get(name)) for name in COLUMNS)


def _field(name: str, value: Any) -> str:
    """A value as the file holds it: ten digits of a result, every digit of a choice."""
    if value is None or value != value:
        return ""
    kind = _TYPES[name]
    if isinstance(value, bool) or not isinstance(value, str if kind == "str" else Real):
        raise InvalidInput(f"{name} is {shortened(value)}; allowed are values of the type {kind}")
    if kind != "float64":
        return str(value)
    try:
        number = float(value)
    except OverflowError:
        number = inf
    text = f"{number:.10g}"
    return repr(number) if name in AXES and float(text) != number else text


def _as_text(records: Iterable[Sequence[str]]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows(records)
    return file.getvalue()


def _read_records(path: Path) -> list[Record]:
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read()
    except UnicodeDecodeError as error:
        raise _damage(path, str(error)) from None
    return list(_records_of(text, path))


def _records_of(text: str, place: Path | str) -> Iterator[Record]:
    """The rows of a file's text, each of them checked."""
    if not text.endswith("\n"):
        raise _damage(place, "its last line is cut")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: dict[tuple[str, ...], int] = {}
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise _damage(place, f"line {line}: {error}") from None
        if fields is None:
            break
        if header is None:
            header = _checked_header(fields, place)
            continue
        if not fields:
            continue
        if len(fields) != len(header):
            text = f"line {line} has {len(fields)} values for {len(header)} columns"
            raise _damage(place, text)
        record = _in_order(header, fields)
        try:
            _typed(record)
        except _NotOfItsType as error:
            raise _damage(place, f"line {line}: {error}") from None
        except InvalidInput as error:
            raise InvalidInput(f"{place}, line {line}: {error}") from None
        key = _key(record)
        if key in lines:
            raise InvalidInput(
                f"{place}, line {line}: the run is that of line {lines[key]}; allowed is one row "
                "for each configuration, seed and role"
            )
        lines[key] = line
        yield record


def _checked_header(fields: list[str], place: Path | str) -> list[str]:
    known = with_arm(dict.fromkeys(fields, ""))
    missing = [name for name in COLUMNS if name not in known and name not in _ADDED]
    unknown = [name for name in known if name not in COLUMNS]
    if missing:
        raise _damage(place, f"column {missing[0]} is missing")
    if unknown or len(set(fields)) < len(fields):
        name = shortened(unknown[0]) if unknown else "one"
        reason = "is not known" if unknown else "is there twice"
        raise _damage(place, f"column {name} {reason}")
    return fields


def _in_order(header: list[str], fields: list[str]) -> Record:
    values = with_arm(dict(zip(header, fields, strict=True)))
    return tuple(values[name] if name in values else _field(name, _ADDED[name]) for name in COLUMNS)


def _key(record: Record) -> tuple[str, ...]:
    values = dict(zip(COLUMNS, record, strict=True))
    return tuple(values[name] for name in KEY)


class _NotOfItsType(InvalidInput):
    """A field that is no number where there has to be one."""


@lru_cache(maxsize=1 << 16)
def _typed(record: Record) -> tuple[Any, ...]:
    """The values of a row, None where a number is missing, once the row is checked.

    Kept, because the file is read again for every run that is added.

    Raises:
        InvalidInput: if it is not what a study writes.
    """
    values = {name: _value(name, text) for name, text in zip(COLUMNS, record, strict=True)}
    check_row(values)
    return tuple(values.values())


def _value(name: str, text: str) -> Any:
    kind = _TYPES[name]
    if kind == "str":
        return text
    if kind == "float64":
        if not text and name not in AXES:
            return None
        if not _NUMBER.fullmatch(text):
            raise _NotOfItsType(f"{name} is {shortened(text)}, allowed are numbers")
        return float(text)
    if not _WHOLE_NUMBER.fullmatch(text) or int(text) >= _BELOW:
        raise _NotOfItsType(
            f"{name} is {shortened(text)}, allowed are whole numbers from 0 to {_BELOW - 1}"
        )
    return int(text)


def _damage(place: Path | str, reason: str) -> InvalidInput:
    return InvalidInput(
        f"{place} is not a whole results file ({reason}); allowed is a file as the studies write it"
    )
