"""Arms that choose among candidates on the validation images."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from drawing import draw
from queues import Queue
from smallest import changed, make_options
from stored_rows import CONFIGURATION, make_row

from qcnn import smaller_targets
from studies.catalogue import studies_by_name
from studies.design.arguments import MOST_TUNING_SEEDS, SEED, SEEDS
from studies.design.arms import Arm, at_budget
from studies.design.choose import best_first, candidate_cells, chosen_cells, tuning_seeds
from studies.design.configuration import Configuration
from studies.design.recipes import without_photons
from studies.design.roles import FINAL, SEARCH
from studies.design.study import Options, fresh_seeds
from studies.rows.runs_file import add_rows, read_rows
from studies.store.opening import open_store

RATES_TRIED = (0.01, 0.03, 0.1)
FIRST, SECOND = Arm("here", "first"), Arm("", "second")
CANDIDATES = {
    FIRST: [replace(CONFIGURATION, learning_rate=rate) for rate in RATES_TRIED],
    SECOND: [
        replace(without_photons(CONFIGURATION), learning_rate=rate, epochs=1)
        for rate in RATES_TRIED
    ],
}


@pytest.fixture
def options(tmp_path: Path) -> Options:
    axes = {axis.name: axis.default for axis in studies_by_name["compression"].axes}
    return make_options(tmp_path, axes, seeds=2, seed=7)


def rows_with(folder: Path, accuracies: dict[Arm, list[float | None]], seed: int) -> pd.DataFrame:
    """Rows of every candidate with these validation accuracies, None for one that diverged."""
    for arm, values in accuracies.items():
        for configuration, value in zip(CANDIDATES[arm], values, strict=True):
            changes = configuration.axes() | {"configuration": configuration.digest()}
            status = "diverged" if value is None else "complete"
            row = make_row(seed, SEARCH, **changes) | {"status": status, "val_accuracy": value}
            add_rows(folder / "runs.csv", [row | {"setting": arm.setting, "arm": arm.name}])
    return read_rows(folder / "runs.csv")


def chosen(rows: pd.DataFrame, options: Options) -> dict[Arm, set[float]]:
    cells = chosen_cells(CANDIDATES, rows, options)
    assert {(cell.arm, cell.seed) for cell in cells} == {
        (arm, seed) for arm in CANDIDATES for seed in (8, 9)
    }
    assert {cell.role for cell in cells} == {FINAL}
    return {
        arm: {c.configuration.learning_rate for c in cells if c.arm == arm} for arm in CANDIDATES
    }


def test_every_candidate_is_tried_once_under_the_seed_of_the_search(options: Options) -> None:
    cells = candidate_cells(CANDIDATES, options)
    assert [cell.configuration for cell in cells] == [*CANDIDATES[FIRST], *CANDIDATES[SECOND]]
    assert {(cell.seed, cell.role) for cell in cells} == {(7, SEARCH)}


def test_the_best_on_the_validation_images_gets_the_fresh_seeds(options: Options) -> None:
    accuracies = {FIRST: [0.5, 0.9, 0.8], SECOND: [0.7, 0.2, 0.1]}
    rows = rows_with(options.place.out, accuracies, seed=7)
    assert chosen(rows, options) == {FIRST: {0.03}, SECOND: {0.01}}


def test_of_equal_ones_the_first_and_never_one_that_diverged(options: Options) -> None:
    accuracies: dict[Arm, list[float | None]] = {
        FIRST: [0.5, 0.8, 0.8],
        SECOND: [None, 0.1, None],
    }
    rows = rows_with(options.place.out, accuracies, seed=7)
    assert chosen(rows, options) == {FIRST: {0.03}, SECOND: {0.03}}


def test_tuning_seeds_are_never_fresh_ones(options: Options) -> None:
    assert tuning_seeds(options) == [7]
    several = tuning_seeds(changed(options, tuning_seeds=3))
    assert len(set(several)) == 3
    assert several[0] == 7
    assert not set(several) & set(fresh_seeds(options, SEEDS.most))
    last = changed(options, seed=SEED.most, tuning_seeds=MOST_TUNING_SEEDS)
    assert max(tuning_seeds(last)) < 2**63
    assert not set(tuning_seeds(last)) & set(fresh_seeds(last, SEEDS.most))


def test_every_candidate_is_tried_under_every_tuning_seed(options: Options) -> None:
    several = changed(options, tuning_seeds=3)
    cells = candidate_cells(CANDIDATES, several)
    assert {(cell.configuration, cell.seed) for cell in cells} == set(
        product([*CANDIDATES[FIRST], *CANDIDATES[SECOND]], tuning_seeds(several))
    )
    assert len(cells) == 18
    assert {cell.role for cell in cells} == {SEARCH}


def test_the_best_mean_over_the_tuning_seeds_decides(options: Options) -> None:
    """The highest under one seed fails under another."""
    several = changed(options, tuning_seeds=3)
    for seed, first in zip(
        tuning_seeds(several),
        ([0.7, 0.95, 0.5], [0.7, 0.9, 0.9], [0.8, 0.1, 0.9]),
        strict=True,
    ):
        accuracies: dict[Arm, list[float | None]] = {FIRST: [*first], SECOND: [0.3, None, 0.2]}
        rows = rows_with(options.place.out, accuracies, seed)
    assert chosen(rows, options) == {FIRST: {0.03}, SECOND: {0.01}}  # by the first seed alone
    cells = chosen_cells(CANDIDATES, rows, several)
    assert {(cell.arm, cell.configuration.learning_rate) for cell in cells} == {
        (FIRST, 0.1),
        (SECOND, 0.01),
    }
    assert {cell.seed for cell in cells} == {8, 9}


def test_runs_of_other_seeds_and_final_runs_decide_nothing(options: Options) -> None:
    accuracies = {FIRST: [0.5, 0.9, 0.8], SECOND: [0.7, 0.2, 0.1]}
    rows_with(
        options.place.out, {name: values[::-1] for name, values in accuracies.items()}, seed=8
    )
    best: Configuration = CANDIDATES[FIRST][0]
    changes = best.axes() | {"configuration": best.digest()}
    add_rows(
        options.place.out / "runs.csv", [make_row(7, FINAL, **changes) | {"val_accuracy": 1.0}]
    )
    rows = rows_with(options.place.out, accuracies, seed=7)
    assert chosen(rows, options) == {FIRST: {0.03}, SECOND: {0.01}}


def test_a_candidate_is_a_search_row_that_is_never_done_again(options: Options) -> None:
    cells = candidate_cells({SECOND: CANDIDATES[SECOND]}, options)
    queue = Queue(
        studies_by_name["compression"], options, "worker", open_store(options.place.out, None)
    )
    queue.enqueue_missing(cells)
    while queue.run_next():
        pass
    rows = read_rows(options.place.out / "runs.csv")
    assert rows["learning_rate"].tolist() == list(RATES_TRIED)
    assert set(zip(rows["role"], rows["seed"], rows["setting"], rows["arm"], strict=True)) == {
        (SEARCH, 7, "", "second")
    }
    assert rows["test_accuracy"].isna().all()
    assert not (options.place.out / "weights").exists()
    assert draw("rates", rows) is not None
    queue.enqueue_missing(cells)
    assert not queue.run_next()
    # The same configuration and seed as a final run is another run.
    queue.enqueue_missing([replace(cells[0], role=FINAL)])
    assert queue.run_next()
    assert read_rows(options.place.out / "runs.csv")["role"].tolist() == [*[SEARCH] * 3, FINAL]


def test_of_equally_accurate_rows_the_lowest_validation_loss_comes_first() -> None:
    tried = [  # validation accuracy, losses by epoch
        (0.8, "0.1 0.6"),
        (0.9, "0.1 0.5"),
        (None, ""),
        (0.9, "0.9 0.4"),
        (0.9, "0.2 0.45"),
    ]
    rows = pd.DataFrame(
        [
            make_row(number, "search", val_accuracy=accuracy, val_loss_by_epoch=losses)
            for number, (accuracy, losses) in enumerate(tried)
        ]
    )
    assert best_first(rows)["seed"].tolist() == [3, 4, 1, 0, 2]


def test_a_smaller_network_chooses_among_all_families_at_every_rate(options: Options) -> None:
    rates = (0.01, 0.1)
    axes = {**options.scope.axes, "budget": (223,), "learning_rates": rates}
    tuned = studies_by_name["compression"].tuned
    assert tuned is not None
    arms = tuned(changed(options, axes=axes))
    targets = smaller_targets(225)
    found = [
        (each.target, each.learning_rate) for each in arms[Arm(at_budget(223), "a smaller CNN")]
    ]
    assert sorted(found) == sorted(product(targets, rates))
    assert len(targets) == 4
    assert len(arms[Arm(at_budget(223), "photonic, mixing")]) == len(rates)
