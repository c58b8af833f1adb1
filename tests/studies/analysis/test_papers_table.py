"""The paper's table beside rows: what agrees, what does not, and why."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from stored_rows import curve, make_row

from studies.analysis.papers_table.agreement import RULE, Quoted, agreement
from studies.analysis.papers_table.progress import losses, still_falls
from studies.analysis.papers_table.table import papers_table
from studies.analysis.results import StudyResults
from studies.catalogue.papers_schedule import ALONE, SCHEDULE, STUDY
from studies.design.statistics import Interval


@pytest.mark.parametrize(
    ("mean", "half", "seeds", "text"),
    [
        (93.0, 0.1, 3, "agrees"),
        (92.5, 9.0, 3, "agrees"),
        (92.4, 0.5, 3, "open, lower by 0.6"),
        (93.7, 0.3, 10, "open, higher by 0.7"),
        (92.0, 0.4, 3, "lower by 1.0"),
        (94.0, 0.4, 10, "higher by 1.0"),
        (80.0, 0.1, 2, "too few seeds (2)"),
        (80.0, np.nan, 1, "too few seeds (1)"),
    ],
)
def test_the_rule(mean: float, half: float, seeds: int, text: str) -> None:
    """Beside 93.0 ± 0.5."""
    interval = Interval(mean, mean - half, mean + half, seeds)
    assert agreement(interval, Quoted(93.0, 0.5), "{:.1f}".format) == text


def runs(
    name: str, validation: list[float], chi: int = 4, dataset: str = "mnist", **values: Any
) -> list[dict[str, Any]]:
    """Runs of 20 epochs, by default with a training loss of 0.2 that has long been reached."""
    defaults: dict[str, Any] = {
        "train_accuracy": 0.94,
        "test_accuracy": 0.92,
        "train_loss_by_epoch": curve("0.2000", "0.2000", 20),
        "val_loss_by_epoch": curve("0.5000", "0.2680", 20),
        "trainable_parameters": 624,
        "mapping_parameters": 496,
        "epochs": 20,
    }
    return [
        make_row(
            seed,
            label=f"χ = {chi}: {name}",
            dataset=dataset,
            val_accuracy=accuracy,
            **defaults | values,
        )
        for seed, accuracy in enumerate(validation)
    ]


def results_of(*rows: list[dict[str, Any]]) -> StudyResults:
    return StudyResults(STUDY, pd.DataFrame([row for part in rows for row in part]))


def test_the_quoted_line_stands_above_those_of_the_arms() -> None:
    """Quoted at χ = 4: training 93.9 ± 0.45, the 600 93.3 ± 0.62, error 0.068 ± 0.002."""
    table = papers_table(
        results_of(
            runs(SCHEDULE, [0.90, 0.90, 0.91]),
            runs(ALONE, [0.93] * 9 + [0.1], optimiser="adam"),
            runs(ALONE, [0.8], chi=10, trainable_parameters=3228),
        )
    )
    assert table["model"].tolist() == [
        "quoted: the paper",
        ALONE,
        SCHEDULE,
        "quoted: the paper",
        ALONE,
    ]
    quoted, alone, schedule, _, single = table.to_dict("records")
    assert (quoted["trainable"], schedule["trainable"], single["trainable"]) == (
        "688",
        "624",
        "3,228",
    )
    assert quoted["training"] == "93.9 % ± 0.5"
    assert quoted["generalisation error"] == "0.068 ± 0.002"
    assert quoted["verdict"] == quoted["test"] == quoted["seeds"] == ""
    assert schedule["verdict"] == (
        "training agrees; validation lower by 3.0; generalisation error agrees"
    )
    assert schedule["validation"] == "90.3 % [88.9, 91.8]"
    assert (schedule["test"], schedule["seeds"]) == ("92.0 % [92.0, 92.0]", "3")
    assert "validation open, lower by 8.6" in str(alone["verdict"])
    assert single["verdict"] == "too few seeds (1)"


@pytest.mark.parametrize(
    ("loss", "text"),
    [("0.4680", "higher by 0.200"), ("0.2200", "lower by 0.048"), ("0.1000", "lower by 0.168")],
)
def test_the_generalisation_error_is_a_difference_of_losses(loss: str, text: str) -> None:
    validation = curve("0.5000", loss, 20)
    table = papers_table(results_of(runs(SCHEDULE, [0.93] * 3, val_loss_by_epoch=validation)))
    assert table["verdict"].iloc[1].endswith(f"generalisation error {text}")


def test_failed_seeds_are_counted() -> None:
    rows = runs(SCHEDULE, [0.9] * 3)
    rows[1]["test_accuracy"] = 0.1
    assert papers_table(results_of(rows))["failures"].iloc[1] == "1"
    rows[2]["status"] = "diverged"
    line = papers_table(results_of(rows)).iloc[1]
    assert (line["failures"], line["seeds"]) == ("2", "2")
    assert line["verdict"] == "too few seeds (2)"


@pytest.mark.parametrize("dataset", ["digits", "fashion-mnist"])
def test_other_images_have_no_such_table(dataset: str) -> None:
    results = results_of(runs(SCHEDULE, [0.9] * 3, dataset=dataset))
    assert papers_table(results).empty
    assert STUDY.finding is not None
    found = STUDY.finding(results)
    assert found == (
        "χ = 4, the paper's schedule: its training loss no longer falls, 0.200 after a tenth of "
        "the epochs and 0.200 at the end."
    )


def test_the_finding_has_the_verdict_and_what_rows_show_of_its_reasons() -> None:
    assert STUDY.finding is not None
    falling = " ".join(f"{1 / epoch:.4f}" for epoch in range(1, 21))
    schedule = runs(SCHEDULE, [0.80] * 3, train_loss_by_epoch=falling)
    schedule[0]["test_accuracy"] = 0.1
    found = STUDY.finding(results_of(schedule, runs(ALONE, [0.84, 0.86], test_accuracy=0.1)))
    assert found.startswith(
        "χ = 4, the paper's schedule: training agrees; validation lower by 13.3; generalisation "
    )
    assert (
        "1 of 3 seeds did not train; its training loss is still falling, 0.500 after a tenth of "
        "the epochs and 0.050 at the end; Adam alone reaches 85.0 % [72.3, 97.7] of the validation "
        "images with as many epochs, +5.0 points (2 of 2 seeds did not train). The paper "
        "counts 192 phases, of which 128 are trained here. A mean "
    ) in found
    assert found.endswith(RULE)
    alone = STUDY.finding(results_of(runs(ALONE, [0.9] * 3)))
    assert alone == ""


def test_the_losses_are_those_after_a_tenth_and_at_the_end() -> None:
    """Of one epoch both are the same."""
    falling = " ".join(f"{1 - epoch / 100:.4f}" for epoch in range(1, 31))
    long = pd.DataFrame({"train_loss_by_epoch": [falling, falling]})
    assert losses(long) == ("0.970", "0.700")
    assert still_falls(long)
    short = pd.DataFrame({"train_loss_by_epoch": ["0.5000"]})
    assert losses(short) == ("0.500", "0.500")
    assert not still_falls(short)
