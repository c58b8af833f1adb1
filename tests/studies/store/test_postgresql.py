"""Several machines on one PostgreSQL server; each has a results folder of its own."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import (
    Command,
    abandoned,
    check_finished,
    wait_for_busy_worker,
    wait_for_first_row,
    wait_until,
)
from optuna.storages import RDBStorage
from postgresql_server import PASSWORD, Server

from studies.rows.runs_file import read_rows
from studies.store.postgresql import GRACE_SECONDS, PostgresqlStore
from studies.store.urls import url_from_text

LookInto = Callable[[str], RDBStorage]
AWAY = "storage does not answer"


@pytest.fixture
def look_into() -> Iterator[LookInto]:
    """Opens a storage as the commands do."""
    opened: dict[str, RDBStorage] = {}

    def look(url: str) -> RDBStorage:
        if url not in opened:
            opened[url] = PostgresqlStore(url_from_text(url)).storage
        return opened[url]

    yield look
    for storage in opened.values():
        storage.remove_session()
        storage.engine.dispose()


def check_same_rows(*folders: Path) -> None:
    first, *others = (
        read_rows(folder / "runs.csv").sort_values(["role", "configuration"], ignore_index=True)
        for folder in folders
    )
    assert others
    assert len(first) > 0
    for other in others:
        assert other.equals(first)


def check_secret(folder: Path, secrets: tuple[str, ...]) -> None:
    """No file below a folder holds a password."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "runs.csv" for path in files)
    for path in files:
        content = path.read_bytes()
        assert not any(secret.encode() in content for secret in secrets), path


@pytest.mark.slow
def test_two_machines_share_the_work_and_both_end_with_all_rows(
    server: Server, look_into: LookInto, tmp_path: Path
) -> None:
    url = server.new_database("share")
    machines = [
        Command(tmp_path / "first", "--storage", url),
        Command(tmp_path / "second", STUDIES_STORAGE=url),
    ]
    for machine in machines:
        machine.end()
        check_finished(machine.folder, look_into(url))
    assert not abandoned(look_into(url))
    check_same_rows(*(machine.folder for machine in machines))
    weights = [path.name for path in tmp_path.glob("*/weights/*")]
    assert len(weights) == len(set(weights)) == 5
    password = url.split(":")[2].split("@")[0]
    check_secret(tmp_path, (PASSWORD, password))


@pytest.mark.slow
def test_another_machine_finishes_what_a_killed_one_left(
    server: Server, look_into: LookInto, tmp_path: Path
) -> None:
    url = server.new_database("machine")
    killed = Command(tmp_path / "killed", STUDIES_STORAGE=url)
    wait_for_first_row(killed.folder)
    wait_for_busy_worker(look_into(url), killed.workers())
    killed.signal_all(signal.SIGKILL)
    killed.end(-signal.SIGKILL)
    other = Command(tmp_path / "other", STUDIES_STORAGE=url)
    other.end()
    check_finished(other.folder, look_into(url))
    assert abandoned(look_into(url))
    again = Command(killed.folder, STUDIES_STORAGE=url)
    again.end()
    check_same_rows(again.folder, other.folder)


@pytest.mark.slow
def test_a_killed_worker_and_lost_connections_cost_no_trial(
    server: Server, look_into: LookInto, tmp_path: Path
) -> None:
    url = server.new_database("worker")
    command = Command(tmp_path / "out", "--jobs", "3", STUDIES_STORAGE=url)
    wait_for_first_row(command.folder)
    wait_for_busy_worker(look_into(url), command.workers()).kill()
    for _ in range(20):  # wherever they happen to be
        server.cut_connections("worker")
        time.sleep(0.2)
    command.end()
    check_finished(command.folder, look_into(url))
    assert abandoned(look_into(url))


@pytest.mark.slow
def test_a_server_that_is_away_for_a_while_is_waited_for(
    server: Server, look_into: LookInto, tmp_path: Path
) -> None:
    url = server.new_database("away")
    command = Command(tmp_path / "out", STUDIES_STORAGE=url)
    wait_for_first_row(command.folder)
    wait_for_busy_worker(look_into(url), command.workers())
    server.stop()
    try:
        time.sleep(GRACE_SECONDS)
        assert AWAY in command.errors
        assert command.process.poll() is None
    finally:
        server.start()
    command.end()
    check_finished(command.folder, look_into(url))
    # Whoever lived through it was not taken for dead.
    assert not abandoned(look_into(url))
    assert "storage answers again" in command.errors


@pytest.mark.slow
def test_who_does_not_want_to_wait_is_told_how_to_resume(
    server: Server, look_into: LookInto, tmp_path: Path
) -> None:
    url = server.new_database("resume")
    interrupted = Command(tmp_path / "out", "--storage", url)
    wait_for_first_row(interrupted.folder)
    server.stop()
    try:
        wait_until(lambda: AWAY in interrupted.errors)
        interrupted.signal_all(signal.SIGINT)
        interrupted.end(130)
    finally:
        server.start()
    assert "interrupted: " in interrupted.output
    assert f"postgresql://anna:***@127.0.0.1:{server.port}/resume" in interrupted.output
    assert "Traceback" not in interrupted.errors
    check_secret(tmp_path, (PASSWORD,))
    before = read_rows(interrupted.folder / "runs.csv")
    resumed = Command(interrupted.folder, "--storage", url)
    resumed.end()
    assert read_rows(resumed.folder / "runs.csv").iloc[: len(before)].equals(before)
    check_finished(resumed.folder, look_into(url))
