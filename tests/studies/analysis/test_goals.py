"""The table of budgets: what is aimed at, and what is reached."""

import pandas as pd
import pytest
from stored_rows import PLAIN, make_row

from studies.analysis.goals import goals_table, runs_at_budgets
from studies.analysis.results import StudyResults
from studies.catalogue.frontier import STUDY


def arm(budget: int, name: str, accuracies: list[float], **values: object) -> list[dict]:  # type: ignore[type-arg]
    label = f"{budget} parameters: {name}"
    return [
        make_row(seed, label=label, test_accuracy=accuracy, **{"dataset": "mnist", **values})
        for seed, accuracy in enumerate(accuracies)
    ]


SUBSPACE = {**PLAIN, "mapping": "random_subspace:dimension=223"}


@pytest.mark.parametrize(
    ("accuracies", "text"),
    [
        ([0.895] * 10, "89.0 %: met, +0.5 (photonic, read as probabilities)"),
        ([0.88] * 10, "89.0 %: missed, −1.0 (photonic, read as probabilities)"),
        ([0.895] * 9, "89.0 %: open, 9 of 10 seeds"),
        # The mean decides, however the middle of the seeds stands.
        ([0.5, *[0.895] * 10], "89.0 %: missed, −3.1 (photonic, read as probabilities)"),
        ([0.99, *[0.889] * 10], "89.0 %: met, +0.8 (photonic, read as probabilities)"),
    ],
)
def test_a_goal_is_met_missed_or_open(accuracies: list[float], text: str) -> None:
    rows = pd.DataFrame(
        [*arm(223, "photonic", accuracies), *arm(223, "random subspace", [0.99] * 10, **SUBSPACE)]
    )
    (line,) = goals_table(StudyResults(STUDY, rows)).to_dict("records")
    assert line["goal"] == text
    assert line["random subspace"].startswith("99.0 %")
    assert line["paper (600, quoted)"] == "*55.8 % ± 3.3*"


def test_the_best_photonic_family_by_validation_has_the_goal() -> None:
    """Of another one the accuracy on the test images may be higher."""
    families = (("photonic", "whitened", 0.95, 0.9), ("of photons", "mixing", 0.93, 0.92))
    rows = [
        row
        for name, mapping, test, validation in families
        for row in arm(223, name, [test] * 10, mapping=mapping, val_accuracy=validation)
    ]
    (line,) = goals_table(StudyResults(STUDY, pd.DataFrame(rows))).to_dict("records")
    assert line["goal"] == "89.0 %: met, +4.0 (photonic, read as probabilities)"
    assert {"photonic (linearised)", "of photons"} <= set(line)
    of_one = goals_table(StudyResults(STUDY, pd.DataFrame(rows[:10])))
    assert of_one["goal"].tolist() == ["89.0 %: met, +6.0 (photonic, linearised)"]


def test_without_photons_a_goal_is_open() -> None:
    rows = pd.DataFrame(arm(223, "random subspace", [0.99] * 10, **SUBSPACE))
    assert goals_table(StudyResults(STUDY, rows))["goal"].tolist() == [
        "89.0 %: open, 0 of 10 seeds"
    ]


def test_goals_are_those_of_mnist_and_of_the_papers_counts() -> None:
    for dataset, goals in (("mnist", ["89.0 %: met, +1.0", ""]), ("perceval-quest", ["", ""])):
        table = goals_table(StudyResults(STUDY, at_two_budgets(dataset)))
        assert [goal.partition(" (")[0] for goal in table["goal"]] == goals
        assert table["paper (600, quoted)"].tolist() == ["*55.8 % ± 3.3*", ""]


@pytest.mark.parametrize("dataset", ["fashion-mnist", "digits"])
def test_beside_other_images_stand_neither_goals_nor_the_papers_figures(dataset: str) -> None:
    table = goals_table(StudyResults(STUDY, at_two_budgets(dataset)))
    assert table.columns.tolist() == ["at most", "photonic"]
    assert table["at most"].tolist() == ["223", "300"]


def at_two_budgets(dataset: str) -> pd.DataFrame:
    """The paper counts 223 parameters at χ = 1, and has no model of 300."""
    return pd.DataFrame(
        [row for n in (223, 300) for row in arm(n, "photonic", [0.9] * 10, dataset=dataset)]
    )


def test_arms_without_a_budget_and_searches_are_left_out() -> None:
    rows = pd.DataFrame(
        [
            *arm(471, "a smaller CNN", [0.9]),
            make_row(1, label="direct"),
            make_row(0, "search", label="471 parameters: a smaller CNN"),
            *arm(688, "photonic", [0.9], status="diverged"),
        ]
    )
    ((budget, runs),) = runs_at_budgets(StudyResults(STUDY, rows)).items()
    assert (budget, runs["arm"].tolist()) == (471, ["a smaller CNN"])
