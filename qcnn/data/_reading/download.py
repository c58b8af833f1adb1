"""Downloading published files into the user's cache."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pooch

from qcnn.data._reading.errors import DataUnavailable
from qcnn.data._reading.files import DATA_DIR_VARIABLE, PublishedFile, cache_folder, read_checked
from qcnn.errors import InvalidInput

CONNECT_SECONDS = 10
SILENCE_SECONDS = 30


def download(file: PublishedFile, mirrors: Sequence[str], dataset: str) -> bytes:
    """Download a file into the cache, from the first mirror that has it with the right content.

    Args:
        file: what to download.
        mirrors: addresses of the folders that hold ``name.gz``, tried in turn.
        dataset: name of the dataset, for the cache folder and for messages.

    Returns:
        The uncompressed bytes.

    Raises:
        DataUnavailable: no mirror could be reached or had the right content, or the cache
            cannot be written.
    """
    folder = cache_folder(dataset)
    failures = []
    for mirror in mirrors:
        try:
            return _download_from(f"{mirror}/{file.name}.gz", file, folder)
        except (OSError, InvalidInput) as error:
            failures.append(f"{mirror}: {_reason(error)}")
    raise DataUnavailable(
        f"the dataset {dataset} is not available, as its {file.name} (SHA-256 {file.sha256[:12]}…) "
        f"was neither in ${DATA_DIR_VARIABLE} ({_variable()}) or the folder {dataset} there nor in "
        f"the cache folder {str(folder)!r} nor downloadable "
        f"({', '.join(failures)}); allowed without a network is `--dataset digits`"
    )


def _download_from(address: str, file: PublishedFile, folder: Path) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    fetch = pooch.HTTPDownloader(progressbar=True, timeout=(CONNECT_SECONDS, SILENCE_SECONDS))
    # Renamed only when complete and right, so that no other process ever sees half a file.
    with TemporaryDirectory(dir=folder, prefix=".download-") as unfinished:
        path = Path(unfinished) / f"{file.name}.gz"
        fetch(address, str(path), None)
        content = read_checked(path, file)
        path.replace(folder / path.name)
    return content


def _variable() -> str:
    value = os.environ.get(DATA_DIR_VARIABLE)
    return repr(value) if value else "not set"


def _reason(error: Exception) -> str:
    # Messages of network errors run over several sentences; the type says what happened.
    return "wrong content" if isinstance(error, InvalidInput) else type(error).__name__
