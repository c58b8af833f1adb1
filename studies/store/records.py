"""The lines of a results file as records: read, each of them checked, and written."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from qcnn import InvalidInput
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
    row_of,
)

#: The columns that tell runs apart.
KEY = tuple(field.name for field in fields(RunKey))
_STATUS = COLUMNS.index("status")
_KEY_COLUMNS = tuple((SCHEMA[name], COLUMNS.index(name)) for name in KEY)
# Curves of many epochs are longer than what the module allows by itself.
csv.field_size_limit(max(csv.field_size_limit(), 2 * LONGEST))


class Reading:
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
            raise damage(self._place, "its last line is cut")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        before = self._line
        while True:
            line = before + reader.line_num + 1
            try:
                fields = next(reader, None)
            except csv.Error as error:
                raise damage(self._place, f"line {line}: {error}") from None
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
            raise damage(self._place, text)
        record = tuple(fields) if self.is_of_today else _in_order(header, fields)
        try:
            values_of(record)
        except NotOfItsType as error:
            raise damage(self._place, f"line {line}: {error}") from None
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


def text_of(records: Iterable[Sequence[str]]) -> str:
    """The lines that records make in the file."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows(records)
    return file.getvalue()


def key_of(record: Record) -> RunKey:
    """Of which run a record is."""
    return RunKey(*(column.value(record[place]) for column, place in _KEY_COLUMNS))


def has_failed(record: Record) -> bool:
    """Whether it is of a run that was given up."""
    return record[_STATUS] == FAILED


@lru_cache(maxsize=1 << 16)
def values_of(record: Record) -> tuple[Any, ...]:
    """The values of a record, None where a number is missing, once it is checked.

    Raises:
        InvalidInput: if it is not what a study writes.
    """
    row = row_of(record)
    check_row(row)
    return tuple(row.values())


def damage(place: Path | str, reason: str) -> InvalidInput:
    """What is said of a file that is not a whole results file."""
    return InvalidInput(
        f"{place} is not a whole results file ({reason}); allowed is a file as the studies write it"
    )


def _checked_header(fields: list[str], place: Path | str) -> list[str]:
    known = with_arm(dict.fromkeys(fields, ""))
    missing = [name for name in COLUMNS if name not in known and name not in ADDED]
    unknown = [name for name in known if name not in COLUMNS]
    if missing:
        raise damage(place, f"column {missing[0]} is missing")
    if unknown or len(set(fields)) < len(fields):
        name = shortened(unknown[0]) if unknown else "one"
        reason = "is not known" if unknown else "is there twice"
        raise damage(place, f"column {name} {reason}")
    return fields


def _in_order(header: list[str], fields: list[str]) -> Record:
    values = with_arm(dict(zip(header, fields, strict=True)))
    return tuple(
        values[name] if name in values else column.text(column.default)
        for name, column in SCHEMA.items()
    )
