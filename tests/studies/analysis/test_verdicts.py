"""Verdicts on claims: decided by intervals and tests, open where the rows do not decide."""

from dataclasses import replace

import pandas as pd
import pytest
from stored_rows import arm, make_row

from studies.analysis.paper import reaches_accuracy
from studies.analysis.results import StudyResults
from studies.analysis.verdicts import (
    all_phases_are_effective,
    better_than_all,
    noise_costs_little,
    validation_is_precise,
)
from studies.catalogue import studies_by_name
from studies.design.study import Contrast, Study

#: Differences from seed to seed, so that intervals have a width.
SPREAD = [0.002 * (seed - 5.5) for seed in range(12)]


def runs(label: str, mean: float, **changed: object) -> list[dict[str, object]]:
    return [
        make_row(seed, label=label, configuration=label, test_accuracy=mean + step, **changed)
        for seed, step in enumerate(SPREAD)
    ]


def study_of(*contrasts: Contrast) -> Study:
    return replace(studies_by_name["capacity"], contrasts=contrasts)


def against(name: str) -> Contrast:
    return Contrast(arm("photonic"), arm(name), "here")


def verdict_of_arms(seeds: int = 12, **means: float) -> str:
    """Of one setting in which ``photonic`` is compared with every other arm."""
    rows = pd.DataFrame([row for name, mean in means.items() for row in runs(name, mean)])
    # A difference that is the same for every seed would have no interval.
    last = rows["seed"] == 11
    rows.loc[last & (rows["arm"] == "photonic"), "test_accuracy"] += 0.001
    study = study_of(*(against(name) for name in means if name != "photonic"))
    return better_than_all(study.contrasts)(StudyResults(study, rows[rows["seed"] < seeds])).text


@pytest.mark.parametrize(
    ("means", "verdict"),
    [
        ({"photonic": 0.9, "a": 0.8, "b": 0.7}, "Holds: here."),
        ({"photonic": 0.9, "a": 0.8, "b": 0.95}, "Does not hold: here (against b)."),
        ({"photonic": 0.9, "a": 0.895}, "Holds: here."),
        ({"photonic": 0.9, "a": 0.9, "b": 0.9}, "Does not hold: here (against a, b)."),
    ],
)
def test_an_advantage_holds_only_against_every_arm(means: dict[str, float], verdict: str) -> None:
    assert verdict_of_arms(**means) == verdict


def test_too_few_pairs_and_wide_intervals_leave_it_open() -> None:
    assert verdict_of_arms(11, photonic=0.9, a=0.8) == "Open: here (shown against 0 of 1)."
    unsteady = [*runs("photonic", 0.9), *runs("a", 0.9)]
    for row in unsteady[::2]:
        row["test_accuracy"] = 0.2 if row["arm"] == "a" and row["seed"] == 4 else 0.9
    study = study_of(against("a"))
    judge = better_than_all(study.contrasts)
    results = StudyResults(study, pd.DataFrame(unsteady))
    assert judge(results).text == "Open: here (shown against 0 of 1)."


def test_an_arm_that_has_not_run_leaves_it_open() -> None:
    study = study_of(against("a"), against("b"))
    rows = pd.DataFrame([*runs("photonic", 0.9), *runs("a", 0.8)])
    judge = better_than_all(study.contrasts)
    assert judge(StudyResults(study, rows)).text == "Open: here (shown against 1 of 2)."


def test_the_cost_of_noise_is_judged_by_its_interval() -> None:
    costs = {"little": 0.01, "much": 0.3, "unclear": 0.03}
    study = study_of(*(Contrast(arm(name), arm("clean"), "mixing") for name in costs))
    rows = [*runs("clean", 0.9)]
    for name, cost in costs.items():
        noisy = runs(name, 0.9 - cost)
        noisy[0]["test_accuracy"] = 0.9 - cost
        rows += noisy
    little, *others = study.contrasts
    judge = noise_costs_little({"trained without it": others, "trained under it": [little]})
    assert judge(StudyResults(study, pd.DataFrame(rows))).text == (
        "Holds: trained under it, mixing (1 of 1 kinds). "
        "Does not hold: trained without it, mixing (1 of 2 kinds). "
        "Open: trained without it, mixing (1 of 2 kinds)."
    )


def test_the_papers_accuracy_is_reached_within_its_deviation() -> None:
    # Quoted: 81.4 ± 2.3, 87.1 ± 2.7 and 95.5 ± 0.8 %.
    unsteady = runs("χ = 3: lean form", 0.99, val_accuracy=0.85)
    unsteady[0]["val_accuracy"] = 0.18
    rows = pd.DataFrame(
        [
            *runs("χ = 2: lean form", 0.5, val_accuracy=0.795),
            *runs("χ = 2: the paper's form", 0.5, val_accuracy=0.4),
            *unsteady,
            *runs("χ = 10: lean form", 0.99, val_accuracy=0.905),
        ]
    )
    results = StudyResults(studies_by_name["bond_dimension"], rows)
    judgement = reaches_accuracy()(results)
    assert judgement.mark == "✗"
    assert judgement.text == (
        "Holds: χ = 2 (lean form). Does not hold: χ = 10 (lean form), 5.0 points less. Open: χ = 3 "
        "(lean form), 7.6 points less."
    )
    assert reaches_accuracy("the paper's form")(results).text == (
        "Does not hold: χ = 2, 41.4 points less."
    )


def test_phases_without_effect_are_counted() -> None:
    study = studies_by_name["bond_dimension"]
    rows = [
        *runs("χ = 2: minimal mesh", 0.5, phases=81, effective_phases=81),
        *runs("χ = 2: lean form", 0.5, phases=128, effective_phases=81),
    ]
    both, minimal = (
        StudyResults(study, pd.DataFrame(each)) for each in (rows, rows[: len(SPREAD)])
    )
    assert all_phases_are_effective(both).text == (
        "Does not hold: of 128 trained phases 81 are effective."
    )
    assert all_phases_are_effective(minimal).mark == "✓"


def test_the_worst_run_in_twenty_is_named() -> None:
    rows = [
        make_row(seed, val_accuracy=0.9 - 0.001 * seed, test_accuracy=0.9) for seed in range(21)
    ]
    study = studies_by_name["mode_sweep"]
    judgement = validation_is_precise(StudyResults(study, pd.DataFrame(rows)))
    assert judgement.text == "Does not hold: one run in twenty is more than 1.9 points off."
    assert validation_is_precise(StudyResults(study, pd.DataFrame(rows[:3]))).mark == "✓"
