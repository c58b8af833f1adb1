"""One contract for every study."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import pytest
from smallest import changed, make_options, smoke_axes

from qcnn import InvalidInput, load_data
from studies.catalogue import register_study, studies_by_name
from studies.design.arms import Arm
from studies.design.choose import candidate_cells
from studies.design.configuration import build_model, configuration_from_axes
from studies.design.recipes import mapping_parameters_of, phases_of
from studies.design.study import Cell, Options, Study
from studies.reports.figures import named_figure, register_figure, registered


def smoke(study: Study, folder: Path) -> Options:
    return make_options(folder, smoke_axes(study), seeds=2, long_seeds=2)


def candidates(study: Study, options: Options) -> list[Cell]:
    return [] if study.tuned is None else candidate_cells(study.tuned(options), options)


@pytest.mark.parametrize("name", sorted(studies_by_name))
def test_cells_build_and_are_paired(name: str, tmp_path: Path) -> None:
    study = studies_by_name[name]
    options = smoke(study, tmp_path)
    if study.check is not None:
        study.check(options)
    assert set(study.presets) == {"smoke", "quick", "full"}
    cells = study.cells(options)
    keys = [(cell.configuration.digest(), cell.seed) for cell in cells]
    assert len(set(keys)) == len(keys), "a run would be done twice"
    arms = {cell.arm for cell in cells}
    for arm in arms:
        of_arm = [cell for cell in cells if cell.arm == arm]
        assert len({cell.configuration.digest() for cell in of_arm}) == 1
        assert sorted(cell.seed for cell in of_arm) == [1, 2]
    tried = candidates(study, options)
    keys += [(cell.configuration.digest(), cell.seed) for cell in tried]
    assert len(set(keys)) == len(keys), "a run would be done twice"
    assert not arms & {cell.arm for cell in tried}
    data = load_data("digits")
    for cell in [*cells[:: options.amount.seeds], *tried]:
        build_model(cell.configuration, data, cell.seed)
        if cell.configuration.optimiser == "adam+cobyla":
            assert cell.configuration.alternating_config(cell.seed).epochs % 5 == 0
        again = configuration_from_axes(cell.configuration.axes())
        assert again.digest() == cell.configuration.digest()


@pytest.mark.parametrize("name", sorted(studies_by_name))
def test_contrasts_name_arms_of_the_full_preset_that_train_equally_long(
    name: str, tmp_path: Path
) -> None:
    study = studies_by_name[name]
    options = make_options(tmp_path, {axis.name: axis.default for axis in study.axes}, long_seeds=2)
    cells = study.cells(options) + candidates(study, options)
    if study.beside:
        other = studies_by_name[study.beside]
        of_other = {axis.name: axis.default for axis in other.axes}
        cells += candidates(other, changed(options, axes=of_other))
        # Arms of both are paired by seed, and those of the other one are run there alone.
        assert study.presets["full"] == other.presets["full"]
        assert not {cell.arm for cell in candidates(other, options)} & {
            cell.arm for cell in candidates(study, options)
        }
    epochs = {cell.arm: cell.configuration.epochs for cell in cells}
    epochs |= dict.fromkeys(arms_of_finalists(study, options), options.scope.epochs)
    for contrast in study.contrasts:
        assert epochs[contrast.first] == epochs[contrast.second]


def arms_of_finalists(study: Study, options: Options) -> set[Arm]:
    """As which arms the best of a search get fresh seeds, were all equally accurate."""
    if study.search is None:
        return set()
    sampler = optuna.samplers.RandomSampler(seed=0)
    trials = optuna.create_study(sampler=sampler)
    rows = []
    for _ in range(200):
        found = study.search.suggest(trials.ask(), options)
        phases = phases_of(found)
        counts = {"phases": phases, "trainable_parameters": phases + mapping_parameters_of(found)}
        known = {"configuration": found.digest(), "status": "complete", "val_accuracy": 0.5}
        known["val_loss_by_epoch"] = "0.5"
        rows.append(found.axes() | counts | known)
    return {arm for arm, _ in study.search.choose_finalists(pd.DataFrame(rows), options)}


def test_sizes_that_no_memory_holds_are_refused_before_anything_runs(tmp_path: Path) -> None:
    study = studies_by_name["mode_sweep"]
    options = smoke(study, tmp_path)
    large = changed(options, axes={**options.scope.axes, "modes": (4, 100), "photons": (2, 40)})
    assert study.check is not None
    study.check(options)
    with pytest.raises(InvalidInput, match="40 photons in 100 modes .* GiB of memory; allowed"):
        study.check(large)


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it."""
    for registry in (studies_by_name, registered):
        list(registry)
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
        monkeypatch.setattr(registry, "_definitions", dict(registry._definitions))


def nothing(_: Any) -> Any:
    """The cells of a study, or a figure."""


@pytest.mark.usefixtures("forgotten")
def test_two_studies_of_one_name_are_refused_and_both_files_are_named() -> None:
    capacity = studies_by_name["capacity"]
    register_study(capacity)
    with pytest.raises(InvalidInput) as caught:
        register_study(replace(capacity, cells=nothing))
    assert str(caught.value) == (
        "the study name 'capacity' is that of the study studies.catalogue.capacity.cells and the "
        f"study {__name__}.nothing asks for it; allowed are names other than "
        f"{', '.join(studies_by_name)}"
    )
    assert studies_by_name["capacity"] is capacity
    with pytest.raises(InvalidInput, match="the study name is '../capacity'; allowed are letters"):
        register_study(replace(capacity, name="../capacity"))


@pytest.mark.usefixtures("forgotten")
@pytest.mark.parametrize("name", ["accuracy", "contrasts"])
def test_two_figures_of_one_file_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        register_figure(name, "Mine.")(nothing)
    said = str(caught.value)
    assert said.startswith(f"the figure name '{name}' is that of the figure studies.reports.")
    assert f".figures.{name}.draw and the figure {__name__}.nothing asks for it; allowed" in said


def test_a_figure_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(InvalidInput, match="figure is 'acuracy'; allowed are accuracy, contrasts,"):
        named_figure("acuracy")
