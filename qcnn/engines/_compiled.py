"""How the loops of the fused engine are compiled."""

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def compiled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compiles a function at its first call, keeps it on disk, frees the GIL while it runs.

    It is kept beside the code or in the user's cache folder, else in a folder of the user's among
    the temporary files; where none of them can be written, nowhere.

    Multiplications and additions may be contracted, nothing else is relaxed: sums keep
    their order, hence results are reproducible, and infinities and nan are honoured.
    (Letting sums be reordered makes the short inner loops slower: they become gathers.)
    """
    try:
        return _decorated(function, cache=True)
    except RuntimeError:  # Numba's own places are all read-only.
        folder = _temporary_folder()
    if folder is None:
        return _decorated(function, cache=False)
    config: Any = numba.config
    chosen, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        return _decorated(function, cache=True)
    except RuntimeError:
        return _decorated(function, cache=False)
    finally:
        config.CACHE_DIR = chosen


def _decorated(function: Callable[Arguments, Result], cache: bool) -> Callable[Arguments, Result]:
    decorate = numba.njit(cache=cache, nogil=True, error_model="numpy", fastmath={"contract"})
    return cast(Callable[Arguments, Result], decorate(function))


def _temporary_folder() -> Path | None:
    """A folder for compiled code that nobody else can write to, as its content is run."""
    folder = Path(tempfile.gettempdir()) / f"qcnn-compiled-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return folder if own and not found.st_mode & 0o022 else None
