"""Every column and sentence of the pages takes its number from the split that it names."""

import pandas as pd
import pytest
from stored_rows import arm, make_row

from studies.analysis.evidence import against_quoted, counted, validation_against_test
from studies.analysis.findings import (
    mappings_and_collapse,
)
from studies.analysis.results import StudyResults, evaluate_contrasts, sentence
from studies.analysis.summaries import summarise, validation_gaps
from studies.analysis.verdicts import validation_is_precise
from studies.catalogue import studies_by_name
from studies.design.study import Contrast
from studies.reports.overview import methods_in
from studies.reports.tables import accuracy_table, arms_table, settings_table

STUDY = studies_by_name["bond_dimension"]


def runs(label: str, seeds: int = 2, configuration: str = "", **values: object) -> pd.DataFrame:
    """Seeds of one model."""
    name = configuration or label
    return pd.DataFrame(
        [make_row(seed, label=label, configuration=name, **values) for seed in range(seeds)]
    )


def test_a_table_shows_each_accuracy_and_count_in_its_column() -> None:
    rows = runs(
        "an arm",
        train_accuracy=0.91,
        val_accuracy=0.82,
        test_accuracy=0.73,
        best_val_accuracy=0.64,
        trainable_parameters=556,
        phases=128,
        effective_phases=81,
        mapping_parameters=428,
    )
    (line,) = accuracy_table(rows, "digits").to_dict("records")
    assert line == {
        "trainable": "556",
        "phases (effective)": "128 (81)",
        "mapping": "428",
        "model": "an arm",
        "epochs": "2",
        "seeds": "2",
        "test": "73.0 % [73.0, 73.0]",
        "validation": "82.0 % [82.0, 82.0]",
        "training": "91.0 % [91.0, 91.0]",
    }
    (means,) = summarise(rows).to_dict("records")
    assert (means["train_accuracy"], means["val_accuracy"], means["test_accuracy"]) == (
        pytest.approx(0.91),
        pytest.approx(0.82),
        pytest.approx(0.73),
    )


def test_runs_that_diverged_are_counted_and_take_no_part() -> None:
    rows = pd.concat(
        [
            runs("an arm", test_accuracy=0.7),
            runs("an arm", 1, status="diverged", test_accuracy=None, val_accuracy=None).assign(
                seed=9
            ),
        ]
    )
    (line,) = accuracy_table(rows, "digits").to_dict("records")
    assert (line["seeds"], line["test"]) == ("2 (+1 diverged)", "70.0 % [70.0, 70.0]")
    (means,) = summarise(rows).to_dict("records")
    assert (means["seeds"], means["diverged"]) == (2, 1)


def test_the_seeds_of_an_arm_stand_beside_their_mean() -> None:
    """Two at chance, one that diverged, and thirteen that train."""
    accuracies = [0.1, 0.1, *(0.80 + 0.01 * seed for seed in range(13))]
    rows = runs("an arm", 15).assign(test_accuracy=accuracies)
    diverged = runs("an arm", 1, status="diverged", test_accuracy=None).assign(seed=99)
    better = runs("b", 3, trainable_parameters=900, test_accuracy=0.9)
    searched = runs("searched", 1, role="search")
    all_rows = pd.concat([better, rows, diverged, searched])
    first, second = arms_table(all_rows, "digits").to_dict("records")
    assert first["model"] == "an arm"
    assert first["failures"] == "3 of 16 [4, 46]"
    assert first["mean"].startswith("75.9 % [")
    assert first["median"].startswith("85.0 % [")
    assert first["interquartile mean"].startswith("85.0 % [")
    assert first["mean where it trains"] == "86.0 % [83.6, 88.4]"
    assert (second["failures"], second["median"]) == ("0 of 3 [0, 71]", "90.0 %")
    assert second["mean where it trains"] == ""
    means = summarise(all_rows).set_index("arm")
    assert means["failures"].to_dict() == {"an arm": 3, "b": 0, "searched": 0}
    assert means["test_median"]["an arm"] == pytest.approx(0.85)
    assert means["test_interquartile"]["an arm"] == pytest.approx(0.85)
    low, middle, high = (
        means[f"test_interquartile{end}"]["an arm"] for end in ("_low", "", "_high")
    )
    assert low < middle < high


def test_lines_stand_in_the_order_of_their_count_and_datasets_apart() -> None:
    rows = pd.concat(
        [
            runs("b", trainable_parameters=1000),
            runs("c", trainable_parameters=900),
            runs("a", trainable_parameters=1000),
            runs("other", dataset="mnist", trainable_parameters=1),
            runs("searched", 1, role="search"),
        ]
    )
    assert accuracy_table(rows, "digits")["model"].tolist() == ["c", "a", "b"]
    settings = settings_table(rows)
    assert settings["model"].tolist() == ["b", "c", "a", "other"]
    assert set(settings["schedule"]) == {"one-cycle, 0.03"}


def test_runs_that_failed_are_counted_and_lend_no_count_of_parameters() -> None:
    """A run that was given up before its model was built has 0 in place of every count."""
    failed = {"status": "failed", "trainable_parameters": 0, "phases": 0, "test_accuracy": None}
    rows = pd.concat(
        [
            pd.DataFrame([make_row(9, label="an arm", configuration="an arm", **failed)]),
            runs("an arm", 2, test_accuracy=0.5, trainable_parameters=556),
            pd.DataFrame([make_row(8, label="an arm", configuration="an arm", status="diverged")]),
        ]
    )
    (line,) = accuracy_table(rows, "digits").to_dict("records")
    assert (line["trainable"], line["test"]) == ("556", "50.0 % [50.0, 50.0]")
    assert line["seeds"] == "2 (+1 failed, +1 diverged)"
    (means,) = summarise(rows).to_dict("records")
    assert (means["seeds"], means["diverged"], means["trainable_parameters"]) == (2, 2, 556)
    (none,) = summarise(rows[:1]).to_dict("records")
    assert (none["seeds"], none["diverged"], none["trainable_parameters"]) == (0, 1, 0)


def test_the_collapse_is_stated_from_before_the_training_by_the_median_phase() -> None:
    start = '{"saturated": 0.98, "response": {"0.5": 2e-07, "0.99": 0.5, "0.01": 0.0}}'
    end = '{"saturated": 0.5, "response": {"0.5": 1.0, "0.99": 1.0, "0.01": 1.0}}'
    rows = pd.concat(
        [
            runs(
                "logit_tanh",
                mapping="logit_tanh",
                test_accuracy=0.1,
                measured=f'{{"start": {start}, "end": {end}}}',
            ),
            runs("mlp", val_accuracy=0.9, test_accuracy=0.4, trainable_parameters=321),
        ]
    )
    text = mappings_and_collapse(StudyResults(STUDY, rows))
    assert "is mlp (321 trainable): 40.0 % [40.0, 40.0] on the test images" in text
    assert "logit_tanh stays at 10.0 % [10.0, 10.0]" in text
    assert "98.0 % of its weights are within 0.001 of −1" in text
    assert "the median phase changes them by 2e-07 per radian" in text


def gaps(accuracies: list[tuple[float, float]]) -> pd.DataFrame:
    """Runs of these validation and test accuracies."""
    return pd.DataFrame(
        [
            make_row(seed, val_accuracy=validation, test_accuracy=test)
            for seed, (validation, test) in enumerate(accuracies)
        ]
    )


def test_validation_is_compared_with_test_run_by_run() -> None:
    rows = gaps([(0.92, 0.9), (0.90, 0.9), (0.96, 0.9), (0.9, 0.4), (0.6, 0.5)])
    # Only runs above 50 % on the test images count: +2, 0 and +6 points.
    assert validation_gaps(rows).tolist() == pytest.approx([0.02, 0.0, 0.06])
    (text,) = validation_against_test(StudyResults(STUDY, rows))
    assert text == (
        "Over 3 runs above 50 % the accuracy on the 600 validation images differs from that on "
        "the 10,000 test images by +2.7 points on average, with a standard deviation of 3.1 "
        "points from run to run."
    )
    assert validation_against_test(StudyResults(STUDY, rows[:1])) == []
    twenty = gaps([(0.9 - 0.001 * n, 0.9) for n in range(101)])
    text = validation_is_precise(StudyResults(STUDY, twenty)).text
    assert text == "Does not hold: one run in twenty is more than 9.5 points off."


def test_the_papers_figure_stands_beside_the_right_splits() -> None:
    rows = runs(
        "χ = 4: lean form",
        val_accuracy=0.9,
        test_accuracy=0.88,
        epochs=8,
        val_accuracy_by_epoch="0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.9",
    )
    assert against_quoted(StudyResults(STUDY, rows)) == [
        "χ = 4: lean form (556 trainable, 8 epochs, 2 seeds): validation 90.0 % [90.0, 90.0], "
        "test 88.0 % [88.0, 88.0]; quoted: 93.3 % ± 0.6 with 688. The last quarter of the epochs "
        "brings +30.0 points of validation."
    ]
    rows.loc[1, ["val_accuracy", "test_accuracy"]] = [0.3, 0.19]
    (text,) = against_quoted(StudyResults(STUDY, rows))
    assert "Seeds that stay below 20 %: 1; the others reach 90.0 % of the validation im" in text
    rows.loc[0, "test_accuracy"] = 0.2  # two in ten is no longer a guess
    assert "Seeds that stay below 20 %: 1;" in against_quoted(StudyResults(STUDY, rows))[0]
    rows["test_accuracy"] = 0.1
    assert "Seeds that stay below 20 %: 2. The last" in against_quoted(StudyResults(STUDY, rows))[0]


def test_phases_are_counted_by_size_and_mesh() -> None:
    rows = pd.concat(
        [
            runs("a", phases=128, effective_phases=81),
            runs("b", phases=81, effective_phases=81, mesh="minimal"),
            runs("c", phases=0, effective_phases=0),
        ]
    )
    assert counted(StudyResults(STUDY, rows)) == [
        "(9,4) (8,4), rectangular mesh: 128 phases are trained, of which 81 are effective.",
        "(9,4) (8,4), minimal mesh: 81 phases are trained, of which 81 are effective.",
    ]


LOSES = Contrast(arm("a"), arm("b"), "χ = 4")
WINS = Contrast(arm("c"), arm("b"), "χ = 4")


def test_a_contrast_names_its_own_counts() -> None:
    def of(label: str, mean: float, **values: object) -> pd.DataFrame:
        found = runs(label, 12, **values)
        return found.assign(test_accuracy=[mean + 0.0001 * seed**2 for seed in range(12)])

    rows = pd.concat(
        [
            of("a", 0.5, val_accuracy=0.9, trainable_parameters=11),
            of("b", 0.7, val_accuracy=0.1, trainable_parameters=22),
            runs("c", 12, trainable_parameters=33).assign(test_accuracy=0.8),
        ]
    )
    first, second = evaluate_contrasts(rows, [LOSES, WINS])
    assert (first.parameters, second.parameters) == ((11, 22), (33, 22))
    assert sentence(second).startswith("at χ = 4, c (33 trainable) against b (22): +9.")


def test_a_run_that_did_not_end_well_is_no_pair() -> None:
    failed = runs("a", 3, status="diverged", test_accuracy=0.0).assign(seed=[7, 8, 9])
    rows = pd.concat([runs("a", 3, test_accuracy=0.6), failed, runs("b", 10, test_accuracy=0.5)])
    (result,) = evaluate_contrasts(rows, [LOSES])
    assert (result.difference.pairs, result.difference.mean) == (3, pytest.approx(0.1))


def test_a_report_says_what_each_mapping_of_its_rows_is_and_in_which_form() -> None:
    mappings = ["mps:bond_dimension=4,form=orthogonal", "direct", "mps:bond_dimension=2"]
    terms = dict(methods_in([*mappings, "of_a_package_that_is_not_installed"]))
    assert list(terms) == ["direct", "mps"]
    assert terms["mps"] == (
        "A weight is a product of χ×χ matrices picked by the bits of its index and by its "
        "probability. Forms here: lean, orthogonal."
    )
    assert terms["direct"].startswith("Every weight is trained")
