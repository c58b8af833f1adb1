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
