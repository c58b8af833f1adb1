"""Workers and commands on one host that are killed in the middle of a run."""

import signal
from pathlib import Path

import psutil
import pytest
from commands import (
    SEARCHED,
    Command,
    abandoned,
    check_finished,
    journal,
    wait_for_busy_worker,
    wait_for_first_row,
)

from studies.rows.runs_file import read_rows


@pytest.mark.slow
@pytest.mark.parametrize("all_of_them", [False, True], ids=["one", "all"])
def test_killed_workers_are_replaced_and_their_trials_run_again(
    tmp_path: Path, all_of_them: bool
) -> None:
    command = Command(tmp_path / "out", "--jobs", "3")
    wait_for_first_row(command.folder)
    left = command.workers()
    assert len(left) == 3
    busy = wait_for_busy_worker(journal(command.folder), left)
    for worker in left if all_of_them else [busy]:
        worker.kill()
    command.end()
    assert f"search: {SEARCHED}/{SEARCHED} runs" in command.output
    check_finished(command.folder, journal(command.folder))
    assert abandoned(journal(command.folder))


@pytest.mark.slow
@pytest.mark.parametrize("with_workers", [False, True], ids=["command", "command and workers"])
def test_the_next_start_finishes_what_a_killed_command_left(
    tmp_path: Path, with_workers: bool
) -> None:
    killed = Command(tmp_path / "out", "--jobs", "3")
    wait_for_first_row(killed.folder)
    left = killed.workers()
    assert left
    wait_for_busy_worker(journal(killed.folder), left)
    if with_workers:
        killed.signal_all(signal.SIGKILL)
    else:
        killed.process.kill()
    killed.end(-signal.SIGKILL)
    psutil.wait_procs(left, timeout=60)
    assert not any(process.is_running() for process in left), "workers outlived their command"
    before = read_rows(killed.folder / "runs.csv")
    command = Command(killed.folder)
    command.end()
    assert f"search: {SEARCHED}/{SEARCHED} runs" in command.output
    assert read_rows(command.folder / "runs.csv").iloc[: len(before)].equals(before)
    check_finished(command.folder, journal(command.folder))


@pytest.mark.slow
def test_two_commands_at_once_share_the_work(tmp_path: Path) -> None:
    commands = [Command(tmp_path / "out"), Command(tmp_path / "out")]
    for command in commands:
        command.end()
    check_finished(tmp_path / "out", journal(tmp_path / "out"))
    assert not abandoned(journal(tmp_path / "out"))
