"""Readings: arms of as many effective parameters and equal steps, and what is asked of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import torch
from smallest import make_options
from torch import Tensor

from qcnn import PQCNN, QuantumTrain, load_data
from qcnn.samplers.marginals import Marginals
from qcnn.training.phases.natural import inverse_root_of_information
from studies.catalogue.readings import BUDGETS, CANDIDATES, STUDY, tuned
from studies.design.arms import Arm, budget_of
from studies.design.configuration import NATURAL, Configuration, build_model
from studies.design.recipes import effective_phases_of, mapping_parameters_of, phases_of

OPTIONS = make_options(Path(), {"budget": BUDGETS, "candidates": CANDIDATES})
STEPS = (0.045, 0.14, 0.42)
SUBSPACES = ("a random subspace", "a random subspace for each layer")


@pytest.fixture(scope="module")
def candidates() -> Mapping[Arm, Sequence[Configuration]]:
    return tuned(OPTIONS)


def effective(configuration: Configuration) -> int:
    if configuration.trained_phases:
        return phases_of(configuration)  # what is chosen is effective
    return sum(effective_phases_of(size, configuration.space) for size in configuration.sizes)


def test_arms_have_nearly_as_many_effective_phases(
    candidates: Mapping[Arm, Sequence[Configuration]],
) -> None:
    for arm, configurations in candidates.items():
        budget = budget_of(arm.setting)
        assert budget is not None
        for each in configurations:
            if each.without_photons:
                continue
            assert phases_of(each) + mapping_parameters_of(each) <= budget
            assert effective(each) >= 0.94 * budget, arm


def test_all_phases_that_are_trained_by_marginals_are_effective(
    candidates: Mapping[Arm, Sequence[Configuration]],
) -> None:
    for arm, configurations in candidates.items():
        if "marginals" in arm.name:
            assert {each.trained_phases for each in configurations} == {35}
            assert {size for each in configurations for size in each.sizes} == {(9, 4)}
    sampler = PQCNN(9, 4, mesh="minimal", trained=35, seed=1)
    assert Marginals(sampler, 2).effective_phases == 35


def test_every_arm_has_three_rates_on_two_targets(
    candidates: Mapping[Arm, Sequence[Configuration]],
) -> None:
    for arm, configurations in candidates.items():
        assert len(configurations) == CANDIDATES, arm
        rates = {each.learning_rate for each in configurations}
        targets = {each.target for each in configurations}
        assert (len(rates), len(targets)) == (3, 2), arm
        assert max(rates) / min(rates) >= 9
        if arm.name in SUBSPACES:
            assert sorted(rates) == list(STEPS)


def test_a_step_of_roots_is_one_of_the_subspaces(
    candidates: Mapping[Arm, Sequence[Configuration]],
) -> None:
    """The mean square over the weights of what each phase's own turn by the rate changes."""
    for arm, configurations in candidates.items():
        if "√p" not in arm.name or budget_of(arm.setting) != 223:
            continue
        of_target = [each for each in configurations if each.target == configurations[0].target]
        unit = step_of_unit(of_target[0])
        found = sorted(unit * each.learning_rate for each in of_target)
        assert found == pytest.approx(STEPS, rel=0.2), arm


def step_of_unit(configuration: Configuration) -> float:
    model = build_model(configuration, load_data("digits"), 1)
    assert isinstance(model, QuantumTrain)
    layout, samplers = model.layout, model.pqcnns()
    responses = [sampler.response() for sampler in samplers]

    def weights(*probabilities: Tensor) -> Tensor:
        return model.weights_from(list(probabilities)) / layout.scale

    by_probabilities = torch.autograd.functional.jacobian(
        weights, tuple(probabilities.float() for probabilities, _ in responses)
    )
    total = 0.0
    for part, (_, response), sampler in zip(by_probabilities, responses, samplers, strict=True):
        change = part.double() @ response
        if configuration.optimiser == NATURAL:
            change = change @ inverse_root_of_information(sampler)
        total += change.square().sum().item()
    return float((total / layout.weights) ** 0.5)


def test_every_contrast_is_asked_once_and_like_is_first_compared_with_like() -> None:
    asked = Counter(c for question in STUDY.questions for c in question.contrasts)
    assert asked == Counter(STUDY.contrasts)
    names = {(c.first.name, c.second.name) for c in STUDY.questions[0].contrasts}
    assert names == {("√p for each layer, natural gradient", "a random subspace for each layer")}
    others = {c.first.name for c in STUDY.questions[2].contrasts}
    assert len(others) == 4
