"""Findings: what a study says of its rows in a sentence or two."""

import pandas as pd
from stored_rows import make_row

from studies.analysis.findings import accuracies_along, rates_at_an_edge
from studies.analysis.results import StudyResults
from studies.catalogue.bond_dimension import STUDY
from studies.design.arms import Arm

ARMS = {f"χ = {chi}": Arm("", f"arm {chi}") for chi in range(1, 8)}


def runs(chi: int, accuracies: list[float], epochs: int = 2) -> list[dict[str, object]]:
    return [
        make_row(
            seed,
            label=f"arm {chi}",
            configuration=f"{chi} for {epochs}",
            epochs=epochs,
            trainable_parameters=1000 * chi,
            test_accuracy=accuracy,
        )
        for seed, accuracy in enumerate(accuracies)
    ]


def test_a_sentence_follows_at_most_four_arms_from_end_to_end() -> None:
    rows = pd.DataFrame([row for chi in range(1, 8) for row in runs(chi, [0.2 + chi / 10])])
    finding = accuracies_along({"Here": ARMS, "Elsewhere": {"χ = 1": Arm("", "another arm")}})
    assert finding(StudyResults(STUDY, rows)) == (
        "Here: χ = 1 30.0 % (1,000 trainable, 1 seed), χ = 3 50.0 % (3,000 trainable, 1 seed), "
        "χ = 5 70.0 % (5,000 trainable, 1 seed), χ = 7 90.0 % (7,000 trainable, 1 seed)."
    )


def test_seeds_that_fail_are_no_part_of_an_accuracy() -> None:
    rows = pd.DataFrame([*runs(1, [0.1, 0.8, 0.1]), *runs(2, [0.1, 0.12])])
    assert accuracies_along({"Here": ARMS})(StudyResults(STUDY, rows)) == (
        "Here: χ = 1 80.0 % where it trains, 2 of 3 fail (1,000 trainable, 3 seeds), "
        "χ = 2 11.0 % [0.0, 23.7], 2 of 2 fail (2,000 trainable, 2 seeds)."
    )


def test_of_an_arm_the_longest_training_counts() -> None:
    rows = pd.DataFrame([*runs(2, [0.9, 0.9, 0.9]), *runs(2, [0.6, 0.8], epochs=20)])
    found = accuracies_along({"Here": ARMS})(StudyResults(STUDY, rows))
    assert found.startswith("Here: χ = 2 70.0 % [")
    assert found.endswith("(2,000 trainable, 2 seeds).")


def test_without_fresh_seeds_there_is_nothing_to_say() -> None:
    rows = pd.DataFrame([make_row(0, "search", label="arm 1")])
    found = accuracies_along({"Here": ARMS})(StudyResults(STUDY, rows))
    assert found == ""


def tried(arm: str, rates: list[float], chosen: float, mapping: str) -> list[dict[str, object]]:
    common = {"label": f"471 parameters: {arm}", "mapping": mapping}
    return [
        *(make_row(0, "search", learning_rate=rate, **common) for rate in rates),
        make_row(1, learning_rate=chosen, **common),
        make_row(2, learning_rate=chosen, **common),
    ]


def test_arms_that_chose_a_rate_at_an_edge_are_named() -> None:
    inside = tried("inside", [0.01, 0.03, 0.1], 0.03, "mixing")
    rows = [
        *inside,
        *tried("lowest", [0.01, 0.03, 0.1], 0.01, "mixing"),
        # The rates of another mapping are no neighbours.
        *tried("highest", [0.01, 0.03], 0.03, "mixing"),
        *tried("highest", [0.3], 0.03, "affine")[:1],
        *tried("one rate", [0.01], 0.01, "mixing"),
    ]
    assert rates_at_an_edge(StudyResults(STUDY, pd.DataFrame(rows))) == (
        "Of 3 chosen rates 2 are at an edge of those that were tried, beyond which better ones may "
        "lie: 471 parameters: lowest (0.01 of 0.01 to 0.1), 471 parameters: highest (0.03 of 0.01 "
        "to 0.03)."
    )
    assert rates_at_an_edge(StudyResults(STUDY, pd.DataFrame(inside))) == (
        "None of the 1 chosen rates is at an edge of those that were tried."
    )
    assert rates_at_an_edge(StudyResults(STUDY, pd.DataFrame(inside[3:]))) == ""


def test_rates_of_another_gain_are_no_neighbours() -> None:
    """What is large for one gain is small for another, and neither is at an edge for that."""
    rows = [
        *tried("roots", [0.004, 0.008, 0.016], 0.008, "roots:gain=30"),
        *tried("roots", [0.0012, 0.0025], 0.008, "roots:gain=100")[:2],
    ]
    assert rates_at_an_edge(StudyResults(STUDY, pd.DataFrame(rows))) == (
        "None of the 1 chosen rates is at an edge of those that were tried."
    )
    shared = tried("roots", [0.008], 0.008, "roots:gain=30")
    elsewhere = tried("roots", [0.0025], 0.008, "roots:gain=100")[:1]
    assert rates_at_an_edge(StudyResults(STUDY, pd.DataFrame([*shared, *elsewhere]))) == ""
