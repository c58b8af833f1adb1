"""Runs that end their worker, or raise: what is said, what is counted; the study goes on."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import pytest
from queues import Queue
from smallest import make_options, smoke_axes
from stored_rows import CONFIGURATION, make_row

from qcnn import InvalidInput
from studies.catalogue import studies_by_name
from studies.design.arms import FINALIST
from studies.design.roles import SEARCH
from studies.design.study import Cell
from studies.rows.runs_file import add_rows, read_rows
from studies.runs import claim
from studies.runs.failures import MOST_LOSSES, RunError
from studies.store.opening import open_store
from studies.store.trial_states import WORKER

SHARED = Path(__file__).parents[1]
CELL = Cell(replace(CONFIGURATION, epochs=1), 3, FINALIST)
RUN = f"configuration {CELL.configuration.digest()} (mapping {CELL.configuration.mapping}, target "
MakeQueue = Callable[..., Queue]


@pytest.fixture
def make_queue(tmp_path: Path) -> MakeQueue:
    def make(worker: str = "command", **changes: Any) -> Queue:
        options = make_options(tmp_path, smoke_axes(studies_by_name["mode_sweep"]), **changes)
        store = open_store(tmp_path, None)
        return Queue(studies_by_name["mode_sweep"], options, worker, store)

    return make


def lose(queue: Queue, study: optuna.Study, worker: str, reason: str) -> str:
    """A worker claims the next trial and is lost in its midst."""
    study.ask().set_user_attr(WORKER, worker)
    return queue.release_lost(worker, reason)


def states(study: optuna.Study) -> list[str]:
    return [trial.state.name for trial in study.trials]


def test_the_third_loss_of_a_run_is_its_row_whoever_counts(make_queue: MakeQueue) -> None:
    make_queue().enqueue_missing([CELL])
    for number, reason in enumerate(("SIGKILL", "exit code 1"), 1):
        queue = make_queue()  # a command that was started again
        said = lose(queue, queue.cells, f"worker {number}", reason)
        assert said.startswith(f"a worker was lost to {reason} in {RUN}")
        assert said.endswith(f"with seed 3, loss {number} of {MOST_LOSSES}: it is run again")
        queue.enqueue_missing([CELL])
        assert states(queue.cells) == ["FAIL"] * number + ["WAITING"]
    queue = make_queue()
    said = lose(queue, queue.cells, "worker 3", "SIGSEGV")
    assert said.endswith("with seed 3, loss 3 of 3: its status is failed")
    queue.take_rows()
    (row,) = read_rows(queue.csv).to_dict("records")
    assert (row["status"], row["seed"], row["arm"]) == ("failed", 3, "finalist")
    assert row["error"] == "3 workers lost to SIGKILL, exit code 1, SIGSEGV"
    assert row["configuration"] == CELL.configuration.digest()
    queue = make_queue()
    queue.enqueue_missing([CELL])
    assert not queue.run_next()


def test_the_row_of_a_lost_run_says_how_many_looks_came_before(tmp_path: Path) -> None:
    study = replace(studies_by_name["mode_sweep"], looks=(1, 2, 7))
    options = make_options(tmp_path, smoke_axes(study))
    queue = Queue(study, options, "command", open_store(tmp_path, None))
    for number in range(MOST_LOSSES):
        queue.enqueue_missing([CELL])
        lose(queue, queue.cells, f"worker {number}", "SIGKILL")
    queue.take_rows()
    (row,) = read_rows(queue.csv).to_dict("records")
    assert (row["status"], row["seed"], row["look"]) == ("failed", 3, 2)


def test_what_a_damaged_storage_says_of_losses_is_named(make_queue: MakeQueue) -> None:
    queue = make_queue()
    queue.enqueue_missing([CELL])
    name = f"lost {CELL.configuration.digest()} {CELL.seed}"
    for damaged in ("x", 5, [1], {"run 0": [1]}, None):
        queue.cells.set_user_attr(name, damaged)
        with pytest.raises(InvalidInput, match=f"'{name}' in the storage of trials is "):
            lose(queue, queue.cells, "worker", "SIGKILL")
        queue.enqueue_missing([CELL])
    for wrong in ("x", 5, {"a": 1}, [[1]]):
        queue.cells.set_user_attr("retried", wrong)
        with pytest.raises(InvalidInput, match="'retried' in the storage of trials is "):
            queue.take_rows()


def test_a_failed_row_has_the_counts_of_another_run_where_there_is_one(
    make_queue: MakeQueue,
) -> None:
    queue = make_queue()
    add_rows(queue.csv, [make_row(4, **CELL.configuration.axes())])
    queue.enqueue_missing([CELL])
    for _ in range(MOST_LOSSES):
        lose(queue, queue.cells, "worker", "SIGKILL")
    queue.take_rows()
    assert read_rows(queue.csv)["trainable_parameters"].tolist() == [556, 556]


def test_a_worker_that_held_nothing_or_had_stored_its_row_is_no_loss_of_a_run(
    make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        claim, "execute", lambda _, c, seed, role, *__: make_row(seed, role, **c.axes())
    )
    queue = make_queue("worker")
    queue.enqueue_missing([CELL])
    assert queue.run_next()
    for worker in ("worker", "another"):
        said = queue.release_lost(worker, "SIGKILL")
        assert said == "a worker was lost to SIGKILL between two runs"
    assert states(queue.cells) == ["COMPLETE"]


def test_what_an_interrupt_or_a_power_cut_leaves_is_no_loss(make_queue: MakeQueue) -> None:
    for _ in range(2 * MOST_LOSSES):
        queue = make_queue()
        queue.enqueue_missing([CELL])
        trial = queue.cells.ask()
        trial.set_user_attr(WORKER, "killed with its command")
        name = f"{queue.cells.study_name.replace(' ', '-')}-{trial.number}.lock"
        (queue.options.place.out / "claims" / name).touch()  # and nobody holds it any more
    queue.enqueue_missing([CELL])
    assert states(queue.cells) == ["FAIL"] * 2 * MOST_LOSSES + ["WAITING"]
    assert not any((queue.options.place.out / "claims").iterdir())
    said = lose(queue, queue.cells, "worker", "SIGKILL")
    assert said.endswith("loss 1 of 3: it is run again")


def test_a_search_goes_on_after_a_configuration_that_kills(
    make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    def execute(_: str, configuration: Any, seed: int, role: str, *__: object) -> Any:
        return make_row(seed, role, **configuration.axes())

    monkeypatch.setattr(claim, "execute", killed)
    for number in range(1, MOST_LOSSES + 1):
        queue = make_queue(f"worker {number}", trials=1)
        queue.enqueue_missing([])
        with pytest.raises(KeyboardInterrupt):
            queue.run_next()
        assert f"loss {number} of 3" in queue.release_lost(f"worker {number}", "SIGKILL")
    monkeypatch.setattr(claim, "execute", execute)
    queue = make_queue("worker", trials=2)
    queue.enqueue_missing([])
    while queue.run_next():
        pass
    rows = read_rows(queue.csv)
    assert sorted(rows["status"]) == ["complete", "failed"]
    assert set(rows["role"]) == {SEARCH}
    assert set(rows["search"]) == {queue.key}
    assert queue.search_state()[0] == 2
    failed = rows.loc[rows["status"] == "failed", "configuration"].tolist()
    queue = make_queue("worker", trials=2, retry_failed=True)
    queue.enqueue_missing([])
    assert queue.run_next()
    assert not queue.run_next()
    again = read_rows(queue.csv)
    assert again["status"].tolist() == ["complete", "complete"]
    assert failed[0] in set(again["configuration"])


def test_a_search_that_kills_before_there_is_a_configuration_is_refused(
    make_queue: MakeQueue,
) -> None:
    queue = make_queue(trials=1)
    queue.enqueue_missing([])
    for _ in range(MOST_LOSSES - 1):
        said = lose(queue, queue.search, "worker", "exit code 1")
        assert said == "a worker was lost to exit code 1 while it drew a configuration"
    with pytest.raises(InvalidInput, match="3 workers were lost while they drew a configuration"):
        lose(queue, queue.search, "worker", "exit code 1")


@pytest.mark.parametrize("drawn", [False, True])
def test_a_lost_run_that_is_enqueued_again_already_is_not_enqueued_twice(
    make_queue: MakeQueue, drawn: bool
) -> None:
    queue = make_queue(trials=1)
    queue.enqueue_missing([CELL])
    study = queue.cells if drawn else queue.search
    study.ask().set_user_attr(WORKER, "worker")
    name = f"{study.study_name.replace(' ', '-')}-0.lock"
    (queue.options.place.out / "claims" / name).touch()  # which nobody holds
    make_queue(trials=1).enqueue_missing([CELL])
    assert states(study) == ["FAIL", "WAITING"]
    queue.release_lost("worker", "SIGKILL")
    assert states(study) == ["FAIL", "WAITING"]


def test_what_failed_is_run_again_when_it_is_asked_for(
    make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = make_queue()
    queue.enqueue_missing([CELL])
    for _ in range(MOST_LOSSES):
        lose(queue, queue.cells, "worker", "SIGKILL")
    queue.take_rows()
    monkeypatch.setattr(
        claim, "execute", lambda _, c, seed, role, *__: make_row(seed, role, **c.axes())
    )
    again = make_queue(retry_failed=True)
    again.enqueue_missing([CELL])
    assert read_rows(again.csv).empty
    assert again.run_next()
    queue = make_queue()
    queue.enqueue_missing([CELL])
    queue.take_rows()
    assert read_rows(queue.csv)["status"].tolist() == ["complete"]
    assert not queue.run_next()


def test_a_failed_row_gives_way_to_one_that_ended_and_to_no_other(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    failed = make_row(3) | {"status": "failed", "val_accuracy": None, "test_accuracy": None}
    failed |= {"train_accuracy": None, "best_val_accuracy": None, "best_val_epoch": None}
    ended = make_row(3)
    for rows, left in (([failed], "failed"), ([failed, ended], "complete"), ([failed], "complete")):
        add_rows(path, [make_row(2), *rows])
        assert read_rows(path)["status"].tolist() == ["complete", left]


@pytest.mark.parametrize(
    "error", [MemoryError("no room\nat all"), RecursionError("deep"), ValueError(), OSError("no")]
)
def test_an_error_of_a_run_names_it_and_keeps_its_traceback(
    make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def execute(*_: object) -> Any:
        raise error

    monkeypatch.setattr(claim, "execute", execute)
    queue = make_queue()
    queue.enqueue_missing([CELL])
    with pytest.raises(RunError) as raised:
        queue.run_next()
    sentence = str(raised.value)
    first = str(error).partition("\n")[0]
    told = type(error).__name__ + (f": {first}" if first else "")
    assert sentence.startswith(RUN)
    path = queue.options.place.out / "errors" / f"{CELL.configuration.digest()}-3.log"
    assert sentence.endswith(f"with seed 3 ended in {told}; the traceback is in {path}")
    assert "Traceback" in path.read_text()


def test_an_error_of_the_results_folder_stays_what_it_is(
    make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = make_queue()
    folder = queue.options.place.out
    for error in (
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EROFS, "Read-only file system", "elsewhere"),
        PermissionError(errno.EACCES, "Permission denied", str(folder / "weights")),
    ):
        monkeypatch.setattr(claim, "execute", lambda *_, error=error: (_ for _ in ()).throw(error))
        queue.enqueue_missing([CELL])
        with pytest.raises(OSError, match=error.strerror) as raised:
            queue.run_next()
        assert raised.value is error


ARGUMENTS = (
    *("mode_sweep", "--dataset", "digits", "--preset", "smoke", "--trials", "1", "--epochs", "1"),
    *("--jobs", "2", "--seeds", "2", "--modes", "6", "--photons", "3", "--searched", "killer"),
)


def run_killers(folder: Path, way: str | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    changes = {} if way is None else {"KILLER": way}
    return subprocess.run(
        [sys.executable, SHARED / "killers.py", *ARGUMENTS, "--out", folder, *arguments],
        env={**os.environ, **changes},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def rows_of(folder: Path) -> pd.DataFrame:
    """Rows of a mapping that only the commands know."""
    return pd.read_csv(folder / "runs.csv", keep_default_na=False)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["SIGKILL", "exit code 0", "exit code 7"])
def test_a_study_goes_on_after_a_run_that_ends_its_workers(tmp_path: Path, way: str) -> None:
    folder = tmp_path / "out"
    done = run_killers(folder, way)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == MOST_LOSSES
    for number, line in enumerate(lines, 1):
        assert line.startswith(f"a worker was lost to {way} in configuration ")
        assert (
            f"(mapping killer, target cnn2202, dataset digits) with seed 1, loss {number}" in line
        )
    rows = rows_of(folder)
    failed = rows[rows["status"] == "failed"]
    assert failed["seed"].tolist() == [1]
    assert failed["error"].tolist() == [f"3 workers lost to {way}, {way}, {way}"]
    assert len(rows) == 11
    report = (folder / "report.md").read_text()
    assert "0 of them diverged and 1 failed" in report
    assert not any((folder / "claims").iterdir())
    before = (folder / "runs.csv").read_bytes()
    again = run_killers(folder, way)
    assert (again.returncode, again.stderr) == (0, "")
    assert (folder / "runs.csv").read_bytes() == before
    retried = run_killers(folder, None, "--retry-failed")
    assert (retried.returncode, retried.stderr) == (0, "")
    assert set(rows_of(folder)["status"]) == {"complete"}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["MemoryError", "RecursionError", "FileNotFoundError"])
def test_an_error_of_a_mapping_is_one_sentence_and_costs_no_row(tmp_path: Path, way: str) -> None:
    folder = tmp_path / "out"
    done = run_killers(folder, way)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: configuration ")
    assert f"(mapping killer, target cnn2202, dataset digits) with seed 1 ended in {way}" in line
    path = Path(line.rpartition("the traceback is in ")[2])
    assert "killers.py" in path.read_text()
    rows = rows_of(folder)
    assert len(rows) >= 1
    done = run_killers(folder, None)
    assert done.returncode == 0
    assert len(rows_of(folder)) == 11
    assert (folder / "report.md").exists()
