"""One contract for every study."""

from pathlib import Path

import pytest

from qcnn import load_data
from studies.catalogue import studies_by_name
from studies.configuration import build_model, configuration_from_axes
from studies.study import Options, Study


def smoke(study: Study, folder: Path) -> Options:
    preset = study.presets["smoke"]
    axes = {axis.name: preset.axes.get(axis.name, axis.default) for axis in study.axes}
    return Options("digits", 2, 1, 2, 2, 1, 1, 0, folder, axes)


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
    labels = {cell.label for cell in cells}
    for label in labels:
        of_label = [cell for cell in cells if cell.label == label]
        assert len({cell.configuration.digest() for cell in of_label}) == 1
        assert sorted(cell.seed for cell in of_label) == [1, 2]
    data = load_data("digits")
    for cell in cells[:: options.seeds]:
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
    options = smoke(study, tmp_path)
    full = {axis.name: axis.default for axis in study.axes}
    cells = study.cells(Options(**{**vars(options), "axes": full}))
    epochs = {cell.label: cell.configuration.epochs for cell in cells}
    for contrast in study.contrasts:
        assert epochs[contrast.first] == epochs[contrast.second]
