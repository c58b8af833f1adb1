"""Published files, known by their content and looked up in the user's folders."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from qcnn.data._uncompress import read_uncompressed
from qcnn.errors import InvalidInput

DATA_DIR_VARIABLE = "QCNN_DATA_DIR"


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
    """The folder in ``$QCNN_DATA_DIR``, read at every call; None where it is not set."""
    value = os.environ.get(DATA_DIR_VARIABLE)
    return Path(value).expanduser() if value else None


def cache_folder(dataset: str) -> Path:
    """The folder in the user's cache that keeps downloads of one dataset."""
    return Path(platformdirs.user_cache_dir("qcnn")) / dataset


def find_file(file: PublishedFile, dataset: str) -> Path | None:
    """Where the file is stored, compressed or not; None if nowhere.

    ``$QCNN_DATA_DIR`` comes before the cache.
    """
    for folder in (data_folder(), cache_folder(dataset)):
        if folder is None:
            continue
        for path in (folder / f"{file.name}.gz", folder / file.name):
            if path.is_file():
                return path
    return None


def read_checked(path: Path, file: PublishedFile) -> bytes:
    """The uncompressed bytes of a stored file.

    Raises:
        InvalidInput: a file that cannot be read, is damaged or has other content.
    """
    content = read_uncompressed(path)
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise InvalidInput(
            f"{path} has the SHA-256 {found[:12]}… (uncompressed) and {file.sha256[:12]}… is "
            "needed; delete or replace the file"
        )
    return content
