"""Files that no reader ever sees half of."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in its folder, then rename it."""
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """An open file that takes the place of ``path`` at the end; after an error it is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = start_file(path)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def start_file(path: Path) -> tuple[int, str]:
    """The handle and the name of the temporary file beside ``path``."""
    return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
