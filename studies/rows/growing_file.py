"""A text file that is added to line by line, of which no reader sees half a line.

While somebody adds to it, an empty file stands beside it, ``NAME.appending``. Whoever finds a
last line without an end beside such a file leaves it alone: it is being written, or its writer
was killed, and then the next writer removes it. Without such a file a last line that is cut
is damage, for the reader to refuse.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

#: So much of what was read is read again to see that it still is there.
_TAIL_BYTES = 4096


class Followed:
    """A growing file as somebody follows it: what was added since, not all again.

    Args:
        path: of the file, which may not be there yet.

    Attributes:
        length: bytes that were read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.begin()

    def begin(self) -> None:
        """Read from the start again."""
        self.length = 0
        self._tail = b""
        self._state: tuple[int, ...] = ()

    def read(self) -> tuple[bool, bytes | None]:
        """Whether it is the same file as before, and what it has more; None where nothing is new.

        Empty is what follows in a file that has nothing in it.
        """
        try:
            with self._path.open("rb") as file:
                return self._read(file)
        except (FileNotFoundError, NotADirectoryError):
            before = self.length
            self.begin()
            return not before, None

    def _read(self, file: BinaryIO) -> tuple[bool, bytes | None]:
        state = _state_of(file)
        if state == self._state:
            return True, None
        same = self._continues(file, state)
        if not same:
            self.begin()
        file.seek(self.length)
        content = read_on(file, self._path)
        self._state = state
        if not content and self.length:
            return same, None
        self.length += len(content)
        self._tail = (self._tail + content)[-_TAIL_BYTES:]
        return same, content

    def _continues(self, file: BinaryIO, state: tuple[int, ...]) -> bool:
        """Whether an open file begins with what was read: of another one the end is another."""
        if self._state[:2] != state[:2]:
            return False
        file.seek(self.length - len(self._tail))
        return file.read(len(self._tail)) == self._tail


def _state_of(file: BinaryIO) -> tuple[int, ...]:
    """What changes with a file: which it is, its length and when it was written."""
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def read_on(file: BinaryIO, path: Path) -> bytes:
    """What follows in an open file up to the end of its last line; all, where that is cut.

    Args:
        file: open at the start of a line.
        path: of the file, which may have been replaced since.
    """
    start = file.tell()
    while True:
        file.seek(start)
        content = file.read()
        if content.endswith(b"\n"):
            return content
        if _mark(path).exists():
            return content[: content.rfind(b"\n") + 1]
        # Somebody may have come to the end of a line after it was read and before now.
        if os.fstat(file.fileno()).st_size == start + len(content):
            return content


def append(path: Path, content: bytes) -> None:
    """Add whole lines behind the last one; all of them or none.

    Only for whom no other writer is beside (a lock), and after :func:`remove_half_line`.
    """
    before = path.stat().st_size
    mark = _mark(path)
    mark.touch()
    try:
        with path.open("ab", buffering=0) as file:
            _write_all(file, content)
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):  # if not even this can be done, the mark says what is left
            os.truncate(path, before)
            mark.unlink()
        raise
    mark.unlink()


def remove_half_line(path: Path) -> None:
    """Remove what a writer that was killed has left of a line."""
    mark = _mark(path)
    if not mark.exists():
        return
    with suppress(FileNotFoundError), path.open("rb+") as file:
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
    mark.unlink(missing_ok=True)


def _write_all(file: BinaryIO, content: bytes) -> None:
    """An unbuffered file may take a part only, as one that reaches the limit of its size."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.appending")
