"""Where arms were trained for several lengths, the longest that is shared decides, everywhere."""

from dataclasses import replace

import pandas as pd
import pytest
from stored_rows import PLAIN, arm, make_row

from studies.analysis.evidence import against_quoted, of_arms
from studies.analysis.findings import accuracies_along
from studies.analysis.goals import accuracies_at_budgets, goals_table
from studies.analysis.paper import reaches_accuracy
from studies.analysis.results import StudyResults, evaluate_contrasts
from studies.catalogue import studies_by_name
from studies.design.arms import labels
from studies.design.study import Contrast, Study

FIRST, SECOND, THIRD = "χ = 4: first", "χ = 4: second", "χ = 4: third"
FIRST_SECOND, FIRST_THIRD = (Contrast(arm(FIRST), arm(other)) for other in (SECOND, THIRD))


#: Axes of what no photons generate.
SUBSPACE = {**PLAIN, "mapping": "random_subspace:dimension=223"}


def runs(
    label: str, by_epochs: dict[int, float], seeds: int = 3, **axes: object
) -> list[dict[str, object]]:
    """Test and validation accuracy of every seed of an arm, by epochs."""
    return [
        make_row(
            seed,
            label=label,
            configuration=f"{label} for {epochs}",
            epochs=epochs,
            test_accuracy=accuracy,
            val_accuracy=accuracy,
            dataset="mnist",
            **axes,
        )
        for epochs, accuracy in by_epochs.items()
        for seed in range(seeds)
    ]


def study_of(*contrasts: Contrast) -> Study:
    return replace(studies_by_name["bond_dimension"], contrasts=contrasts)


def results_of(rows: pd.DataFrame, *contrasts: Contrast) -> StudyResults:
    return StudyResults(study_of(*contrasts), rows)


@pytest.fixture(params=[False, True], ids=["ascending", "descending"])
def rows(request: pytest.FixtureRequest) -> pd.DataFrame:
    """2, 8 and 20 epochs of the first, 2 and 8 of the second, 8 and 40 of the third."""
    found = [
        *runs(FIRST, {2: 0.2, 8: 0.5, 20: 0.9}),
        *runs(SECOND, {2: 0.3, 8: 0.4}),
        *runs(THIRD, {8: 0.45, 40: 0.95}),
    ]
    return pd.DataFrame(found[::-1] if request.param else found)


def test_pairs_are_of_the_longest_training_that_both_have(rows: pd.DataFrame) -> None:
    first, second = evaluate_contrasts(rows, [FIRST_SECOND, FIRST_THIRD])
    assert first.difference.mean == pytest.approx(0.1)
    assert second.difference.mean == pytest.approx(0.05)
    assert first.difference.pairs == second.difference.pairs == 3


def test_arms_of_a_setting_are_stated_after_the_longest_training_that_all_have(
    rows: pd.DataFrame,
) -> None:
    assert of_arms([FIRST_SECOND])(results_of(rows, FIRST_SECOND)) == [
        "χ = 4, test accuracy: first 50.0 % [50.0, 50.0]; second 40.0 % [40.0, 40.0]."
    ]
    every = (FIRST_SECOND, FIRST_THIRD)
    (sentence,) = of_arms(every)(results_of(rows, *every))
    assert "; third 45.0 % " in sentence
    two = rows[labels(rows) != THIRD]
    (sentence,) = of_arms(every)(results_of(two, *every))
    assert sentence.endswith("first 50.0 % [50.0, 50.0]; second 40.0 % [40.0, 40.0].")


def test_arms_that_share_no_training_are_not_put_beside_each_other(rows: pd.DataFrame) -> None:
    words = labels(rows)
    apart = rows[((words == FIRST) & (rows["epochs"] == 20)) | (words == SECOND)]
    assert of_arms([FIRST_SECOND])(results_of(apart, FIRST_SECOND)) == []
    assert evaluate_contrasts(apart, [FIRST_SECOND]) == []


def test_of_each_arm_the_longest_is_kept(rows: pd.DataFrame) -> None:
    longest = results_of(rows).longest
    kept = longest.groupby(labels(longest))["epochs"].agg(["min", "max"])
    assert kept.loc[FIRST].tolist() == [20, 20]
    assert kept.loc[SECOND].tolist() == [8, 8]
    assert kept.loc[THIRD].tolist() == [40, 40]


def test_findings_and_the_papers_table_are_of_the_longest(rows: pd.DataFrame) -> None:
    found = accuracies_along({"Here": {"a": arm(FIRST), "b": arm(SECOND)}})(results_of(rows))
    assert found == (
        "Here: a 90.0 % [90.0, 90.0] (556 trainable, 3 seeds), "
        "b 40.0 % [40.0, 40.0] (556 trainable, 3 seeds)."
    )
    quoted = rows.assign(val_accuracy_by_epoch="0.1 0.2 0.3 0.4 0.5")
    sentences = against_quoted(results_of(quoted))
    assert [s.partition(",")[0].partition(" (")[0] for s in sentences] == [FIRST, SECOND, THIRD]
    assert [s.split(", ")[1] for s in sentences] == ["20 epochs", "8 epochs", "40 epochs"]
    # 93.3 ± 0.6 %: the third's 95 % reach it, and nothing that is shorter does.
    assert reaches_accuracy()(results_of(rows)).text == "Holds: χ = 4 (third)."
    shorter = rows[rows["epochs"] < 40]
    assert (
        reaches_accuracy()(results_of(shorter)).text
        == "Does not hold: χ = 4 (first), 3.3 points less."
    )


@pytest.mark.parametrize(
    ("by_epochs", "seeds", "goal"),
    [
        ({40: 0.9, 8: 0.5}, 10, "89.0 %: met, +1.0 (photonic, read as probabilities)"),
        ({40: 0.88, 8: 0.99}, 10, "89.0 %: missed, −1.0 (photonic, read as probabilities)"),
        ({40: 0.89, 8: 0.5}, 10, "89.0 %: met, +0.0 (photonic, read as probabilities)"),
        # Of two lengths with five seeds each there are ten runs, and five of the longest.
        ({40: 0.9, 8: 0.5}, 5, "89.0 %: open, 5 of 10 seeds"),
    ],
)
def test_goals_are_held_against_the_longest_training(
    by_epochs: dict[int, float], seeds: int, goal: str
) -> None:
    rows = pd.DataFrame(
        [
            *runs("223 parameters: photonic", by_epochs, seeds),
            *runs("223 parameters: random subspace", {40: 0.99}, 10, **SUBSPACE),
        ]
    )
    (line,) = goals_table(results_of(rows)).to_dict("records")
    assert line["goal"] == goal
    accuracy = f"{100 * by_epochs[40]:.1f} %"
    assert line["photonic"].startswith(accuracy)
    assert f"photonic {accuracy}" in accuracies_at_budgets(results_of(rows))
    assert f"({seeds} seeds)" in accuracies_at_budgets(results_of(rows))


def test_a_goal_is_open_while_only_shorter_trainings_than_the_other_arms_are_there() -> None:
    rows = pd.DataFrame(
        [
            *runs("223 parameters: photonic", {8: 0.99}, 10),
            *runs("223 parameters: random subspace", {40: 0.5}, 10, **SUBSPACE),
        ]
    )
    (line,) = goals_table(results_of(rows)).to_dict("records")
    assert line["goal"] == "89.0 %: open, 0 of 10 seeds"
