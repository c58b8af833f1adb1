"""Adapters: arms at equal counts that start from one network, and what decides the questions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from smallest import changed, make_options

from qcnn import count_parameters, load_data, target_from_text
from qcnn.targets.adapter import Adapter
from studies.catalogue.adapters import (
    ALL_WEIGHTS,
    BUDGETS,
    CANDIDATES,
    LARGEST_LORA,
    OUTPUT_LAYER,
    STUDY,
    tuned,
)
from studies.design.arms import Arm, budget_of
from studies.design.configuration import Configuration, build_model
from studies.design.recipes import mapping_parameters_of, phases_of

OPTIONS = make_options(Path(), {"budget": BUDGETS, "candidates": CANDIDATES})
LORA = "LoRA"


@pytest.fixture(scope="module")
def candidates() -> Mapping[Arm, Sequence[Configuration]]:
    return tuned(OPTIONS)


def trainable(configuration: Configuration) -> int:
    """Counted without building what has photons."""
    if not configuration.without_photons:
        return phases_of(configuration) + mapping_parameters_of(configuration)
    if configuration.mapping == "direct":
        return target_from_text(configuration.target).count_weights((1, 8, 8), 10)
    return int(configuration.mapping.partition("dimension=")[2].partition(",")[0])


def test_every_arm_fills_its_budget(candidates: Mapping[Arm, Sequence[Configuration]]) -> None:
    for arm, configurations in candidates.items():
        budget = budget_of(arm.setting)
        if budget is None:
            assert arm in (ALL_WEIGHTS, OUTPUT_LAYER, LARGEST_LORA)
            continue
        counts = [trainable(each) for each in configurations]
        assert max(counts) <= budget
        # LoRA has what there is of matrices; a fuller one stands before one of another rank.
        assert counts[0] >= 0.96 * budget, arm
        if arm.name != LORA:
            assert min(counts) >= 0.96 * budget, arm


def test_lora_has_the_largest_change_of_each_rank(
    candidates: Mapping[Arm, Sequence[Configuration]],
) -> None:
    found = {
        budget_of(arm.setting): [each.target for each in configurations[:3]]
        for arm, configurations in candidates.items()
        if arm.name == LORA
    }
    assert found == {
        223: [
            "adapter:rank=1,layers=conv2",
            "adapter:rank=4,layers=conv1",
            "adapter:rank=3,layers=conv1",
        ],
        688: [
            "adapter:rank=1,layers=conv2+hidden",
            "adapter:rank=3,layers=conv2",
            "adapter:rank=2,layers=conv1+conv2",
        ],
        1308: [
            "adapter:rank=3,layers=conv2+output",
            "adapter:rank=4,layers=conv1+conv2",
            "adapter:rank=2,layers=conv1+hidden",
        ],
    }


def test_fewer_candidates_are_of_both_ways_to_read_probabilities() -> None:
    few = changed(OPTIONS, axes={"budget": (223,), "candidates": 2})
    for arm, configurations in tuned(few).items():
        assert len(configurations) == 2
        if arm.name == "photons read as probabilities":
            assert [c.mapping.partition(":")[0] for c in configurations] == ["mixing", "roots"]


def test_photons_and_the_random_basis_choose_among_the_same_factors(
    candidates: Mapping[Arm, Sequence[Configuration]],
) -> None:
    for arm, configurations in candidates.items():
        targets = {target_from_text(each.target) for each in configurations}
        if "photons" in arm.name or "basis" in arm.name:
            assert targets == {Adapter(rank=4), Adapter(rank=2)}


def test_what_is_counted_is_what_is_built() -> None:
    smoke = changed(OPTIONS, axes={"budget": (223,), "candidates": 1})
    data = load_data("digits")
    for configurations in tuned(smoke).values():
        (configuration,) = configurations
        model = build_model(configuration, data, 0)
        assert count_parameters(model).total == trainable(configuration)


def test_the_first_question_is_the_studies_own() -> None:
    names = {(c.first.name, c.second.name) for c in STUDY.questions[0].contrasts}
    assert names == {("photons read as probabilities", "a random basis of the factors")}
    assert {c for question in STUDY.questions for c in question.contrasts} <= set(STUDY.contrasts)
    assert len(STUDY.contrasts) <= 25
    assert STUDY.presets["full"].seeds == 12
    assert STUDY.dataset == "fashion-mnist"
