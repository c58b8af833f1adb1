"""Workers and commands that are killed in the middle of a run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from studies.rows import read_rows

Run = Callable[..., subprocess.CompletedProcess[str]]
ARGUMENTS = (
    *("studies.run", "mode_sweep", "--dataset", "digits", "--preset", "smoke"),
    *("--epochs", "4", "--trials", "6", "--jobs", "3"),
)


def start(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", *ARGUMENTS, "--out", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_first_row(folder: Path) -> None:
    deadline = time.monotonic() + 120
    while not (folder / "runs.csv").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def workers(command: "subprocess.Popen[str]") -> list[psutil.Process]:
    """The worker processes, not the helper processes of multiprocessing."""
    return [
        child
        for child in psutil.Process(command.pid).children()
        if "spawn_main" in " ".join(child.cmdline())
    ]


def check_complete(folder: Path) -> None:
    rows = read_rows(folder / "runs.csv")
    assert not rows.duplicated(["configuration", "seed", "role"]).any()
    assert (rows["status"] == "complete").all()
    assert set(rows.loc[rows["role"] == "final", "label"]) == {"direct", "finalist"}
    assert (folder / "report.md").exists()


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_trial_run_by_another(tmp_path: Path) -> None:
    command = start(tmp_path)
    wait_for_first_row(tmp_path)
    workers(command)[0].kill()
    output, errors = command.communicate(timeout=300)
    assert command.returncode == 0, errors
    assert "search: 6/6 runs" in output
    check_complete(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("whole", [True, False], ids=["the command", "command and workers"])
def test_the_next_start_finishes_what_a_killed_command_left(
    command: Run, tmp_path: Path, whole: bool
) -> None:
    running = start(tmp_path)
    wait_for_first_row(tmp_path)
    left = workers(running)
    if whole:
        os.kill(running.pid, signal.SIGKILL)
    else:
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate(timeout=60)
    psutil.wait_procs(left, timeout=30)
    assert not any(process.is_running() for process in left), "workers outlived their command"
    before = read_rows(tmp_path / "runs.csv")
    done = command(*ARGUMENTS, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "search: 6/6 runs" in done.stdout
    assert read_rows(tmp_path / "runs.csv").iloc[: len(before)].equals(before)
    check_complete(tmp_path)


@pytest.mark.slow
def test_two_commands_at_once_share_the_work(tmp_path: Path) -> None:
    first, second = start(tmp_path), start(tmp_path)
    for running in (first, second):
        _, errors = running.communicate(timeout=300)
        assert running.returncode == 0, errors
    check_complete(tmp_path)
    assert (read_rows(tmp_path / "runs.csv")["role"] == "search").sum() <= 6
