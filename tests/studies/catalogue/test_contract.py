"""One contract for every mapping, control, baseline and study, as runs of a study have them."""

import json
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
import torch
from kept_weights import evaluate_stored
from queues import Queue
from smallest import make_options, smoke_axes
from stored_rows import CONFIGURATION
from torch import nn

from qcnn import count_parameters, load_data, mapping_names, train
from qcnn.baselines import baseline_names
from qcnn.samplers.controls import GENERATORS
from studies.catalogue import studies_by_name
from studies.design.arms import Arm
from studies.design.configuration import Configuration, build_model, configuration_from_axes
from studies.design.recipes import without_photons
from studies.design.study import Cell, Options
from studies.rows.runs_file import read_rows
from studies.store.opening import open_store

OF_COMPONENTS = {
    **{f"mapping {name}": {"mapping": name} for name in mapping_names()},
    **{f"control {name}": {"generator": name} for name in GENERATORS},
}
BASELINES = baseline_names()
ARM = Arm("a setting", "an arm")


def smoke(name: str, folder: Path) -> Options:
    return make_options(folder, smoke_axes(studies_by_name[name]), long_seeds=1)


def shortest(configuration: Configuration) -> Configuration:
    """One epoch, or round, of large batches at a moderate rate."""
    if configuration.optimiser == "adam+cobyla":
        return replace(configuration, epochs=5)
    return replace(configuration, epochs=1, batch_size=400, learning_rate=0.003)


def numbers_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and buffers; a control's stream of random numbers, which goes on, is none."""
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def check_training(configuration: Configuration) -> None:
    """What is counted as trainable is what the optimiser changes, and nothing else changes."""
    data = load_data("digits")
    model = build_model(configuration, data, 1)
    counts = count_parameters(model)
    before = {name: value.clone() for name, value in numbers_of(model).items()}
    train(model, data, configuration.train_config(1))
    trained = {name for name, value in model.named_parameters() if value.requires_grad}
    changed = {name for name, value in numbers_of(model).items() if (value != before[name]).any()}
    assert changed == {name for name in trained if before[name].numel()}
    assert counts.total == sum(before[name].numel() for name in trained)
    assert counts.phases <= counts.total
    assert counts.effective_phases <= counts.phases


def check_round_trip(name: str, options: Options, cells: list[Cell]) -> None:
    """Runs that pass through the queue and the results file come out as they went in."""
    queue = Queue(studies_by_name[name], options, "worker", open_store(options.place.out, None))
    queue.enqueue_missing(cells)
    while queue.run_next():
        pass
    rows = read_rows(queue.csv)
    stored = {
        (row["configuration"], row["seed"]): {str(k): v for k, v in row.items()}
        for row in rows.to_dict("records")
    }
    assert len(stored) == len(rows) == len(cells)
    for cell in cells:
        row = stored[cell.configuration.digest(), cell.seed]
        assert configuration_from_axes(row) == cell.configuration
        assert (row["setting"], row["arm"]) == (cell.arm.setting, cell.arm.name)
        assert row["status"] == "complete"
        json.loads(row["measured"] or "{}")
        again = evaluate_stored(cell.configuration, cell.seed, options.place.out)
        assert again == row["test_accuracy"]


@pytest.mark.parametrize("name", BASELINES)
def test_baseline(name: str, tmp_path: Path) -> None:
    configuration = shortest(without_photons(replace(CONFIGURATION, target="cnn816"), name))
    if "pruning" not in name:  # what is pruned is trained before: see tests/baselines
        check_training(configuration)
    check_round_trip("ablation", smoke("ablation", tmp_path), [Cell(configuration, 1, ARM)])


@pytest.mark.parametrize("changes", OF_COMPONENTS.values(), ids=OF_COMPONENTS)
def test_component(changes: dict[str, str], tmp_path: Path) -> None:
    configuration = shortest(replace(CONFIGURATION, **changes))
    check_training(configuration)
    cells = [Cell(configuration, 1, ARM)]
    check_round_trip("ablation", smoke("ablation", tmp_path), cells)


#: Studies of which a single run is long: COBYLA asks for its 1,000 evaluations in a round.
LONG = ("bond_dimension", "papers_schedule")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in LONG else name
        for name in sorted(studies_by_name)
    ],
)
def test_study(name: str, tmp_path: Path) -> None:
    options = smoke(name, tmp_path)
    study = studies_by_name[name]
    arms = {cell.arm: cell.configuration for cell in study.cells(options)}
    if study.tuned is not None:
        arms |= {arm: candidates[0] for arm, candidates in study.tuned(options).items()}
    if study.search is not None:
        trials = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        arms[ARM] = study.search.suggest(trials.ask(), options)
    cells = [Cell(shortest(configuration), 1, arm) for arm, configuration in arms.items()]
    distinct = {cell.configuration.digest(): cell for cell in cells}
    check_round_trip(name, options, list(distinct.values()))
