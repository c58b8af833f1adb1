"""The paper's claims that its table decides, and what the rows say to them."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from stored_rows import curve, make_row

from studies.analysis.paper import (
    better_by_far,
    compresses_tenfold,
    compression_beside_quoted,
    generalisation_beside_quoted,
    generalises_better,
    reaches_training,
    training_beside_quoted,
)
from studies.analysis.results import StudyResults
from studies.catalogue import compression, studies_by_name
from studies.design.arms import DIRECT

STUDY = studies_by_name["bond_dimension"]
SPREAD = [0.001 * seed for seed in range(12)]
LEAN, PAPER = "χ = 4: lean form", "χ = 4: the paper's form"


def runs(label: str, accuracy: float, **values: Any) -> list[dict[str, Any]]:
    return [
        make_row(seed, label=label, configuration=label, test_accuracy=accuracy + spread, **values)
        for seed, spread in enumerate(SPREAD)
    ]


def losses(label: str, training: float, validation: Sequence[float]) -> list[dict[str, Any]]:
    """Runs with these losses after the last epoch."""
    rows = runs(label, 0.9)
    for row, value in zip(rows, validation, strict=True):
        row["train_loss_by_epoch"] = curve("2.0000", f"{training:.4f}", 2)
        row["val_loss_by_epoch"] = curve("2.0000", f"{value:.4f}", 2)
    return rows


def results_of(*rows: list[dict[str, Any]]) -> StudyResults:
    return StudyResults(STUDY, pd.DataFrame([row for part in rows for row in part]))


def test_the_best_arm_counts_for_the_training_accuracy_too() -> None:
    """Quoted at χ = 4: 93.9 ± 0.5 %."""
    results = results_of(
        runs(LEAN, 0.9, train_accuracy=0.935), runs(PAPER, 0.9, train_accuracy=0.8)
    )
    judgement = reaches_training(results)
    assert (judgement.mark, judgement.text) == ("✓", "Holds: χ = 4 (lean form).")
    lean, paper = training_beside_quoted(results)
    assert lean.startswith("χ = 4: lean form, 93.5 % [93.5, 93.5] where it trains, 12 seeds; ")
    assert paper.endswith("quoted: 93.9 % ± 0.5.")
    low = reaches_training(results_of(runs(LEAN, 0.9, train_accuracy=0.9)))
    assert low.text == "Does not hold: χ = 4 (lean form), 3.9 points less."


@pytest.mark.parametrize(
    ("validation", "mark"), [(0.20, "✓"), (0.50, "✗")], ids=["smaller", "larger"]
)
def test_the_generalisation_error_is_compared_with_the_targets_own(
    validation: float, mark: str
) -> None:
    results = results_of(
        losses(DIRECT.label, 0.0, [0.3 + each for each in SPREAD]),
        losses(LEAN, 0.1, [validation + 0.5 * each for each in SPREAD]),
    )
    assert generalises_better(results).mark == mark
    direct, lean = generalisation_beside_quoted(results)
    assert direct.startswith("direct: 0.305 [")
    assert direct.endswith("12 seeds; quoted: 0.169 ± 0.005.")
    assert lean.startswith(f"χ = 4: lean form: {validation - 0.1 + 0.00275:.3f} [")


def test_generalisation_errors_that_overlap_leave_it_open() -> None:
    noise = [0.3 + (0.05 if seed % 2 else -0.05) for seed in range(12)]
    results = results_of(losses(DIRECT.label, 0.0, [0.3] * 12), losses(LEAN, 0.0, noise))
    assert generalises_better(results).text == "Open: χ = 4 (lean form)."


@pytest.mark.parametrize(
    ("parameters", "accuracy", "mark"),
    [(600, 0.97, "✓"), (600, 0.90, "✗"), (700, 0.97, "✗")],
)
def test_tenfold_compression_needs_a_tenth_of_the_parameters_and_most_of_the_accuracy(
    parameters: int, accuracy: float, mark: str
) -> None:
    results = results_of(
        runs(DIRECT.label, 0.98, trainable_parameters=6690),
        runs(LEAN, accuracy, trainable_parameters=parameters),
    )
    assert compresses_tenfold(results).mark == mark
    quoted, lean = compression_beside_quoted(results)
    assert quoted == (
        "Quoted: 9.7 times fewer parameters and a relative loss of 3.7 %, both by the paper's own "
        "table."
    )
    assert lean.startswith(f"χ = 4: lean form, {6690 / parameters:.1f} times fewer parameters")


def test_seeds_that_fail_are_no_loss_of_accuracy() -> None:
    lean = runs(LEAN, 0.975, trainable_parameters=600)
    lean[0]["test_accuracy"] = 0.1
    results = results_of(runs(DIRECT.label, 0.98, trainable_parameters=6690), lean)
    assert "loss 0.5 %" in compression_beside_quoted(results)[1]
    assert "11 seeds that train" in compression_beside_quoted(results)[1]
    # Of which a claim would need one more.
    assert compresses_tenfold(results).mark == "?"


def test_without_the_target_itself_nothing_is_compressed() -> None:
    assert compresses_tenfold(results_of(runs(LEAN, 0.9))).mark == "?"


@pytest.mark.parametrize(("lead", "mark"), [(0.08, "✓"), (0.03, "✗")])
def test_six_points_are_asked_of_the_interval(lead: float, mark: str) -> None:
    contrasts = compression.AGAINST_TUNED
    rows = [
        *runs(contrasts[0].first.label, 0.8 + lead),
        *(row for contrast in contrasts for row in runs(contrast.second.label, 0.8)),
    ]
    for row in rows[:12]:
        row["test_accuracy"] += 0.001 * (row["seed"] % 2)
    results = StudyResults(compression.STUDY, pd.DataFrame(rows))
    assert better_by_far(contrasts)(results).mark == mark
    few = StudyResults(compression.STUDY, pd.DataFrame(rows).query("seed < 11"))
    assert better_by_far(contrasts)(few).mark == "?"
