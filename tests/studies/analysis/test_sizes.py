"""What a map of sizes and a search say of modes and photons."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from stored_rows import make_row

from studies.analysis.results import StudyResults
from studies.analysis.sizes import runs_of_map, several, single, what_to_choose
from studies.catalogue import studies_by_name
from studies.design.arms import Arm

STUDY = studies_by_name["mode_sweep"]
SMALL, LARGE, ONE = several((4, 1)), several((12, 6)), single(2)


def runs(arm: Arm, sizes: str, accuracies: Sequence[float], **values: Any) -> list[dict[str, Any]]:
    return [
        make_row(
            seed,
            setting=arm.setting,
            arm=arm.name,
            sizes=sizes,
            mapping="mixing",
            configuration=sizes,
            test_accuracy=accuracy,
            **{"val_accuracy": accuracy, "effective_phases": 218, "mapping_parameters": 2} | values,
        )
        for seed, accuracy in enumerate(accuracies, 1)
    ]


@pytest.fixture
def of_map() -> pd.DataFrame:
    return pd.DataFrame(
        [
            *runs(SMALL, "4x1+4x1+4x1+4x1", [0.86, 0.88]),
            *runs(LARGE, "12x6", [0.80, 0.82]),
            *runs(ONE, "75x2", [0.30, 0.34]),
        ]
    )


def results_of(rows: pd.DataFrame) -> StudyResults:
    return StudyResults(STUDY, rows)


def test_a_run_of_the_map_knows_its_size(of_map: pd.DataFrame) -> None:
    found = runs_of_map(results_of(of_map)).drop_duplicates("arm").set_index("arm")
    columns = ["modes", "photons", "outcomes", "of_a_size"]
    assert found.loc[SMALL.name, columns].tolist() == [4, 1, 16, True]
    assert found.loc[LARGE.name, columns].tolist() == [12, 6, 924, True]
    assert found.loc[ONE.name, columns].tolist() == [75, 2, 2775, False]


def test_the_answer_names_the_best_and_the_worst_size(of_map: pd.DataFrame) -> None:
    text = what_to_choose(results_of(of_map))
    assert text == (
        "At equal cost (216 to 220 effective parameters) and mixing the best of 3 sizes by "
        "validation is 4 × (4,1) (216 effective, 556 trainable), 87.0 % [74.3, 99.7] on the test "
        "images, and the worst (75,2) (220 effective, 556 trainable), 32.0 % [6.6, 57.4] (2 seeds "
        "each). "
        "Up to 1,000 trainable parameters choose 4 × (4,1) → mixing → notebook (556): 87.0 % "
        "[74.3, 99.7]."
    )


def test_the_size_is_chosen_by_validation_and_stated_by_test(of_map: pd.DataFrame) -> None:
    of_map.loc[of_map["arm"] == LARGE.name, "val_accuracy"] = 0.99
    text = what_to_choose(results_of(of_map))
    assert "by validation is (12,6) (220 effective, 556 trainable), 81.0 %" in text


def test_finalists_are_named_where_each_is_the_best_up_to_a_number_of_parameters() -> None:
    finalist = Arm("", "finalist")
    rows = pd.DataFrame(
        [
            *runs(finalist, "4x1", [0.5], trainable_parameters=90),
            *runs(finalist, "6x3", [0.8], trainable_parameters=300),
            *runs(finalist, "8x4", [0.7], trainable_parameters=800),
        ]
    )
    text = what_to_choose(results_of(rows))
    assert text == (
        "Up to 100 trainable parameters choose (4,1) → mixing → notebook (90): 50.0 %; up to 500 "
        "trainable parameters choose (6,3) → mixing → notebook (300): 80.0 %."
    )


def test_what_the_search_has_found_does_not_hide_a_better_size_of_the_map(
    of_map: pd.DataFrame,
) -> None:
    of_map["trainable_parameters"] = 220
    finalists = pd.DataFrame(
        [
            *runs(Arm("", "finalist"), "6x3", [0.6], trainable_parameters=132),
            *runs(Arm("", "finalist"), "8x4", [0.9], trainable_parameters=260),
        ]
    )
    text = what_to_choose(results_of(pd.concat([of_map, finalists], ignore_index=True)))
    assert (
        "p to 250 trainable parameters choose 4 × (4,1) → mixing → notebook (220): 87.0 %" in text
    )
    assert "up to 500 trainable parameters choose (8,4) → mixing → notebook (260): 90.0 %" in text
    assert "(132)" not in text


def test_without_fresh_seeds_it_says_how_many_settings_were_searched() -> None:
    rows = pd.DataFrame([make_row(0, role="search")])
    assert what_to_choose(results_of(rows)) == (
        "1 settings were searched; none has been run with fresh seeds yet."
    )
