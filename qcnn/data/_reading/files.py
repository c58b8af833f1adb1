"""Published files, known by their content and looked up in the user's folders."""

import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from qcnn.checks import shown
from qcnn.data._reading.uncompress import read_uncompressed
from qcnn.errors import InvalidInput

DATA_DIR_VARIABLE = "QCNN_DATA_DIR"
#: Bytes that are read of a published file, a third more than the largest one has.
LARGEST_PUBLISHED = 2**26


@dataclass(frozen=True)
class PublishedFile:
    """A file that mirrors offer gzip-compressed.

    Attributes:
        name: its name without ``.gz``.
        sha256: of the uncompressed bytes, because the compressed ones differ between mirrors.
    """

    name: str
    sha256: str


def data_folder() -> Path | None:
    """The folder in ``$QCNN_DATA_DIR``, read at every call; None where it is not set.

    Raises:
        InvalidInput: a value that cannot be a folder.
    """
    value = os.environ.get(DATA_DIR_VARIABLE)
    if not value:
        return None
    try:
        folder = Path(value).expanduser()
        usable = stat.S_ISDIR(folder.stat().st_mode) and os.access(folder, os.R_OK | os.X_OK)
        reason = "no folder that can be read"
    except FileNotFoundError:
        return folder
    except (OSError, RuntimeError) as error:  # no user of this name, a name that is too long
        usable, reason = False, getattr(error, "strerror", None) or str(error).rstrip(".")
    if not usable:
        raise InvalidInput(
            f"{DATA_DIR_VARIABLE} is {shown(value)} ({reason}); allowed is a folder, or nothing"
        )
    return folder


def cache_folder(dataset: str) -> Path:
    """The folder in the user's cache that keeps downloads of one dataset."""
    return Path(platformdirs.user_cache_dir("qcnn")) / dataset


def read_stored(
    file: PublishedFile, dataset: str, others: Collection[str] = frozenset()
) -> bytes | None:
    """The uncompressed bytes of a published file that is stored here, compressed or not.

    Looked up are the folder named after the dataset in ``$QCNN_DATA_DIR``, ``$QCNN_DATA_DIR``
    itself, and the cache, in this order. Only in the second of them may files of several datasets
    be expected, which can have the same names: their content says whose they are.

    Args:
        file: what is looked for.
        dataset: of which it is.
        others: SHA-256 of other datasets' uncompressed files, which are passed over there.

    Returns:
        None if it is nowhere.

    Raises:
        InvalidInput: a file that cannot be read, is damaged or has other content.
    """
    for path, is_shared in _places(file, dataset):
        if _is_file(path):
            content = read_uncompressed(path, LARGEST_PUBLISHED)
            found = hashlib.sha256(content).hexdigest()
            if not (is_shared and found in others):
                return _checked(content, found, path, file)
    return None


def _places(file: PublishedFile, dataset: str) -> Iterator[tuple[Path, bool]]:
    """Where the file may be, and whether those of other datasets may be there, too."""
    shared = data_folder()
    folders = [] if shared is None else [(shared / dataset, False), (shared, True)]
    for folder, is_shared in (*folders, (cache_folder(dataset), False)):
        yield folder / f"{file.name}.gz", is_shared
        yield folder / file.name, is_shared


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that may not be searched
        return False


def read_checked(path: Path, file: PublishedFile) -> bytes:
    """The uncompressed bytes of a stored file.

    Raises:
        InvalidInput: a file that cannot be read, is damaged or has other content.
    """
    content = read_uncompressed(path, LARGEST_PUBLISHED)
    return _checked(content, hashlib.sha256(content).hexdigest(), path, file)


def _checked(content: bytes, found: str, path: Path, file: PublishedFile) -> bytes:
    if found != file.sha256:
        raise InvalidInput(
            f"{str(path)!r} has the SHA-256 {found[:12]}… when uncompressed; allowed is "
            f"{file.sha256[:12]}… (delete or replace the file)"
        )
    return content
