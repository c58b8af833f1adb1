"""The results file of a study: one row for each run, ``runs.csv``.

It is the only source of reports. Rows are added behind the others, under a lock and so that no
reader sees half of one (``studies.rows.growing_file``); what changes otherwise is written as a
whole under a temporary name, which then is renamed. Every row is checked where it is read
(``studies.rows.row_checks``), whether in this file or in a storage of trials, and what could not
be read back is never written.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from studies.design.study import RunKey
from studies.rows.growing_file import Followed, append, remove_half_line
from studies.rows.row_checks import check_row
from studies.rows.schema import (
    ADDED,
    COLUMNS,
    LONGEST,
    SCHEMA,
    NotOfItsType,
    Record,
    has_failed,
    record_of,
    row_of,
)

#: The folder with the published results files, each in a folder of its study's name.
PUBLISHED = Path("results")
#: The columns that tell runs apart.
KEY = tuple(field.name for field in fields(RunKey))
_KEY_COLUMNS = tuple((SCHEMA[name], COLUMNS.index(name)) for name in KEY)
# Curves of many epochs are longer than what the module allows by itself.
csv.field_size_limit(max(csv.field_size_limit(), 2 * LONGEST))


class RunsFile:
    """A ``runs.csv`` as its study follows it: what was added since is read, not all again.

    Args:
        path: of the file, which may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._followed = Followed(path)
        self._begin()

    def _begin(self) -> None:
        self._rows: dict[RunKey, Record] = {}
        self._reading = _Reading(self.path)

    def read(self) -> Mapping[RunKey, Record]:
        """All rows, in their order: the same mapping as before, longer by what was added.

        Another one where the file was replaced.

        Raises:
            InvalidInput: if the file is not a whole results file, or one of its rows is not
                what a study writes: the sentence names file, line and value.
        """
        same, content = self._followed.read()
        if not same:
            self._begin()
        if content is not None:
            try:
                self._rows.update(self._reading.read(_decoded(content, self.path)))
            except BaseException:
                self._followed.begin()
                self._begin()
                raise
        return self._rows

    def add(self, new: Iterable[Mapping[str, Any]]) -> None:
        """Add whole rows; one that is there already (configuration, seed, role) stays.

        Only a run that failed gives way to one that ended.

        Raises:
            InvalidInput: if the file that is there is damaged, or a new row is not what can be
                read back; the file is left as it is.
        """
        records = [record_of(row) for row in new]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._alone():
            there = self.read()
            added: dict[RunKey, Record] = {}
            for record in records:
                key = key_of(record)
                before = added.get(key) or there.get(key)
                if before is None or (has_failed(before) and before != record):
                    added[key] = record
            if not added:
                return
            text = _checked_text(added.values(), self.path)
            if self._reading.is_of_today and not added.keys() & there.keys() and _on_lines(added):
                append(self.path, text.partition("\n")[2].encode())
            else:
                self._replace({**there, **added}.values())

    def drop_failed(self) -> None:
        """Remove the rows of runs that failed, so that they are run again.

        Raises:
            InvalidInput: if the file is damaged; it is left as it is.
        """
        with self._alone():
            rows = self.read().values()
            kept = [record for record in rows if not has_failed(record)]
            if len(kept) < len(rows):
                self._replace(kept)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other writer is beside, and none that was killed has left half a line."""
        with FileLock(self.path.with_suffix(".csv.lock")):
            remove_half_line(self.path)
            yield

    def _replace(self, records: Iterable[Record]) -> None:
        write_text(self.path, _checked_text(records, self.path))


def read_rows(path: Path) -> pd.DataFrame:
    """All rows of a results file; none where there is no file.

    Raises:
        InvalidInput: if the file is not a whole results file, or one of its rows is not what
            a study writes: the sentence names file, line and value.
    """
    columns = zip(*map(_values_of, RunsFile(path).read().values()), strict=True)
    values = dict(zip(COLUMNS, columns, strict=False))
    return pd.DataFrame(
        {name: pd.Series(values.get(name, ()), dtype=c.kind) for name, c in SCHEMA.items()}
    )


def add_rows(path: Path, new: Iterable[Mapping[str, Any]]) -> None:
    """Add whole rows to a file; see :meth:`RunsFile.add`."""
    RunsFile(path).add(new)


def stored_row(record: Record) -> dict[str, Any]:
    """A row as it was when it was new, from what the file holds of it."""
    return dict(zip(COLUMNS, _values_of(record), strict=True))


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name in its folder, then rename it."""
    write_bytes(path, text.encode())


def _checked_text(records: Iterable[Record], path: Path) -> str:
    """What records make in a file with nothing else, once it can be read back."""
    text = _text_of([COLUMNS, *records])
    for _ in _Reading(f"what would be {path}").read(text):
        pass
    return text


def _on_lines(records: Mapping[RunKey, Record]) -> bool:
    """Whether each record is on one line, as it has to be for its end to be seen."""
    return not any("\n" in text or "\r" in text for each in records.values() for text in each)


class _Reading:
    """The records of a results file whose text comes in one piece or in several.

    Args:
        place: of the text, for sentences on what is wrong in it.
    """

    def __init__(self, place: Path | str) -> None:
        self._place = place
        self._line = 0
        self._lines: dict[RunKey, int] = {}
        self._header: list[str] | None = None
        #: Whether the file has the columns that are written today, in their order.
        self.is_of_today = False

    def read(self, text: str) -> Iterator[tuple[RunKey, Record]]:
        """The records of a further piece, which ends with a line.

        Raises:
            InvalidInput: if the text is not that of a results file, or one of its rows is not
                what a study writes: the sentence names place, line and value.
        """
        if not text.endswith("\n"):
            raise _damage(self._place, "its last line is cut")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        before = self._line
        while True:
            line = before + reader.line_num + 1
            try:
                fields = next(reader, None)
            except csv.Error as error:
                raise _damage(self._place, f"line {line}: {error}") from None
            if fields is None:
                break
            self._line = before + reader.line_num
            if self._header is None:
                self._header = _checked_header(fields, self._place)
                self.is_of_today = tuple(fields) == COLUMNS
            elif fields:
                yield self._checked(line, self._header, fields)

    def _checked(self, line: int, header: list[str], fields: list[str]) -> tuple[RunKey, Record]:
        if len(fields) != len(header):
            text = f"line {line} has {len(fields)} values for {len(header)} columns"
            raise _damage(self._place, text)
        record = tuple(fields) if self.is_of_today else _in_order(header, fields)
        try:
            _values_of(record)
        except NotOfItsType as error:
            raise _damage(self._place, f"line {line}: {error}") from None
        except InvalidInput as error:
            raise InvalidInput(f"{self._place}, line {line}: {error}") from None
        key = key_of(record)
        if key in self._lines:
            raise InvalidInput(
                f"{self._place}, line {line}: the run is that of line {self._lines[key]}; allowed "
                "is one row for each configuration, seed and role"
            )
        self._lines[key] = line
        return key, record


def _text_of(records: Iterable[Sequence[str]]) -> str:
    """The lines that records make in the file."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows(records)
    return file.getvalue()


def key_of(record: Record) -> RunKey:
    """Of which run a record is."""
    return RunKey(*(column.value(record[place]) for column, place in _KEY_COLUMNS))


@lru_cache(maxsize=1 << 16)
def _values_of(record: Record) -> tuple[Any, ...]:
    """The values of a record, None where a number is missing, once it is checked.

    Raises:
        InvalidInput: if it is not what a study writes.
    """
    row = row_of(record)
    check_row(row)
    return tuple(row.values())


def _decoded(content: bytes, path: Path) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise _damage(path, str(error)) from None


def _damage(place: Path | str, reason: str) -> InvalidInput:
    """What is said of a file that is not a whole results file."""
    return InvalidInput(
        f"{place} is not a whole results file ({reason}); allowed is a file as the studies write it"
    )


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
