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
        # LoRA has what there is of matrices; the fullest one stands first.
        assert counts[0] >= 0.96 * budget, arm
        if arm.name != LORA:
            assert min(counts) >= 0.96 * budget, arm


def test_lora_has_the_fullest_change_and_the_one_of_most_layers(
    candidates: Mapping[Arm, Sequence[Configuration]],
) -> None:
    of_lora = {arm.setting: found for arm, found in candidates.items() if arm.name == LORA}
    found = {
        budget_of(setting): [(each.target.partition(":")[2], trainable(each)) for each in first_two]
        for setting, (*first_two, _, _, _, _) in of_lora.items()
    }
    assert found == {
        223: [("rank=1,layers=conv2", 216), ("rank=1,layers=output", 210)],
        688: [("rank=1,layers=conv2+hidden", 672), ("rank=1,layers=conv1+conv2+output", 459)],
        1308: [
            ("rank=3,layers=conv2+output", 1278),
            ("rank=1,layers=conv1+conv2+hidden+output", 915),
        ],
    }
    for configurations in of_lora.values():
        for target in {each.target for each in configurations}:
            rates = {each.learning_rate for each in configurations if each.target == target}
            assert rates == {0.1, 0.03, 0.01}
    said = ", ".join(
        f"{first:,} or {second:,} of {budget:,}"
        for budget, ((_, first), (_, second)) in found.items()
    )
    notes = [q.note for q in STUDY.questions if any(c.second.name == LORA for c in q.contrasts)]
    assert len(notes) == 2
    assert all(note.endswith(f"{said}.") for note in notes)


def test_every_arm_at_a_budget_has_as_many_candidates(
    candidates: Mapping[Arm, Sequence[Configuration]],
) -> None:
    for arm, configurations in candidates.items():
        if budget_of(arm.setting) is not None:
            assert len({each.digest() for each in configurations}) == CANDIDATES, arm


def test_linearised_photons_and_their_counterpart_have_the_same_steps_at_both_ranks(
    candidates: Mapping[Arm, Sequence[Configuration]],
) -> None:
    for setting in {arm.setting for arm in candidates if arm.setting}:
        of_setting = {arm.name: each for arm, each in candidates.items() if arm.setting == setting}
        together = of_setting["a random basis of all factors together"]
        linearised = of_setting["linearised photons"]
        assert all(each.mapping.endswith("directions=orthogonal") for each in together)
        assert [each.target for each in together] == [each.target for each in linearised]
        # 30 weights per radian.
        assert [each.learning_rate for each in together] == pytest.approx(
            [30 * each.learning_rate for each in linearised], rel=0.02
        )


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
    read = "photons read as probabilities"
    assert names == {
        (read, "a random basis of each factor"),
        (read, "a random basis of all factors together"),
    }
    assert {c for question in STUDY.questions for c in question.contrasts} == set(STUDY.contrasts)
    assert len(STUDY.contrasts) <= 25
    assert STUDY.presets["full"].seeds == 12
    assert STUDY.dataset == "fashion-mnist"
