"""Runs as trials: what a queue holds, and what becomes of a run that diverges."""

from dataclasses import replace
from pathlib import Path

import pytest
from stored_rows import CONFIGURATION

from studies.catalogue import studies_by_name
from studies.execute import execute
from studies.labels import FINAL
from studies.rows import add_rows, read_rows
from studies.storage import open_store
from studies.study import Cell, Options
from studies.trial_rows import is_open
from studies.trials import TrialQueue


@pytest.fixture
def options(tmp_path: Path) -> Options:
    study = studies_by_name["mode_sweep"]
    axes = {axis.name: axis.default for axis in study.axes} | study.presets["smoke"].axes
    return Options("digits", 0, 1, 1, 0, 1, 1, 0, tmp_path, axes)


def make_queue(options: Options, worker: str = "worker") -> TrialQueue:
    store = open_store(options.out, options.storage)
    return TrialQueue(studies_by_name["mode_sweep"], options, worker, store)


def test_a_command_leaves_what_another_one_has_waiting(options: Options) -> None:
    cell = Cell(replace(CONFIGURATION, epochs=1), 1, "finalist")
    make_queue(options).enqueue_missing([cell])
    other = make_queue(replace(options, epochs=2))
    assert not other.run_next()
    assert read_rows(options.out / "runs.csv").empty
    assert sum(map(is_open, make_queue(options).cells.trials)) == 1


def test_a_cell_is_queued_once_and_never_after_its_row(options: Options) -> None:
    cell = Cell(replace(CONFIGURATION, epochs=1), 1, "finalist")
    for worker in ("first", "second"):
        make_queue(options, worker).enqueue_missing([cell, cell])
    queue = make_queue(options)
    assert sum(map(is_open, queue.cells.trials)) == 1
    assert queue.run_next()
    queue.enqueue_missing([cell])
    assert not queue.run_next()
    assert len(read_rows(options.out / "runs.csv")) == 1


def test_a_run_that_diverges_is_a_row(tmp_path: Path) -> None:
    wild = replace(CONFIGURATION, mapping="mlp", learning_rate=1e30, epochs=2, gradient_clip=0.0)
    row = execute("mode_sweep", wild, 1, FINAL, tmp_path)
    assert row["status"] == "diverged"
    assert row["error"].startswith("training diverged in epoch 1: ")
    add_rows(tmp_path / "runs.csv", [row])
    stored = read_rows(tmp_path / "runs.csv")
    assert stored["test_accuracy"].isna().all()
    assert not (tmp_path / "weights").exists()
