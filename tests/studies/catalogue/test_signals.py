"""Studies on signals: every target that they name takes images of one row."""

from pathlib import Path

import pytest
import torch
from smallest import make_options

from qcnn.data import Data, _registry, load_data, register_data
from studies.catalogue import ablation, mode_sweep, studies_by_name
from studies.design.arms import Arm
from studies.design.configuration import build_model

PARTS = ("train", "validation", "test")


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> str:
    """A dataset of that name, whose signals are as long as those of mnist-1d."""
    list(_registry.registered)
    for name in ("_entries", "_definitions"):
        monkeypatch.setattr(_registry.registered, name, dict(getattr(_registry.registered, name)))

    @register_data("signals")
    def load_signals() -> Data:
        generator = torch.Generator().manual_seed(0)
        images = {f"{part}_images": torch.rand(20, 1, 1, 40, generator=generator) for part in PARTS}
        labels = {f"{part}_labels": torch.arange(20) % 10 for part in PARTS}
        return Data(name="signals", classes=10, **images, **labels)

    return "signals"


@pytest.mark.parametrize("preset", ["smoke", "quick"])
@pytest.mark.parametrize("name", ["mode_sweep", "ablation", "interference", "frontier"])
def test_every_arm_can_be_built(name: str, preset: str, signals: str, tmp_path: Path) -> None:
    study = studies_by_name[name]
    chosen = study.presets[preset].axes
    axes = {axis.name: chosen.get(axis.name, axis.default) for axis in study.axes}
    options = make_options(tmp_path, axes, dataset=signals, long_seeds=1)
    if study.check is not None:
        study.check(options)
    assert study.tuned is not None
    configurations = [each[0] for each in study.tuned(options).values()]
    configurations += [cell.configuration for cell in study.cells(options)]
    data = load_data(signals)
    for configuration in configurations[:: 1 if preset == "smoke" else 4]:
        assert configuration.dataset == signals
        model = build_model(configuration, data, 1)
        assert model(data.train_images[:2]).shape == (2, 10)


STUDY = studies_by_name["signals"]


@pytest.mark.parametrize("sized", ["smoke", "quick"])
def test_the_study_has_map_and_ablation_at_the_sizes_of_a_preset(
    sized: str, signals: str, tmp_path: Path
) -> None:
    options = make_options(tmp_path, {"sized": sized}, dataset=signals)
    assert STUDY.check is not None
    STUDY.check(options)
    assert STUDY.tuned is not None
    arms: dict[Arm, set[float]] = {}
    for study, changes in ((mode_sweep.STUDY, {"target": "paper"}), (ablation.STUDY, {})):
        axes = {axis.name: axis.default for axis in study.axes} | study.presets[sized].axes
        assert study.tuned is not None
        theirs = study.tuned(make_options(tmp_path, axes | changes, dataset=signals))
        arms |= {arm: {each.learning_rate for each in found} for arm, found in theirs.items()}
    found = STUDY.tuned(options)
    assert {a: {each.learning_rate for each in of_arm} for a, of_arm in found.items()} == arms
    assert {each.dataset for of_arm in found.values() for each in of_arm} == {signals}


def test_what_it_compares_it_runs(signals: str, tmp_path: Path) -> None:
    assert STUDY.tuned is not None
    found = STUDY.tuned(make_options(tmp_path, {"sized": "quick"}, dataset=signals))
    compared = {arm for contrast in STUDY.contrasts for arm in (contrast.first, contrast.second)}
    assert compared <= found.keys()
    assert len(STUDY.contrasts) == sum(len(question.contrasts) for question in STUDY.questions)
    texts = [question.text for question in STUDY.questions]
    questions = (*ablation.STUDY.questions, *mode_sweep.STUDY.questions)
    assert texts == [question.text for question in questions]
    assert all(question.contrasts for question in STUDY.questions)
