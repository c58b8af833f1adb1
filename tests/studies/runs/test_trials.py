"""Runs as trials: what a queue holds, and what becomes of a run that diverges."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from queues import Queue
from smallest import changed, make_options, smoke_axes
from stored_rows import CONFIGURATION, make_row

from qcnn import EpochRecord, InvalidInput
from qcnn.training.steps import record_epoch
from studies.catalogue import studies_by_name
from studies.design.arms import FINALIST, Arm
from studies.design.roles import FINAL
from studies.design.study import Cell, Options
from studies.rows.runs_file import add_rows, read_rows
from studies.runs.execute import checkpoint_path, execute
from studies.runs.plan import enqueue_again
from studies.store.opening import open_store
from studies.store.trial_states import is_open


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return make_options(tmp_path, smoke_axes(studies_by_name["mode_sweep"]))


def make_queue(options: Options, worker: str = "worker") -> Queue:
    store = open_store(options.place.out, options.place.storage)
    return Queue(studies_by_name["mode_sweep"], options, worker, store)


def test_a_command_leaves_what_another_one_has_waiting(options: Options) -> None:
    cell = Cell(replace(CONFIGURATION, epochs=1), 1, FINALIST)
    make_queue(options).enqueue_missing([cell])
    other = make_queue(changed(options, epochs=2))
    assert not other.run_next()
    assert read_rows(options.place.out / "runs.csv").empty
    assert sum(map(is_open, make_queue(options).cells.trials)) == 1


def test_a_cell_is_queued_once_and_never_after_its_row(options: Options) -> None:
    cell = Cell(replace(CONFIGURATION, epochs=1), 1, FINALIST)
    for worker in ("first", "second"):
        make_queue(options, worker).enqueue_missing([cell, cell])
    queue = make_queue(options)
    assert sum(map(is_open, queue.cells.trials)) == 1
    assert queue.run_next()
    queue.enqueue_missing([cell])
    assert not queue.run_next()
    assert len(read_rows(options.place.out / "runs.csv")) == 1


def test_a_journal_of_an_earlier_version_is_gone_on_from(options: Options) -> None:
    cell = Cell(replace(CONFIGURATION, epochs=1), 1, FINALIST)
    queue = make_queue(options)
    earlier = optuna.create_study(
        study_name=f"cells {queue.key}", storage=queue.store.storage, direction="maximize"
    )
    attributes = {"cell": '{"axes": {}, "seed": 1}', "row": {"status": "complete"}}
    earlier.add_trial(optuna.trial.create_trial(value=0.5, user_attrs=attributes))
    axes = cell.configuration.axes()
    add_rows(queue.csv, [make_row(1, configuration=cell.configuration.digest(), **axes)])
    before = queue.csv.read_bytes()
    queue.enqueue_missing([cell])
    queue.take_rows()
    assert not queue.run_next()
    assert queue.csv.read_bytes() == before


def test_leads_come_first_and_outlive_their_worker(options: Options) -> None:
    mode_sweep = studies_by_name["mode_sweep"]
    assert mode_sweep.search is not None
    search = replace(mode_sweep.search, leads=lambda _: [{"rate": 0.5}, {"rate": 0.25}])
    store = open_store(options.place.out, options.place.storage)
    study = replace(mode_sweep, search=search)
    queue = Queue(study, changed(options, trials=3), "worker", store)
    queue.enqueue_missing([])
    dead = queue.search.ask()
    queue.search.tell(dead, state=optuna.trial.TrialState.FAIL)
    enqueue_again(queue.search, queue.search.trials[dead.number])
    drawn = [queue.search.ask().suggest_float("rate", 0, 1) for _ in range(3)]
    assert (drawn[0], drawn[2]) == (0.25, 0.5)
    assert drawn[1] not in (0.25, 0.5)


_RESULTS = ("val_accuracy", "test_accuracy", "best_val_epoch", "train_loss_by_epoch")
ROUNDS = replace(
    CONFIGURATION, epochs=10, schedule="none", gradient_clip=0.0, optimiser="adam+cobyla"
)


def test_a_run_in_rounds_goes_on_from_its_checkpoint_until_its_row_is_stored(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = []

    def interrupted(*_: object, epoch: int, **options: object) -> None:
        rounds.append(epoch)
        if rounds == [5, 10]:
            raise RuntimeError("interrupted")

    monkeypatch.setattr("qcnn.training.alternate.fit_phases", interrupted)
    cell = Cell(ROUNDS, 1, Arm("", "in rounds"))
    checkpoint = checkpoint_path(options.place.out, ROUNDS.digest(), 1)
    make_queue(options).enqueue_missing([cell])
    with pytest.raises(RuntimeError, match="interrupted"):
        make_queue(options).run_next()
    assert checkpoint.exists()
    make_queue(options).enqueue_missing([cell])
    assert make_queue(options).run_next()
    assert rounds == [5, 10, 10]
    assert not checkpoint.exists()
    (row,) = read_rows(options.place.out / "runs.csv").to_dict("records")
    assert (row["status"], row["epochs"], row["optimiser"]) == ("complete", 10, "adam+cobyla")
    assert len(row["val_accuracy_by_epoch"].split()) == 10
    whole = execute("mode_sweep", ROUNDS, 1, FINAL, options.place.out / "uninterrupted")
    assert {name: whole[name] for name in _RESULTS} == {name: row[name] for name in _RESULTS}


def test_a_run_of_many_epochs_goes_on_from_its_checkpoint_too(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs: list[int] = []

    def interrupted(*arguments: Any) -> EpochRecord:
        epochs.append(arguments[2])
        if epochs == [1, 2, 3]:
            raise RuntimeError("interrupted")
        return record_epoch(*arguments)

    monkeypatch.setattr("studies.runs.execute._LONG", 4)
    monkeypatch.setattr("qcnn.training.train.record_epoch", interrupted)
    cell = Cell(replace(CONFIGURATION, epochs=4), 1, Arm("", "for long"))
    checkpoint = checkpoint_path(options.place.out, cell.key.configuration, 1)
    make_queue(options).enqueue_missing([cell])
    with pytest.raises(RuntimeError, match="interrupted"):
        make_queue(options).run_next()
    assert checkpoint.exists()
    make_queue(options).enqueue_missing([cell])
    assert make_queue(options).run_next()
    assert epochs == [1, 2, 3, 3, 4]
    assert not checkpoint.exists()
    (row,) = read_rows(options.place.out / "runs.csv").to_dict("records")
    whole = execute("mode_sweep", cell.configuration, 1, FINAL, options.place.out / "uninterrupted")
    assert {name: whole[name] for name in _RESULTS} == {name: row[name] for name in _RESULTS}


def test_a_short_run_keeps_no_checkpoint(options: Options) -> None:
    folder = options.place.out
    execute("mode_sweep", replace(CONFIGURATION, epochs=2), 1, FINAL, folder)
    assert not (folder / "checkpoints").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schedule": "cosine"}, "schedule is 'cosine'; allowed with optimiser .* is 'none'"),
        ({"gradient_clip": 1.0}, "gradient_clip is 1.0; allowed with optimiser .* is 0.0"),
        ({"phase_learning_rate": 0.1}, "phase_learning_rate is 0.1; allowed with .* is 0.0"),
        ({"epochs": 7}, "epochs is 7; allowed with optimiser 'adam.cobyla' are multiples of 5"),
        ({"mapping": "direct", "input": "none"}, "the model has 0 trainable phases; allowed"),
    ],
)
def test_what_the_alternation_does_not_have_is_refused(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        execute("mode_sweep", replace(ROUNDS, **change), 1, FINAL, tmp_path)


def test_an_unknown_optimiser() -> None:
    with pytest.raises(InvalidInput, match="optimiser is 'sgd'; allowed are adam, natural"):
        replace(CONFIGURATION, optimiser="sgd")


def test_a_run_that_diverges_is_a_row(tmp_path: Path) -> None:
    wild = replace(CONFIGURATION, learning_rate=1e6, epochs=2, gradient_clip=0.0)
    row = execute("mode_sweep", wild, 1, FINAL, tmp_path)
    assert row["status"] == "diverged"
    assert row["error"].startswith("training diverged in epoch 1: ")
    add_rows(tmp_path / "runs.csv", [row])
    stored = read_rows(tmp_path / "runs.csv")
    assert stored["test_accuracy"].isna().all()
    assert not (tmp_path / "weights").exists()
