"""The frontier: budgets are kept, and what gets fresh seeds is chosen on validation images."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import optuna
import pandas as pd
import pytest
from smallest import changed, make_options
from stored_rows import CONFIGURATION, make_row

from qcnn import InvalidInput, count_parameters, load_data, registry
from studies.analysis.goals import accuracies_at_budgets
from studies.analysis.results import StudyResults
from studies.catalogue.frontier import MAPPINGS, STUDY, best_at_budgets, leads, suggest, tuned
from studies.design.arms import budget_of
from studies.design.configuration import build_model
from studies.design.recipes import mapping_parameters_of, phases_of

OPTIONS = make_options(Path(), {"budget": (80, 223, 688, 3292)})


def point(**changes: object) -> dict[str, object]:
    standard = {"mapping": "mixing", "size": "12x6", "mesh": "rectangular", "layers": 2}
    whitened = {"share": 0.5, "scale": 30.0, "space": "unbunched", "combine": "product"}
    rates = {"target": "cnn2202", "learning_rate": 0.03, "schedule": "cosine"}
    return {**standard, **whitened, **rates, **changes}


@pytest.mark.parametrize("budget", OPTIONS.scope.axes["budget"])
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_every_proposal_keeps_its_budget(budget: int, mapping: str) -> None:
    for size, mesh, space, target in product(
        ("6x3", "12x6"), ("minimal", "rectangular"), ("unbunched", "fock"), ("paper", "2.2")
    ):
        choice = point(
            budget=budget, mapping=mapping, size=size, mesh=mesh, space=space, target=target
        )
        found = suggest(optuna.trial.FixedTrial(choice), OPTIONS)
        count = phases_of(found) + mapping_parameters_of(found)
        assert count <= budget
        if budget <= 688 and mapping == "mps":
            assert 2 * phases_of(found) >= count


def test_a_search_goes_on_where_a_mapping_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Optuna refuses other choices for a parameter of the same search."""
    trials = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    suggest(trials.ask(), OPTIONS)
    monkeypatch.setitem(registry.mappings, "added", registry.mappings["mixing"])
    assert set(MAPPINGS) < set(registry.mappings)
    suggest(trials.ask(), OPTIONS)


def test_every_lead_is_whitened_and_fills_its_budget() -> None:
    for lead in leads(OPTIONS):
        found = suggest(optuna.trial.FixedTrial(lead), OPTIONS)
        assert found.mapping.startswith("whitened")
        assert 0 <= lead["budget"] - phases_of(found) < found.trained_phases


@pytest.mark.parametrize("mapping", ["mixing", "mps", "whitened"])
def test_parameters_are_counted_as_the_model_counts_them(mapping: str) -> None:
    found = suggest(optuna.trial.FixedTrial(point(budget=688, mapping=mapping)), OPTIONS)
    counts = count_parameters(build_model(found, load_data("digits"), 1))
    assert (counts.phases, counts.mapping) == (phases_of(found), mapping_parameters_of(found))


def test_a_budget_without_a_generator_is_refused() -> None:
    assert STUDY.check is not None
    with pytest.raises(InvalidInput, match="budget is 19; allowed are whole numbers from 20"):
        STUDY.check(changed(OPTIONS, axes={"budget": (19, 223)}))


def test_the_best_of_each_budget_is_taken_once_and_the_others_that_none_dominates() -> None:
    tried = [  # trainable parameters, phases, validation accuracy, status
        (200, 190, 0.7, "complete"),
        (210, 190, 0.8, "complete"),
        (220, 190, 0.8, "complete"),  # no better with more
        (640, 600, 0.7, "complete"),
        (600, 100, 0.95, "complete"),  # mostly a mapping
        (650, 640, 0.75, "complete"),
        (660, 640, 0.9, "diverged"),
        (3000, 100, 0.6, "complete"),
    ]
    rows = pd.DataFrame(
        [
            make_row(
                0,
                "search",
                **replace(CONFIGURATION, learning_rate=float(count)).axes(),
                configuration=str(count),
                trainable_parameters=count,
                phases=phases,
                val_accuracy=accuracy,
                status=status,
            )
            for count, phases, accuracy, status in tried
        ]
    )
    found = [(arm.label, c.learning_rate) for arm, c in best_at_budgets(rows, OPTIONS)]
    assert found == [
        ("223 parameters: photonic", 210),
        ("688 parameters: photonic", 220),
        ("3292 parameters: photonic", 600),
        ("finalist", 200),
    ]


def test_classical_arms_have_eight_candidates_that_keep_the_budget() -> None:
    options = changed(OPTIONS, axes={"budget": (223, 3292)})
    data = load_data("digits")
    arms = tuned(options)
    assert {len(candidates) for candidates in arms.values()} == {8}
    for arm, candidates in arms.items():
        counts = [count_parameters(build_model(c, data, 1)).total for c in candidates]
        budget = budget_of(arm.setting)
        assert budget is not None
        assert 0.9 * budget < max(counts) <= budget


def test_the_finding_states_each_arm_at_the_budgets() -> None:
    rows = pd.DataFrame(
        [
            make_row(seed, label=f"{budget} parameters: {arm}", test_accuracy=accuracy)
            for budget, arm, accuracy in ((223, "photonic", 0.5), (1308, "random subspace", 0.75))
            for seed in (1, 2)
        ]
    )
    text = accuracies_at_budgets(StudyResults(STUDY, rows))
    assert "With at most 223 trainable parameters: photonic 50.0 % [50.0, 50.0] (2 seeds)." in text
    assert "With at most 1,308 trainable parameters: random subspace 75.0 %" in text
