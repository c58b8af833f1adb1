"""The front page opens with the answers to the main questions, in their order."""

from pathlib import Path

from stored_rows import make_row

from studies.analysis.results import StudyResults
from studies.reports.front_page import MAIN_STUDIES, write_front_page
from studies.reports.study_report import read_study
from studies.rows.runs_file import add_rows


def results_of(folder: Path, name: str) -> StudyResults:
    add_rows(folder / name / "runs.csv", [make_row(1, study=name)])
    return read_study(folder / name)


def lines_of(folder: Path, *names: str) -> list[str]:
    page = write_front_page(folder, [results_of(folder, name) for name in names])
    opening = page.read_text().partition("![")[0]
    kept = ("- ", "<details>", "</details>")
    return [line for line in opening.splitlines() if line.startswith(kept)]


def test_the_main_questions_are_eight_to_ten() -> None:
    assert 8 <= len(MAIN_STUDIES) <= 10


def test_main_questions_come_first_in_their_order_and_others_are_folded(tmp_path: Path) -> None:
    found = lines_of(tmp_path, "ablation", "capacity", "mode_sweep", "pqcnn_count")
    places = [line.rpartition("[")[2].partition("]")[0] for line in found]
    assert places[:2] == ["mode_sweep", "ablation"]
    assert found[2] == "<details>"
    assert places[3:5] == ["capacity", "pqcnn_count"]
    assert found[5] == "</details>"


def test_without_a_main_question_nothing_is_folded(tmp_path: Path) -> None:
    assert [line[:2] for line in lines_of(tmp_path, "capacity")] == ["- "]


def test_answers_a_figure_and_links_come_before_what_is_folded_away(tmp_path: Path) -> None:
    text = write_front_page(tmp_path, [results_of(tmp_path, "mode_sweep")]).read_text()
    places = [text.index(part) for part in ("- ", "](figures/families", "claims.md", "<details>")]
    assert places == sorted(places)
    folded = text.partition("<details>")[2]
    assert "Boson samplers" in folded
    assert "](figures/accuracy" in folded
    assert "| model" in folded
    assert text.count("<details>") == text.count("</details>") == 2
