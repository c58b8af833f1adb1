"""The frontier: four families with as many candidates each, at every budget, in the rows."""

from pathlib import Path

import pandas as pd
import pytest
from smallest import changed, make_options
from stored_rows import make_row

from qcnn import InvalidInput, count_parameters, load_data
from studies.analysis.goals import accuracies_at_budgets
from studies.analysis.results import StudyResults
from studies.analysis.summaries import families
from studies.catalogue.frontier import BUDGETS, CANDIDATES, CONTRASTS, STUDY, tuned
from studies.design.arms import PHOTONIC, Family, budget_of
from studies.design.configuration import Configuration, build_model
from studies.design.recipes import mapping_parameters_of, phases_of

OPTIONS = make_options(Path(), {"budget": (80, *BUDGETS, 3500), "candidates": CANDIDATES})
ARMS = tuned(OPTIONS)
READ, LINEARISED, SUBSPACE, CNN = (
    Family.PROBABILITIES,
    Family.LINEARISED,
    Family.COMPRESSED,
    Family.TRAINED,
)


def of_family(family: Family) -> dict[int, list[Configuration]]:
    """The candidates of a family by the budget."""
    found = {}
    for arm, candidates in ARMS.items():
        budget = budget_of(arm.setting)
        if arm.family is family and budget is not None:
            found[budget] = candidates
    return found


def test_every_family_has_as_many_candidates_at_every_budget() -> None:
    found = pd.DataFrame(
        [
            {"budget": arm.setting, "family": arm.family, "count": len({c.digest() for c in each})}
            for arm, each in ARMS.items()
        ]
    )
    table = found.pivot_table(index="budget", columns="family", values="count")
    assert set(table.columns) == {READ, LINEARISED, SUBSPACE, CNN}
    assert table.shape == (7, 4)
    assert (table == CANDIDATES).all(axis=None)
    few = tuned(changed(OPTIONS, axes={"budget": (223,), "candidates": 3}))
    assert {len(each) for each in few.values()} == {3}


def test_families_are_what_the_rows_of_their_candidates_say() -> None:
    for arm, candidates in ARMS.items():
        rows = pd.DataFrame([{**c.axes(), "setting": "", "arm": ""} for c in candidates])
        assert set(families(rows)) == {arm.family}


@pytest.mark.parametrize("budget", [80, *BUDGETS, 3500])
def test_candidates_fill_their_budget_and_do_not_exceed_it(budget: int) -> None:
    for family in PHOTONIC:
        counts = [phases_of(c) + mapping_parameters_of(c) for c in of_family(family)[budget]]
        assert max(counts) <= budget
        assert max(counts) > 0.9 * budget
        if family is LINEARISED:
            assert min(counts) > 0.9 * budget
    data = load_data("digits")
    for family in (SUBSPACE, CNN):
        totals = [
            count_parameters(build_model(c, data, 1)).total for c in of_family(family)[budget][::5]
        ]
        assert max(totals) <= budget


def test_photons_are_read_in_four_ways_and_up_to_688_parameters_most_are_phases() -> None:
    for budget, candidates in of_family(READ).items():
        for each in candidates:
            assert budget > 688 or phases_of(each) >= mapping_parameters_of(each)
        assert len({(each.mapping, each.space, each.target) for each in candidates}) == 4
        names = [each.mapping.partition(":")[0] for each in candidates]
        assert names == [*("mixing",) * 3, "mlp" if budget <= 688 else "mps"] * 3
        assert {each.space for each in candidates} == {"unbunched", "fock"}


def test_rates_leave_room_on_either_side_of_what_was_best() -> None:
    """Of the stored runs: 0.1 to 0.4, a step of a weight; 0.02 and 0.05 of a CNN."""
    for family, low, high in ((SUBSPACE, 0.1, 0.4), (LINEARISED, 0.1 / 30, 0.4 / 30)):
        for candidates in of_family(family).values():
            rates = sorted({each.learning_rate for each in candidates})
            assert len(rates) == 4
            assert rates[0] < low / 2
            assert rates[-1] > 2 * high
    for candidates in of_family(CNN).values():
        rates = sorted({each.learning_rate for each in candidates})
        assert (len(rates) >= 3, rates[0], rates[-1]) == (True, 0.01, 0.1)


def test_linearised_photons_and_subspaces_have_the_same_targets_and_steps() -> None:
    subspaces = of_family(SUBSPACE)
    for budget, candidates in of_family(LINEARISED).items():
        assert [c.target for c in candidates] == [c.target for c in subspaces[budget]]
        steps = [30 * c.learning_rate for c in candidates]
        assert steps == pytest.approx([c.learning_rate for c in subspaces[budget]], rel=0.05)


@pytest.mark.parametrize("family", [READ, LINEARISED])
def test_parameters_are_counted_as_the_model_counts_them(family: Family) -> None:
    for found in of_family(family)[1308][:3]:
        counts = count_parameters(build_model(found, load_data("digits"), 1))
        assert (counts.phases, counts.mapping) == (phases_of(found), mapping_parameters_of(found))


def test_contrasts_and_seeds() -> None:
    """Fresh seeds come after those that were looked at, and the first contrasts are the first."""
    assert [(c.first.family, c.second.family) for c in CONTRASTS[:: len(BUDGETS)]] == [
        (READ, SUBSPACE),
        (LINEARISED, SUBSPACE),
        (READ, CNN),
        (LINEARISED, READ),
    ]
    assert list(STUDY.questions[0].contrasts) == list(CONTRASTS[: len(BUDGETS)])
    full = STUDY.presets["full"]
    assert (STUDY.looks, STUDY.confirmed, full.after) == ((10,), True, 10)
    names = {arm.name for arm in ARMS}
    # Of stored arms, which were chosen otherwise.
    assert not names & {"photonic", "random subspace", "a smaller CNN"}


def test_a_budget_without_a_network_is_refused() -> None:
    assert STUDY.check is not None
    with pytest.raises(InvalidInput, match="budget is 76; allowed for small networks trained by"):
        STUDY.check(changed(OPTIONS, axes={"budget": (76, 223), "candidates": 1}))


def test_the_finding_states_each_arm_at_the_budgets() -> None:
    rows = pd.DataFrame(
        [
            make_row(
                seed, label=f"{budget} parameters: {arm}", test_accuracy=accuracy, mapping=mapping
            )
            for budget, arm, accuracy, mapping in (
                (223, "photonic", 0.5, "whitened"),
                (1308, "random subspace", 0.75, "mixing"),
            )
            for seed in (1, 2)
        ]
    )
    text = accuracies_at_budgets(StudyResults(STUDY, rows))
    assert (
        "With at most 223 trainable parameters: photonic (linearised) 50.0 % [50.0, 50.0] "
        "(2 seeds)." in text
    )
    assert "With at most 1,308 trainable parameters: random subspace 75.0 %" in text
