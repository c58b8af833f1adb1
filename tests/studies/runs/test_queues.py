"""Which commands share trials, what their samplers draw, and what the search goes by."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from planned import options_of
from queues import Queue
from smallest import changed, make_options, smoke_axes
from stored_rows import CONFIGURATION, make_row

from studies.catalogue import studies_by_name
from studies.design.arms import FINALIST
from studies.design.roles import SEARCH
from studies.design.study import Cell, Options, Place, Scope, fresh_seeds
from studies.rows.runs_file import add_rows, read_rows
from studies.store.opening import open_store
from studies.store.trial_states import is_open

NAME = "mode_sweep"
CELL = Cell(replace(CONFIGURATION, epochs=1), 1, FINALIST)
AXES = smoke_axes(studies_by_name[NAME])


def make_queue(options: Options, worker: str = "worker", name: str = NAME) -> Queue:
    store = open_store(options.place.out, options.place.storage)
    return Queue(studies_by_name[name], options, worker, store)


def waiting(queue: Queue) -> tuple[int, int]:
    """Trials of the search and cells that wait."""
    return sum(map(is_open, queue.search.trials)), sum(map(is_open, queue.cells.trials))


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({"seed": 1}, False),
        ({"epochs": 2}, False),
        ({"dataset": "mnist"}, False),
        ({"axes": {**AXES, "budget": 30}}, False),
        ({"axes": {**AXES, "rates": (0.01,)}}, False),
        ({"jobs": 7}, True),
        ({"finalists": 2}, True),
        ({"seeds": 5}, True),
        ({"long_seeds": 5}, True),
    ],
    ids=str,
)
def test_commands_share_trials_where_these_are_the_same_runs(
    tmp_path: Path, change: dict[str, Any], shared: bool
) -> None:
    options = make_options(tmp_path, AXES, trials=2)
    make_queue(options).enqueue_missing([CELL])
    other = make_queue(changed(options, **change))
    assert waiting(other) == ((2, 1) if shared else (0, 0))
    other.enqueue_missing([CELL])
    assert waiting(other) == waiting(make_queue(options)) == (2, 1)


def test_commands_of_earlier_versions_are_gone_on_with(tmp_path: Path) -> None:
    """Their trials lie under the hash of dataset, epochs, seed and axes."""
    preset = options_of(studies_by_name["pqcnn_count"], "quick", tmp_path)
    assert make_queue(preset, name="pqcnn_count").key == "4a8e45024650"
    transfer = Options(Scope("digits", {"transferred from": "mnist"}), Place(tmp_path, jobs=1))
    assert make_queue(transfer).key == "4f1c7d09d660"


def test_another_study_has_a_search_of_its_own(tmp_path: Path) -> None:
    options = make_options(tmp_path, AXES, trials=2)
    make_queue(options).enqueue_missing([])
    assert waiting(make_queue(options, name="frontier")) == (0, 0)


def first_draws(folder: Path, workers: tuple[str, ...], seed: int = 0) -> list[float]:
    """What the sampler of each worker draws first, all of them in one storage."""
    options = make_options(folder, AXES, seed=seed)
    queues = [make_queue(options, worker) for worker in workers]
    return [queue.search.ask().suggest_float("anything", 0, 1) for queue in queues]


def test_workers_draw_from_streams_of_their_own_that_the_seed_fixes(tmp_path: Path) -> None:
    workers = ("first", "second", "third")
    drawn = first_draws(tmp_path / "a", workers)
    assert len(set(drawn)) == 3
    assert first_draws(tmp_path / "b", workers) == drawn
    assert not set(first_draws(tmp_path / "c", workers, seed=1)) & set(drawn)


def test_a_search_goes_for_accurate_models_with_few_parameters(tmp_path: Path) -> None:
    """The directions as the storage holds them, and the values that its trials get."""
    options = make_options(tmp_path, AXES, trials=3)
    queue = make_queue(options)
    # Validation accuracy, trainable parameters, phases among them.
    for accuracy, count, phases in ((0.5, 100, 90), (0.9, 300, 80), (0.4, 200, 85)):
        configuration = replace(CONFIGURATION, learning_rate=float(count))
        row = make_row(
            0,
            "search",
            **configuration.axes(),
            configuration=configuration.digest(),
            train_accuracy=1 - accuracy,
            val_accuracy=accuracy,
            best_val_accuracy=0.95,
            trainable_parameters=count,
            phases=phases,
            effective_phases=50,
            mapping_parameters=count - phases,
            search=queue.key,
        )
        add_rows(queue.csv, [row])
    queue.enqueue_missing([])
    assert waiting(queue) == (0, 0)
    best = [(t.values[0], t.values[1]) for t in queue.search.best_trials]
    assert sorted(best) == [(0.5, 100.0), (0.9, 300.0)]


def test_a_search_of_another_seed_is_not_gone_on_with(tmp_path: Path) -> None:
    options = make_options(tmp_path, AXES, trials=1)
    earlier = make_queue(options)
    add_rows(earlier.csv, [make_row(0, "search", search=earlier.key)])
    for seed, missing in ((0, 0), (1, 1)):
        queue = make_queue(changed(options, seed=seed))
        queue.enqueue_missing([])
        assert waiting(queue) == (missing, 0)
        assert len(queue.search_rows()) == 1 - missing


@pytest.mark.parametrize(
    ("seeds", "expected"), [(0, []), (1, [8]), (3, [8, 9, 10])], ids=["none", "one", "three"]
)
def test_fresh_seeds_are_never_the_searchs_own(
    tmp_path: Path, seeds: int, expected: list[int]
) -> None:
    study = studies_by_name["capacity"]
    options = make_options(tmp_path, smoke_axes(study), seeds=seeds, seed=7)
    cells: Callable[[Options], list[Cell]] = study.cells
    assert sorted({cell.seed for cell in cells(options)}) == expected


def test_seeds_that_were_looked_at_are_not_run_again(tmp_path: Path) -> None:
    study = studies_by_name["capacity"]
    options = make_options(tmp_path, smoke_axes(study), seeds=3, after=16)
    assert {cell.seed for cell in study.cells(options)} == {17, 18, 19}
    full = options_of(studies_by_name["ablation"], "full", tmp_path)
    assert fresh_seeds(full, full.amount.seeds) == range(17, 33)


@pytest.mark.parametrize(("seed", "looks"), [(10, 0), (11, 1), (16, 1), (17, 2)])
def test_a_row_says_how_many_looks_came_before_its_seed(
    tmp_path: Path, seed: int, looks: int
) -> None:
    queue = make_queue(make_options(tmp_path, {}), name="ablation")
    queue.enqueue_missing([replace(CELL, seed=seed), replace(CELL, seed=seed, role=SEARCH)])
    assert queue.run_next()
    assert queue.run_next()
    rows = read_rows(queue.csv).set_index("role")
    assert rows["look"].to_dict() == {"final": looks, "search": 0}


def test_what_a_sampler_and_pruner_are_is_said_in_the_row_of_a_search(tmp_path: Path) -> None:
    options = make_options(tmp_path, AXES, trials=1)
    queue = make_queue(options)
    queue.enqueue_missing([])
    assert isinstance(queue.search.sampler, optuna.samplers.TPESampler)
    assert isinstance(queue.search.pruner, optuna.pruners.NopPruner)
    assert queue.run_next()
    (row,) = read_rows(queue.csv).to_dict("records")
    assert (row["role"], row["seed"], row["search"]) == ("search", 0, queue.key)
    assert row["sampler"] == "TPESampler(multivariate, constant_liar)"
    assert row["pruner"] == "NopPruner"


def test_the_sampler_is_what_the_row_of_a_search_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers that do not see each other's running trials would propose the same."""
    asked: dict[str, Any] = {}

    class Recorded(optuna.samplers.TPESampler):
        def __init__(self, **options: Any) -> None:
            asked.update(options)
            super().__init__(**options)

    monkeypatch.setattr("optuna.samplers.TPESampler", Recorded)
    make_queue(make_options(tmp_path, AXES))
    assert (asked.get("multivariate"), asked.get("constant_liar")) == (True, True)
