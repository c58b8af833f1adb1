"""Compiled loops run wherever they can be kept, and where they cannot."""

import tempfile
from pathlib import Path

import pytest
from numba.core import caching

from qcnn.engines._compiled import compiled


def double(number: int) -> int:
    return 2 * number


@pytest.fixture
def read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Code and home cannot be written to; only the folder of temporary files can."""

    def refuse(locator: caching._CacheLocator) -> None:
        path = Path(locator.get_cache_path())
        if tmp_path not in path.parents:
            raise PermissionError(path)
        path.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(caching._CacheLocator, "ensure_cache_path", refuse)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_read_only_code_is_kept_among_the_temporary_files(read_only: Path) -> None:
    assert compiled(double)(21) == 42
    (folder,) = read_only.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.rglob("*.nbi"))


def test_a_folder_that_others_can_write_to_is_not_used(read_only: Path) -> None:
    compiled(double)
    (folder,) = read_only.iterdir()
    folder.chmod(0o777)
    assert compiled(double)(21) == 42
    assert not list(folder.rglob("*.nbi"))


def test_nothing_is_kept_where_nothing_can_be_written(
    read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    assert compiled(double)(21) == 42
    assert not list(read_only.rglob("*.nbi"))
