"""A disk that is full in the middle of a study."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from commands import Command, check_finished, journal, wait_for_first_row

from studies.rows.runs_file import read_rows

Free = Callable[[], None]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no program mount")
    if done.returncode:
        pytest.skip(f"mounting is not allowed: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, command: Command) -> None:
    """Take all space that is left until the command has ended."""
    with (folder / "filler").open("ab", buffering=0) as filler:
        while command.process.poll() is None:
            with suppress(OSError):
                filler.write(bytes(512))
                continue
            time.sleep(0.01)


def check_stopped(command: Command, reason: str) -> None:
    command.end(2)
    (sentence,) = command.errors.strip().splitlines()
    assert sentence.startswith(f"error: cannot use {command.folder}")
    assert sentence.endswith(reason)
    assert f"runs are in {command.folder / 'runs.csv'}" in command.output
    assert "resume with: python -m studies.run mode_sweep" in command.output


def check_resumed(folder: Path, before: int) -> None:
    rows = read_rows(folder / "runs.csv")
    command = Command(folder)
    command.end()
    assert len(rows) >= before
    assert read_rows(folder / "runs.csv").iloc[: len(rows)].equals(rows)
    check_finished(folder, journal(folder))


@pytest.mark.slow
def test_a_full_disk_stops_the_study_and_costs_no_row(small_disk: Path) -> None:
    command = Command(small_disk)
    wait_for_first_row(small_disk)
    before = len(read_rows(small_disk / "runs.csv"))
    fill(small_disk, command)
    check_stopped(command, "No space left on device")
    (small_disk / "filler").unlink()
    check_resumed(small_disk, before)


@pytest.mark.slow
def test_a_journal_that_reaches_a_limit_within_a_line_is_resumed(tmp_path: Path) -> None:
    command = Command(tmp_path / "out")
    wait_for_first_row(command.folder)
    before = len(read_rows(command.folder / "runs.csv"))
    limit = (command.folder / "journal.log").stat().st_size + 1000
    for process in (psutil.Process(command.process.pid), *command.workers()):
        process.rlimit(psutil.RLIMIT_FSIZE, (limit, limit))
    check_stopped(command, "File too large")
    assert (command.folder / "journal.log").stat().st_size == limit
    assert not (command.folder / "journal.log").read_bytes().endswith(b"\n")
    check_resumed(command.folder, before)
