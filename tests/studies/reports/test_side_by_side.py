"""What becomes of answers on another dataset stands on every page, as the rows have it."""

import re
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from stored_rows import make_row

from studies.analysis.results import StudyResults
from studies.design.arms import Arm
from studies.design.study import Contrast, Question, Study
from studies.reports.front_page import write_front_page
from studies.reports.html.page import write_page
from studies.reports.side_by_side import (
    Becomes,
    answers_elsewhere,
    change_in_words,
    headlines,
    side_by_side_table,
)
from studies.reports.study_report import write_report
from studies.rows.runs_file import add_rows, read_rows

ARMS = {"a": Arm("", "arm a"), "b": Arm("", "arm b"), "c": Arm("", "arm c")}
AB, AC = (Contrast(ARMS["a"], ARMS[name]) for name in "bc")
STUDY = Study(
    name="mode_sweep",
    question="What is best?",
    axes=(),
    presets={},
    cells=lambda _: [],
    figures=(),
    questions=(Question("Is a better than b?", [AB]), Question("Is a better than c?", [AC])),
    contrasts=(AB, AC),
)


def rows_of(dataset: str, levels: dict[str, float], seeds: int = 12) -> list[dict[str, object]]:
    """Runs of each arm at a level of accuracy, which every arm's seeds vary alike."""
    return [
        make_row(
            seed,
            dataset=dataset,
            arm=ARMS[name].name,
            setting="",
            learning_rate=0.01 * (1 + place),
            test_accuracy=level + 0.001 * seed + 0.0001 * (seed % 3) * place,
        )
        for place, (name, level) in enumerate(levels.items())
        for seed in range(1, seeds + 1)
    ]


def results_of(*parts: list[dict[str, object]]) -> StudyResults:
    return StudyResults(STUDY, pd.DataFrame([row for part in parts for row in part]))


MNIST = rows_of("mnist", {"a": 0.9, "b": 0.8, "c": 0.95})
SAME = {"a": 0.7, "b": 0.6, "c": 0.75}


@pytest.mark.parametrize(
    ("levels", "seeds", "becomes"),
    [
        (SAME, 12, [Becomes.SAME, Becomes.SAME]),
        ({"a": 0.7, "b": 0.75, "c": 0.6}, 12, [Becomes.OTHER, Becomes.OTHER]),
        ({"a": 0.7, "b": 0.75, "c": 0.75}, 12, [Becomes.OTHER, Becomes.SAME]),
        # Three seeds claim nothing, whatever they look like.
        ({"a": 0.7, "b": 0.75, "c": 0.6}, 3, [Becomes.UNDECIDED, Becomes.UNDECIDED]),
        ({"a": 0.7, "c": 0.75}, 12, [Becomes.SAME]),
    ],
)
def test_an_answer_is_the_same_or_another_where_both_are_decided(
    levels: dict[str, float], seeds: int, becomes: list[Becomes]
) -> None:
    results = results_of(rows_of("fashion-mnist", levels, seeds), MNIST)
    found = answers_elsewhere(results)
    assert [each.becomes for each in found] == becomes
    assert {(each.first_dataset, each.dataset) for each in found} == {("mnist", "fashion-mnist")}
    words = change_in_words(found)
    assert words.startswith(
        f"Of {len(becomes)} answers on mnist there are on fashion-mnist: the same "
        f"{becomes.count(Becomes.SAME)}, another one {becomes.count(Becomes.OTHER)}, open on one "
        f"or both {becomes.count(Becomes.UNDECIDED)}."
    )
    changed = [each.first.question.text for each in found if each.becomes is Becomes.OTHER]
    assert re.findall(r"Another answer \(mode_sweep\): (.+?\?)", words) == changed
    for each in found:
        said = "the same answer" if each.becomes is Becomes.SAME else each.becomes
        where = " on fashion-mnist" if each.becomes is Becomes.UNDECIDED else ""
        assert each.in_words == said + where


def test_an_answer_that_is_open_on_either_is_not_compared() -> None:
    few, many = (rows_of(name, SAME, seeds) for name, seeds in (("mnist", 3), ("digits", 12)))
    assert {each.in_words for each in answers_elsewhere(results_of(few, many))} == {
        "no comparison: open on mnist"
    }
    (first, *_) = answers_elsewhere(results_of(few, rows_of("digits", SAME, 3)))
    assert first.in_words == "no comparison: open on mnist and digits"


def test_there_is_nothing_to_say_of_one_dataset(tmp_path: Path) -> None:
    results = results_of(MNIST)
    assert answers_elsewhere(results) == []
    assert change_in_words([]) == ""
    ((dataset, headline),) = headlines(results)
    assert dataset == "mnist"
    assert headline.startswith("Is a better than b? Yes: +10.0 points")
    for text in pages(results, tmp_path).values():
        assert "hich answers change" not in text
        assert "the same answer" not in text


def pages(results: StudyResults, folder: Path) -> dict[str, str]:
    """The text of every page."""
    csv = folder / "mode_sweep" / "runs.csv"
    records = results.rows.to_dict("records")
    add_rows(csv, [{str(name): value for name, value in row.items()} for row in records])
    results = StudyResults(STUDY, read_rows(csv))
    report = write_report(results, folder / "mode_sweep").read_text()
    html = unescape(write_page(folder, [results], []).read_text().partition("</style>")[2])
    html = re.sub("<script.*", "", html, flags=re.DOTALL)
    front = write_front_page(folder, [results]).read_text()
    return {"report": report, "front": front, "html": html}


def test_both_datasets_are_side_by_side_on_every_page_and_mnist_is_first(tmp_path: Path) -> None:
    levels = {"a": 0.7, "b": 0.75, "c": 0.75}
    results = results_of(rows_of("digits", levels), MNIST)
    found = pages(results, tmp_path)
    ((_, first), (_, other)) = headlines(results)
    assert other.startswith("(another answer) No: −5.0 points")
    words = (
        "Of 2 answers on mnist there are on digits: the same 1, another one 1, open on one or "
        "both 0. Another answer (mode_sweep): Is a better than b? Yes on mnist, no on digits."
    )
    for text in found.values():
        plain = text.replace("\\", "")
        assert words in plain
        assert plain.index("mnist") < plain.index("digits")
    assert f"- *mnist:* {first} → [mode_sweep]" in found["front"].replace("\\", "")
    assert f"  - *digits:* {other}\n" in found["front"].replace("\\", "")
    headings = re.findall("^## (.*)$", found["report"], re.MULTILINE)
    assert headings == ["Which answers change", "mnist", "digits", "How to read this"]
    assert "No: −5.0 points" in found["report"].partition("## mnist")[0]
    assert f"<em>digits:</em> {other}</span>" in found["html"]
    changes = found["html"].partition("<h3>Which answers change</h3>")[2].partition("</ul>")[0]
    assert re.findall("<strong>(.*)</strong>", changes) == ["another answer", "the same answer"]
    options = re.findall("<option>(.*)</option>", found["html"])
    assert options[:2] == ["mnist", "digits"]


def test_the_table_has_a_column_for_each_dataset() -> None:
    table = side_by_side_table(answers_elsewhere(results_of(rows_of("digits", SAME), MNIST)))
    assert list(table) == ["question", "mnist", "digits", "becomes"]
    assert list(table["becomes"]) == ["the same answer"] * 2
    assert table["mnist"].str.match("Yes: .10.0 points|No: .5.0 points").all()


def test_a_dataset_without_an_answer_to_the_same_question_has_its_own_headline() -> None:
    results = results_of(MNIST, rows_of("digits", {"a": 0.7, "c": 0.75}))
    (_, (dataset, text)) = headlines(results)
    assert dataset == "digits"
    assert text.startswith("Is a better than c? No")
