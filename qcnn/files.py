"""Files that no reader ever sees half of."""

import os
import tempfile
from pathlib import Path


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in its folder, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = start_file(path)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
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
