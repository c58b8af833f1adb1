"""The results file of a study: one row for each run, ``runs.csv``.

It is the only source of reports. Rows are added behind the others, under a lock and so that no
reader sees half of one (``studies.store.growing_file``); what changes otherwise is written as a
whole under a temporary name, which then is renamed. Every row is checked where it is read
(``studies.store.records``), whether in this file or in a storage of trials, and what could not
be read back is never written.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
from filelock import FileLock

from qcnn.files import write_bytes
from studies.design.study import RunKey
from studies.store.growing_file import append, read_on, remove_half_line
from studies.store.records import (
    Reading,
    damage,
    has_failed,
    key_of,
    text_of,
    values_of,
)
from studies.store.schema import COLUMNS, SCHEMA, Record, record_of

#: So much of the file's end is read again to see that it is the one that was read before.
_TAIL_BYTES = 4096


class RunsFile:
    """A ``runs.csv`` as its study follows it: what was added since is read, not all again.

    Args:
        path: of the file, which may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin()

    def _begin(self) -> None:
        self._rows: dict[RunKey, Record] = {}
        self._reading = Reading(self.path)
        self._state: tuple[int, ...] = ()
        self._offset, self._tail = 0, b""

    def read(self) -> Mapping[RunKey, Record]:
        """All rows, in their order: the same mapping as before, longer by what was added.

        Another one where the file was replaced.

        Raises:
            InvalidInput: if the file is not a whole results file, or one of its rows is not
                what a study writes: the sentence names file, line and value.
        """
        try:
            with self.path.open("rb") as file:
                state = _state_of(file)
                if state != self._state:
                    self._read_on(file)
                    self._state = state
        except (FileNotFoundError, NotADirectoryError):
            if self._offset:
                self._begin()
        except BaseException:
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

    def _read_on(self, file: BinaryIO) -> None:
        if not self._continues(file):
            self._begin()
        file.seek(self._offset)
        content = read_on(file, self.path)
        if content or not self._offset:
            try:
                text = content.decode()
            except UnicodeDecodeError as error:
                raise damage(self.path, str(error)) from None
            self._rows.update(self._reading.read(text))
            self._offset += len(content)
            self._tail = (self._tail + content)[-_TAIL_BYTES:]

    def _continues(self, file: BinaryIO) -> bool:
        """Whether an open file begins with what was read: of another one the end is another."""
        if self._state[:2] != _state_of(file)[:2]:
            return False
        file.seek(self._offset - len(self._tail))
        return file.read(len(self._tail)) == self._tail


def read_rows(path: Path) -> pd.DataFrame:
    """All rows of a results file; none where there is no file.

    Raises:
        InvalidInput: if the file is not a whole results file, or one of its rows is not what
            a study writes: the sentence names file, line and value.
    """
    columns = zip(*map(values_of, RunsFile(path).read().values()), strict=True)
    values = dict(zip(COLUMNS, columns, strict=False))
    return pd.DataFrame(
        {name: pd.Series(values.get(name, ()), dtype=c.kind) for name, c in SCHEMA.items()}
    )


def add_rows(path: Path, new: Iterable[Mapping[str, Any]]) -> None:
    """Add whole rows to a file; see :meth:`RunsFile.add`."""
    RunsFile(path).add(new)


def stored_row(record: Record) -> dict[str, Any]:
    """A row as it was when it was new, from what the file holds of it."""
    return dict(zip(COLUMNS, values_of(record), strict=True))


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name in its folder, then rename it."""
    write_bytes(path, text.encode())


def _checked_text(records: Iterable[Record], path: Path) -> str:
    """What records make in a file with nothing else, once it can be read back."""
    text = text_of([COLUMNS, *records])
    for _ in Reading(f"what would be {path}").read(text):
        pass
    return text


def _on_lines(records: Mapping[RunKey, Record]) -> bool:
    """Whether each record is on one line, as it has to be for its end to be seen."""
    return not any("\n" in text or "\r" in text for each in records.values() for text in each)


def _state_of(file: BinaryIO) -> tuple[int, ...]:
    """What changes with a file: which it is, its length and when it was written."""
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
