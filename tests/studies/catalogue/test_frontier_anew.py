"""The frontier tuned anew: its arms beside the transferred ones, which are another study's."""

from pathlib import Path

import pandas as pd
import pytest
from smallest import make_options
from stored_rows import make_row

from studies.analysis.results import StudyResults
from studies.catalogue import frontier
from studies.catalogue.frontier_anew import ANEW, STUDY, anew, tuned, what_tuning_brings
from studies.design.arms import budget_of
from studies.reports.study_report import read_study
from studies.rows.runs_file import add_rows

OPTIONS = make_options(Path(), {"budget": frontier.HEADLINES, "candidates": 2})
CONTRAST = ANEW[0]


def test_it_has_the_frontiers_candidates_as_arms_of_its_own() -> None:
    of_frontier = frontier.tuned(OPTIONS)
    found = tuned(OPTIONS)
    assert found == {anew(arm): candidates for arm, candidates in of_frontier.items()}
    assert not found.keys() & of_frontier.keys()
    assert [arm.family for arm in found] == [arm.family for arm in of_frontier]
    (budgets,) = (axis.default for axis in STUDY.axes if axis.name == "budget")
    assert budgets == (223, 688, 3292)


def test_every_arm_is_compared_with_what_was_chosen_on_mnist() -> None:
    arms = frontier.tuned(OPTIONS)
    assert {(c.first, c.second) for c in ANEW} == {(anew(arm), arm) for arm in arms}
    assert list(STUDY.questions[0].contrasts) == list(ANEW)
    assert all(frontier.STUDY.transfers(arm) for arm in arms)
    assert len(STUDY.contrasts) == 24
    for ours, theirs in zip(STUDY.questions[1:], frontier.STUDY.questions, strict=True):
        assert ours.text == theirs.text
        assert [(c.first, c.second) for c in ours.contrasts] == [
            (anew(c.first), anew(c.second))
            for c in theirs.contrasts
            if budget_of(c.setting) in frontier.HEADLINES
        ]


def runs(study: str, first: bool, accuracy: float, **values: object) -> list[dict[str, object]]:
    """Runs of one arm of a contrast under the frontier's fresh seeds."""
    arm = CONTRAST.first if first else CONTRAST.second
    named = {"study": study, "setting": arm.setting, "arm": arm.name, "look": 1}
    return [
        make_row(seed, test_accuracy=accuracy + 0.001 * seed, **{**named, **values})
        for seed in range(11, 23)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Both studies on two datasets, of which the transferred arm is run on one alone."""
    ours = runs("frontier_anew", True, 0.8, dataset="fashion-mnist", learning_rate=0.1)
    digits = runs("frontier_anew", True, 0.5, dataset="digits")
    theirs = runs("frontier", False, 0.7, dataset="fashion-mnist")
    mnist = runs("frontier", False, 0.9, dataset="mnist")
    tried = make_row(0, "search", study="frontier", dataset="fashion-mnist")
    add_rows(tmp_path / "frontier_anew" / "runs.csv", [*ours, *digits])
    add_rows(tmp_path / "frontier" / "runs.csv", [*theirs, *mnist, tried])
    return tmp_path


def test_the_transferred_runs_are_looked_up_in_the_folder_beside(folder: Path) -> None:
    results = read_study(folder / "frontier_anew")
    assert set(results.rows["study"]) == {"frontier_anew"}
    assert set(results.beside["role"]) == {"final"}
    part = results.by_dataset["fashion-mnist"]
    (result,) = part.contrasts
    assert result.contrast == CONTRAST
    assert (result.difference.pairs, result.may_claim) == (12, True)
    assert result.difference.mean == pytest.approx(0.1)
    assert results.by_dataset["digits"].contrasts == ()
    (line,) = what_tuning_brings(part).to_dict("records")
    assert line["at most"] == "223"
    assert line["arm"] == CONTRAST.second.name
    assert line["chosen on mnist"].startswith("71.")
    assert line["tuned anew"].startswith("81.")
    assert line["points"] == "+10.0 [10.0, 10.0]"
    assert line["what is chosen"].endswith("rate 0.1")


def test_runs_of_another_preset_are_not_those_beside(tmp_path: Path) -> None:
    own = runs("frontier_anew", True, 0.8, dataset="fashion-mnist", preset="quick")
    other = runs("frontier", False, 0.7, dataset="fashion-mnist")
    add_rows(tmp_path / "frontier_anew" / "runs.csv", own)
    assert read_study(tmp_path / "frontier_anew").beside.empty
    add_rows(tmp_path / "frontier" / "runs.csv", other)
    assert read_study(tmp_path / "frontier_anew").beside.empty


def test_the_same_choice_is_said_to_be_the_same() -> None:
    rows = pd.DataFrame(runs("frontier_anew", True, 0.8))
    beside = pd.DataFrame(runs("frontier", False, 0.8))
    (line,) = what_tuning_brings(StudyResults(STUDY, rows, beside)).to_dict("records")
    assert line["what is chosen"] == "the same"
    assert line["points"].startswith("+0.0 [")
