"""Storages as commands name them, and what queues on one server do to each other."""

import pickle
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from re import sub
from typing import Any

import psycopg
import pytest
from commands import wait_until
from postgresql_server import Server
from queues import Queue
from smallest import changed, make_options, smoke_axes
from stored_rows import CONFIGURATION, make_row

from qcnn import InvalidInput
from studies.catalogue import studies_by_name
from studies.design.arms import FINALIST
from studies.design.study import Cell, Options
from studies.rows.runs_file import add_rows, read_rows
from studies.run import main
from studies.runs import claim
from studies.sentences import command_line
from studies.store import postgresql
from studies.store.codec import row_from_text, row_text
from studies.store.opening import open_store
from studies.store.postgresql import PostgresqlStore
from studies.store.trial_states import WORKER, is_finished, is_open
from studies.store.urls import url_from_text, without_password

URL = "postgresql://anna:p%40ss@127.0.0.1:1/studies"
MakeQueue = Callable[..., Queue]
CELLS = [Cell(replace(CONFIGURATION, epochs=1), seed, FINALIST) for seed in range(1, 21)]


def options(out: Path, text: str) -> Options:
    axes = smoke_axes(studies_by_name["mode_sweep"])
    return make_options(out, axes, storage=url_from_text(text))


@pytest.fixture
def machine(server: Server, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeQueue]:
    """Makes the queue of a machine, by name, on a database of the test's own."""
    url = server.new_database(request.node.name)
    stores = []

    def make(name: str, **changes: Any) -> Queue:
        chosen = changed(options(tmp_path / name, url), **changes)
        assert chosen.place.storage is not None
        store = PostgresqlStore(chosen.place.storage)
        stores.append(store)
        return Queue(studies_by_name["mode_sweep"], chosen, f"{name}-0-0", store)

    yield make
    for store in stores:
        store.close()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sqlite:///study.db", "storage is sqlite://… (workers cannot share SQLite); allowed is"),
        ("mysql://anna:p%40ss@host/studies", "storage is mysql://…; allowed is postgresql://"),
        ("postgresql+asyncpg://anna:p%40ss@host/db", "storage is postgresql+asyncpg://…; allowed"),
        ("anna:p%40ss@host", "storage is not a URL; allowed is postgresql://"),
        ("postgresql://anna:p%40ss@host:port/db", "storage is not a URL; allowed is postgresql://"),
        ("postgresql://host/db?password=p%40ss", "storage has a password among its options; all"),
        (URL, "storage is postgresql://anna:***@127.0.0.1:1/studies, which cannot be used (conn"),
    ],
)
@pytest.mark.parametrize("variable", [False, True], ids=["option", "variable"])
def test_a_storage_that_cannot_be_used_is_one_sentence_without_the_password(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    sentence: str,
    variable: bool,
) -> None:
    arguments = ["run", "mode_sweep", "--dataset", "digits", "--out", str(tmp_path)]
    if variable:
        monkeypatch.setenv("STUDIES_STORAGE", text)
    else:
        arguments += ["--storage", text]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as end:
        command_line(main)
    assert end.value.code == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"error: {sentence}")
    assert len(shown.err.strip().splitlines()) == 1
    assert "p%40ss" not in shown.out + shown.err
    assert "p@ss" not in shown.out + shown.err


def test_a_wrong_password_or_database_is_one_sentence(server: Server, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="password authentication failed") as refused:
        open_store(tmp_path, url_from_text(server.url("postgres", "wrong:word")))
    assert "wrong:word" not in str(refused.value)
    with pytest.raises(InvalidInput, match='database "nowhere" does not exist'):
        open_store(tmp_path, url_from_text(server.url("nowhere")))


FOREIGN = {
    "other columns": ("studies", "CREATE TABLE studies (id serial PRIMARY KEY, name text)"),
    "no columns": ("trials", "CREATE TABLE trials ()"),
    "another type": ("studies", "CREATE TABLE studies (study_id text, study_name text)"),
    "a view": ("studies", "CREATE VIEW studies AS SELECT 1 AS study"),
    "another revision": (
        "alembic_version",
        "CREATE TABLE alembic_version AS SELECT 'f00'::varchar AS version_num",
    ),
}


@pytest.mark.parametrize(("table", "statement"), FOREIGN.values(), ids=list(FOREIGN))
def test_a_table_of_another_program_is_named_and_nothing_is_added(
    server: Server, tmp_path: Path, table: str, statement: str
) -> None:
    url = server.new_database(sub(r"\W+", "_", statement[:40]))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
    with pytest.raises(InvalidInput, match=f"whose table {table} is not that of Optuna .*; allowe"):
        open_store(tmp_path, url_from_text(url))
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = 'trials'"
        ).fetchone()
    assert found == (int(table in ("trials", "alembic_version")),)


def test_a_type_of_another_program_is_a_sentence(server: Server, tmp_path: Path) -> None:
    url = server.new_database("type")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TYPE studydirection AS ENUM ('north', 'south')")
    chosen = options(tmp_path, url)
    store = open_store(tmp_path, chosen.place.storage)
    with pytest.raises(InvalidInput, match="cannot be used .invalid input value for enum studydi"):
        Queue(studies_by_name["mode_sweep"], chosen, "0-0-0", store)
    store.close()


def test_a_database_that_is_read_only_at_the_start_is_a_sentence(
    server: Server, tmp_path: Path
) -> None:
    url = server.new_database("standby")
    open_store(tmp_path, url_from_text(url)).close()
    server.set_read_only("standby", read_only=True)
    with pytest.raises(InvalidInput, match="cannot be used .it is read-only.; allowed is"):
        open_store(tmp_path, url_from_text(url))


def test_a_database_that_becomes_read_only_is_waited_for(
    machine: MakeQueue,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    queue = machine("first")
    database = str(queue.options.place.storage.database)  # type: ignore[union-attr]
    server.set_read_only(database, read_only=True)
    server.cut_connections(database)

    def promote(_: float) -> None:
        server.set_read_only(database, read_only=False)

    monkeypatch.setattr("studies.store.postgresql.time.sleep", promote)
    queue.enqueue_missing(CELLS[:1])
    assert len(queue.cells.trials) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("storage does not answer (cannot execute ")
    assert told[0].endswith(" in a read-only transaction); waiting")
    assert told[-1] == "storage answers again"


def test_machines_share_the_count_of_losses(
    machine: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues = [machine(name) for name in ("first", "second", "third")]
    queues[0].enqueue_missing(CELLS[:1])
    for number, queue in enumerate(queues, 1):
        queue.cells.ask().set_user_attr(WORKER, f"worker {number}")
        said = queue.release_lost(f"worker {number}", "SIGKILL")
        assert f"loss {number} of 3" in said
    for queue in queues:
        queue.take_rows()
        assert read_rows(queue.csv)["status"].tolist() == ["failed"]
    again = machine("first", retry_failed=True)
    again.enqueue_missing(CELLS[:1])
    for queue in queues[1:]:  # whose files still hold the row
        queue.enqueue_missing(CELLS[:1])
        assert sum(map(is_open, queue.cells.trials)) == 1
    monkeypatch.setattr(
        claim, "execute", lambda _, c, seed, role, *__: make_row(seed, role, **c.axes())
    )
    assert queues[2].run_next()
    for queue in queues:
        queue.take_rows()
        assert read_rows(queue.csv)["status"].tolist() == ["complete"]


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InvalidInput, match="without the package psycopg; allowed is"):
        open_store(tmp_path, url_from_text(URL))


def test_a_password_is_carried_to_workers_and_shown_to_nobody(tmp_path: Path) -> None:
    chosen = options(tmp_path, URL)
    sent = pickle.loads(pickle.dumps(chosen))
    assert sent == chosen
    assert sent.place.storage is not None
    assert sent.place.storage.password == "p@ss"
    for text in (repr(chosen), str(chosen.place.storage), f"{chosen.place.storage}"):
        assert "p@ss" not in text
        assert "p%40ss" not in text
    trace = f"connecting to {URL} as anna with 'p@ss'"
    shown = without_password(trace, chosen.place.storage)
    assert shown == "connecting to postgresql://anna:***@127.0.0.1:1/studies as anna with '***'"


def test_a_row_comes_out_as_it_went_in(machine: MakeQueue) -> None:
    row = make_row(1, val_accuracy=0.1 + 0.2, seconds=1 / 3, error="ψ → 0\n", engine=None)
    study = machine("first").cells
    study.enqueue_trial({}, user_attrs={"row": row_text(row)})
    (trial,) = machine("second").cells.trials
    del row["engine"]
    assert row_from_text(trial.user_attrs["row"]) == row


def test_rows_of_earlier_runs_reach_the_other_machine(machine: MakeQueue) -> None:
    first, second = machine("first"), machine("second")
    rows = [
        make_row(
            cell.seed,
            configuration=cell.configuration.digest(),
            val_accuracy=cell.seed / 7,
            **cell.configuration.axes(),
        )
        for cell in CELLS[:3]
    ]
    add_rows(first.csv, rows)
    first.enqueue_missing(CELLS[:3])
    second.enqueue_missing(CELLS[:4])
    second.take_rows()
    assert second.csv.read_bytes() == first.csv.read_bytes()
    assert sum(map(is_open, second.cells.trials)) == 1


def test_machines_that_enqueue_at_once_enqueue_once(machine: MakeQueue) -> None:
    queues = [machine(f"machine{number}") for number in range(4)]
    with ThreadPoolExecutor(len(queues)) as pool:
        for done in [pool.submit(queue.enqueue_missing, CELLS) for queue in queues]:
            done.result()
    assert len(queues[0].cells.trials) == len(CELLS)


def watch(queue: Queue, *states: str) -> None:
    """Look after abandoned trials, as a command does, until the trials' states are these."""

    def look() -> bool:
        queue.enqueue_missing([])
        return [trial.state.name for trial in queue.cells.trials] == [*states]

    wait_until(look)


def test_a_trial_that_was_claimed_and_never_reported_is_run_again(
    machine: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "GRACE_SECONDS", 3)
    first, second = machine("first"), machine("second")
    first.enqueue_missing(CELLS[:1])
    first.cells.ask()
    second.enqueue_missing([])
    watch(second, "RUNNING")
    watch(second, "FAIL", "WAITING")


def test_who_did_not_look_for_a_while_takes_nobody_for_dead(
    machine: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "GRACE_SECONDS", 3)
    first, second = machine("first"), machine("second")
    first.enqueue_missing(CELLS[:1])
    first.cells.ask()
    second.enqueue_missing([])
    time.sleep(5)
    second.enqueue_missing([])
    assert [trial.state.name for trial in second.cells.trials] == ["RUNNING"]


def test_a_worker_that_was_taken_for_dead_leaves_the_row_to_the_other(
    machine: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "GRACE_SECONDS", 3)
    monkeypatch.setattr(postgresql, "HEARTBEAT_SECONDS", 60)
    silent, other = machine("silent"), machine("other")

    def execute(_: str, configuration: Any, seed: int, role: str, out: Path, __: object) -> Any:
        if out == silent.options.place.out:
            watch(other, "FAIL", "WAITING")
            assert other.run_next()
        digest = configuration.digest()
        return make_row(seed, role, configuration=digest, engine=out.name, **configuration.axes())

    monkeypatch.setattr(claim, "execute", execute)
    silent.enqueue_missing(CELLS[:1])
    assert silent.run_next()
    for queue in (silent, other):
        assert list(read_rows(queue.csv)["engine"]) == ["other"]
    assert sum(map(is_finished, silent.cells.trials)) == 1
