"""The study that asks what the interference of photons contributes."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
import torch
from smallest import changed, make_options
from stored_rows import make_row
from torch import Tensor

from qcnn import QuantumTrain, load_data
from qcnn.samplers.sampler import Sampler
from studies.analysis.results import StudyResults
from studies.catalogue.interference import (
    DISTINGUISHABLE,
    NAMES,
    ONE_PHOTON,
    PHOTONS,
    SETTINGS,
    STUDY,
    arm_of,
    configuration,
    finding,
    tuned,
)
from studies.design.configuration import build_model
from studies.design.study import Options

#: Parameters of the matrix product states for 6,690 weights.
MPS_NUMBERS = {"mps2": 110, "mps4": 428}


@pytest.fixture
def options(tmp_path: Path) -> Options:
    axes = {axis.name: axis.default for axis in STUDY.axes}
    return changed(make_options(tmp_path, axes, seeds=2), dataset="digits")


def model_of(options: Options, setting: str, name: str) -> QuantumTrain:
    model = build_model(
        configuration(options, SETTINGS[setting], name, 0.03), load_data("digits"), 1
    )
    assert isinstance(model, QuantumTrain)
    return model


@pytest.mark.parametrize("setting", SETTINGS)
def test_arms_have_equal_effective_counts(setting: str, options: Options) -> None:
    """Of effective phases and what the mapping trains, as nearly as whole samplers allow."""
    counts = {}
    for name in NAMES:
        model = model_of(options, setting, name)
        found = model.parameter_counts()
        samplers = model.pqcnns()
        redundant = model.mapping_choice.count_redundant(
            tuple(sampler.outcomes for sampler in samplers),
            tuple(sampler.effective_phases for sampler in samplers),
        )
        counts[name] = found.effective_phases + found.mapping - redundant
        if setting != "whitened":
            continue
        assert found.phases == found.effective_phases == 210
    assert counts == pytest.approx(dict.fromkeys(NAMES, counts[PHOTONS]), rel=0.02)
    if setting.startswith("mps"):
        phases = {name: count - MPS_NUMBERS[setting] for name, count in counts.items()}
        assert phases == pytest.approx(dict.fromkeys(NAMES, 81), rel=0.04)


def log_jacobian(samplers: Sequence[Sampler], weights: int) -> Tensor:
    """Derivatives of the logarithms of the first joint probabilities by all that is trained."""
    lengths = [sampler.outcomes for sampler in samplers]
    columns = []
    for place, sampler in enumerate(samplers):
        probabilities, jacobian = sampler.response()
        stride = int(torch.tensor(lengths[place + 1 :]).prod())
        own = torch.arange(weights) // stride % lengths[place]
        # The directions that it can take are fewer than the phases of a full mesh.
        left, values, _ = torch.linalg.svd(
            jacobian / probabilities.clamp_min(1e-14)[:, None], full_matrices=False
        )
        effective = values > 1e-6 * values[0]
        columns.append((left[:, effective] * values[effective])[own])
    found = torch.cat(columns, dim=1)
    return found - found.mean(dim=0)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_of_a_product_feels_equally_many_phases(name: str, options: Options) -> None:
    """Two distinguishable (10,5) and (10,4) have 81 of them, and the part that is read 60."""
    model = model_of(options, "mps2", name)
    sizes = torch.linalg.svdvals(log_jacobian(model.pqcnns(), 6690))
    rank = int((sizes > 1e-6 * sizes[0]).sum())
    assert 75 <= rank <= 82  # 81 of the photons, of whose phases all are felt


def test_every_arm_of_a_setting_chooses_among_the_same_rates_by_three_seeds(
    options: Options,
) -> None:
    found = tuned(options)
    assert len(found) == len(NAMES) * len(SETTINGS) == 20
    for setting in SETTINGS.values():
        assert setting.standard in setting.rates[1:-1]
        for name in NAMES:
            candidates = found[arm_of(setting, name)]
            assert tuple(each.learning_rate for each in candidates) == setting.rates
    assert STUDY.presets["full"].tuning_seeds == 3
    one = tuned(changed(options, axes={"setting": ("mixing",), "rates": "one"}))
    assert [[each.learning_rate for each in candidates] for candidates in one.values()] == [
        [0.03]
    ] * len(NAMES)


def test_arms_that_are_compared_differ_in_their_samplers_alone(options: Options) -> None:
    own = {"sizes", "trained_phases", "mesh", "generator"}
    for setting in SETTINGS.values():
        photons = configuration(options, setting, PHOTONS, 0.03).axes()
        for name in NAMES[1:]:
            other = configuration(options, setting, name, 0.03).axes()
            assert {axis for axis in other if other[axis] != photons[axis]} <= own
    contrasts = [(c.first, c.second) for c in STUDY.contrasts]
    assert len(set(contrasts)) == 16
    assert {first.name for first, _ in contrasts} == {PHOTONS}


def results_with(accuracies: dict[str, list[float]]) -> StudyResults:
    """Runs with mixing of these arms, by name."""
    rows = [
        make_row(
            seed,
            study="interference",
            setting="mixing",
            arm=arm_of(SETTINGS["mixing"], name).name,
            test_accuracy=accuracy,
            batch_size=128 + NAMES.index(name),
        )
        for name, values in accuracies.items()
        for seed, accuracy in enumerate(values, 1)
    ]
    return StudyResults(STUDY, pd.DataFrame(rows))


def test_the_finding_is_what_interference_makes_of_photons() -> None:
    photons = [0.88 + 0.001 * (seed % 3) for seed in range(16)]
    others = [value - 0.05 for value in photons]
    begins = "Photons minus distinguishable photons, at equal effective counts: with mixing "
    found = finding(results_with({PHOTONS: photons, DISTINGUISHABLE: others, ONE_PHOTON: photons}))
    assert found == f"{begins}+5.0 points [5.0, 5.0] (a difference)."
    for pairs, said in (
        (([0.88], [0.83]), "+5.0 points."),
        (([0.88, 0.88], [0.83, 0.1]), "+5.0 points, failures 0 against 1 of 2."),
        (([0.88], [0.1]), "no seed trains with both, failures 0 against 1 of 1."),
    ):
        found = finding(results_with(dict(zip((PHOTONS, DISTINGUISHABLE), pairs, strict=True))))
        assert found == begins + said
    assert "have yet to be compared" in finding(results_with({PHOTONS: photons}))


def test_questions_part_the_contrasts() -> None:
    asked = [contrast for question in STUDY.questions for contrast in question.contrasts]
    assert len(asked) == len(STUDY.contrasts) == 16
    assert set(asked) == set(STUDY.contrasts)
    read, linearised = STUDY.questions[:2]
    assert [contrast.setting for contrast in read.contrasts] == ["mixing", "χ = 2", "χ = 4"]
    assert [contrast.setting for contrast in linearised.contrasts] == ["whitened"]
