"""What the rows of a study amount to is computed once, and every page reads that."""

from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from stored_rows import make_row

import studies.analysis.results
from studies.analysis.results import Result, StudyResults, evaluate_contrasts
from studies.analysis.summaries import summarise
from studies.catalogue.ablation import STUDY
from studies.design.arms import Arm, is_arm
from studies.design.study import Contrast
from studies.reports.results_folder import write_pages
from studies.reports.study_report import read_study, write_report
from studies.rows.runs_file import add_rows

STUDIES = Path(__file__).parents[3] / "studies"
CONTRAST = STUDY.contrasts[0]
ACCURACIES = {"digits": (0.8, 0.82, 0.79), "mnist": (0.9, 0.91, 0.92)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Both arms of a contrast on two datasets, trained for two lengths, and a search run."""
    rows = [
        make_row(
            seed,
            study="ablation",
            dataset=dataset,
            generator=generator,
            setting=arm.setting,
            arm=arm.name,
            epochs=epochs,
            test_accuracy=accuracy - 0.01 * epochs + 0.02 * place,
        )
        for dataset, accuracies in ACCURACIES.items()
        for place, (arm, generator) in enumerate(
            ((CONTRAST.first, "pqcnn"), (CONTRAST.second, "frozen"))
        )
        for epochs in (2, 4)
        for seed, accuracy in enumerate(accuracies)
    ]
    search = make_row(9, "search", study="ablation", dataset="mnist")
    diverged = make_row(
        8, study="ablation", dataset="mnist", setting="χ = 2", arm="x", status="diverged"
    )
    add_rows(tmp_path / "ablation" / "runs.csv", [*rows, search, diverged])
    return tmp_path


@pytest.fixture
def results(folder: Path) -> StudyResults:
    return read_study(folder / "ablation")


def test_results_show_their_rows_on_each_dataset(results: StudyResults) -> None:
    first, _, *rows = repr(results).splitlines()
    assert first == "StudyResults of ablation: 26 rows"
    assert [row.split() for row in rows] == [["mnist", "14", "12"], ["digits", "12", "12"]]


def test_every_page_reads_contrasts_that_were_computed_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluated: list[tuple[str, ...]] = []
    summed: list[int] = []

    def counting(rows: pd.DataFrame, contrasts: list[Contrast]) -> list[Result]:
        evaluated.append(tuple(sorted(set(rows["dataset"]))))
        return evaluate_contrasts(rows, contrasts)

    def counting_sums(rows: pd.DataFrame) -> pd.DataFrame:
        summed.append(len(rows))
        return summarise(rows)

    monkeypatch.setattr(studies.analysis.results, "evaluate_contrasts", counting)
    monkeypatch.setattr(studies.analysis.results, "summarise", counting_sums)
    results = read_study(folder / "ablation")
    for _ in range(2):
        write_report(results, folder / "ablation")
        texts = [page.read_text() for page in write_pages(folder, [results])]
    assert sorted(evaluated) == [("digits",), ("mnist",)]
    assert len(summed) == 1
    assert all(CONTRAST.second.name in text for text in texts[1:])


def test_no_other_module_evaluates_contrasts() -> None:
    callers = [
        path.name for path in STUDIES.rglob("*.py") if "evaluate_contrasts(" in path.read_text()
    ]
    assert callers == ["results.py"]


def test_each_dataset_has_its_results_once(results: StudyResults) -> None:
    assert list(results.by_dataset) == ["mnist", "digits"]
    for name, part in results.by_dataset.items():
        assert part is results.by_dataset[name]
        assert part.study is results.study
        assert part.contrasts is part.contrasts
        assert part.summary is part.summary
        assert_frame_equal(part.rows, results.rows[results.rows["dataset"] == name])


def test_they_are_what_the_rows_say(results: StudyResults) -> None:
    rows = results.by_dataset["mnist"].rows
    part = StudyResults(STUDY, rows)
    assert set(part.final["status"]) == {"complete"}
    assert set(part.final["role"]) == {"final"}
    assert len(part.final) == 12 == len(rows) - 2
    assert part.longest["epochs"].tolist() == [4] * 6
    (result,) = part.contrasts
    (expected,) = evaluate_contrasts(rows, STUDY.contrasts)
    assert result.contrast == CONTRAST
    assert result.difference == expected.difference
    assert result.difference.mean == pytest.approx(-0.02)
    assert_frame_equal(part.summary, summarise(rows))
    runs = part.runs_of(CONTRAST.first)
    assert is_arm(runs, CONTRAST.first).all()
    assert len(runs) == 6
    assert part.runs_of(Arm("χ = 2", "x")).empty, "it diverged"
