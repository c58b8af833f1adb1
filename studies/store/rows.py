"""The results file of a study: one row for each run, ``runs.csv``.

It is the only source of reports. It is replaced as a whole by renaming a finished
temporary file, under a lock, so that no reader ever sees half of it. Every row is checked
where it is read (``studies.store.row_checks``), whether in this file or in a storage of trials,
and what could not be read back is never written.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from qcnn import InvalidInput
from qcnn.files import write_bytes
from studies.design.arms import with_arm
from studies.design.configuration import shortened
from studies.design.roles import FAILED
from studies.design.study import RunKey
from studies.store.row_checks import check_row
from studies.store.schema import (
    ADDED,
    COLUMNS,
    LONGEST,
    SCHEMA,
    NotOfItsType,
    Record,
    record_of,
    row_of,
)

#: The columns that tell runs apart.
KEY = tuple(field.name for field in fields(RunKey))
# Curves of many epochs are longer than what the module allows by itself.
csv.field_size_limit(max(csv.field_size_limit(), 2 * LONGEST))


def read_rows(path: Path) -> pd.DataFrame:
    """All rows of a results file; none where there is no file.

    Raises:
        InvalidInput: if the file is not a whole results file, or one of its rows is not what
            a study writes: the sentence names file, line and value.
    """
    columns = zip(*map(_values, _read_records(path)), strict=True)
    values = dict(zip(COLUMNS, columns, strict=False))
    return pd.DataFrame(
        {name: pd.Series(values.get(name, ()), dtype=c.kind) for name, c in SCHEMA.items()}
    )


def stored_rows(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows that were read as they were when they were new."""
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return [{str(name): value for name, value in record.items()} for record in records]


def keys_of(rows: pd.DataFrame) -> set[RunKey]:
    """Which runs these are."""
    return {RunKey(*values) for values in zip(*(rows[name] for name in KEY), strict=True)}


def add_rows(path: Path, new: Iterable[Mapping[str, Any]]) -> None:
    """Add whole rows; one that is there already (configuration, seed, role) stays.

    Only a run that failed gives way to one that ended.

    Raises:
        InvalidInput: if the file that is there is damaged, or a new row is not what can be
            read back; the file is left as it is.
    """
    records = [record_of(row) for row in new]
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
    lines: dict[RunKey, int] = {}
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
            _values(record)
        except NotOfItsType as error:
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
    missing = [name for name in COLUMNS if name not in known and name not in ADDED]
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
    return tuple(
        values[name] if name in values else column.text(column.default)
        for name, column in SCHEMA.items()
    )


def _key(record: Record) -> RunKey:
    values = dict(zip(COLUMNS, record, strict=True))
    return RunKey(**{name: SCHEMA[name].value(values[name]) for name in KEY})


@lru_cache(maxsize=1 << 16)
def _values(record: Record) -> tuple[Any, ...]:
    """The values of a row, None where a number is missing, once the row is checked.

    Kept, because the file is read again for every run that is added.

    Raises:
        InvalidInput: if it is not what a study writes.
    """
    row = row_of(record)
    check_row(row)
    return tuple(row.values())


def _damage(place: Path | str, reason: str) -> InvalidInput:
    return InvalidInput(
        f"{place} is not a whole results file ({reason}); allowed is a file as the studies write it"
    )
