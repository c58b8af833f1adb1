"""Text of rows in every output: letter for letter, and nothing else."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stored_rows import make_row

from studies.reports.escape import in_csv, in_markdown
from studies.reports.figures.style import in_figure, new_canvas
from studies.reports.front_page import write_front_page
from studies.reports.html.page import write_page
from studies.reports.statements import CLAIMS
from studies.reports.study_report import build_report, read_study
from studies.rows.runs_file import add_rows

HOSTILE = (
    r"$\frac$ and $x",
    "[/x] [red]a",
    "a|b",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://example.org")',
    "[a](javascript:alert(1)) ![b](http://example.org/c.png)",
    "<img src=x onerror=alert(1)>",
    "_a_ *b* `c` ~~d~~ &lt;",
    "# a\n\n- b\n\n1. c",
    '"quoted", and more',
    r"back\slash",
    "+1+1",
    "@a",
)
#: What may not be left of a text in Markdown, when what is escaped has been taken out.
_ACTIVE = re.compile(r"[<>|`*$~]|\](?=[(\[])|\n")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of a study whose labels and platforms are what a stranger may have written."""
    folder = tmp_path_factory.mktemp("results")
    rows = [
        make_row(seed, label=label, platform=label, error=label, batch_size=number + 1)
        for number, label in enumerate(HOSTILE)
        for seed in (1, 2)
    ]
    rows += [make_row(0, "search", platform="plain")]
    add_rows(folder / "mode_sweep" / "runs.csv", rows)
    build_report(folder / "mode_sweep")
    studies = [read_study(folder / "mode_sweep")]
    write_front_page(folder, studies)
    write_page(folder, studies, CLAIMS)
    return folder


@pytest.mark.parametrize("name", ["mode_sweep/report.md", "README.md"])
def test_markdown_holds_neither_markup_nor_html_of_rows(results: Path, name: str) -> None:
    text = (results / name).read_text()
    assert "<" not in re.sub("p < |</?(details|summary)>", "", text)
    assert r"[a\]\(javascript" in text
    assert r"a\|b" in text
    assert r"\$\\frac\$ and \$x" in text
    assert "&lt;script&gt;" in text


def test_every_line_of_a_table_has_as_many_cells(results: Path) -> None:
    text = (results / "mode_sweep" / "report.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    tables = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
    assert len(set(tables)) <= 3  # accuracies, seeds, and the settings behind the labels


class Elements(HTMLParser):
    """The elements of a page, and the letters of its cells."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.add(data.strip())


def test_the_page_holds_the_letters_and_no_element_of_rows(results: Path) -> None:
    page = Elements()
    page.feed((results / "report.html").read_text())
    assert "onerror" not in page.attributes
    assert set(HOSTILE) <= page.texts
    assert (results / "report.html").read_text().count("<script") == 4


def test_a_spreadsheet_finds_no_formula_and_every_number(results: Path) -> None:
    with (results / "mode_sweep" / "summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    labels = {row["arm"] for row in rows}
    assert {f"'{HOSTILE[4]}", "'+1+1", "'@a", "a|b"} <= labels
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())
    assert {float(row["test_accuracy"]) for row in rows if row["role"] == "final"}


@given(st.text(alphabet="a1 _*`|<>&$~[](){}:!#+-=.\\\n;lt", max_size=30))
def test_nothing_of_a_text_is_markdown(text: str) -> None:
    found = in_markdown(text)
    plain = re.sub(r"\\[^\w\s]|&(lt|gt|amp);", "", found)
    assert not _ACTIVE.search(plain)
    assert not re.match(r"\s*([#+-]+|\d+[.)])(\s|$)", plain) or re.match(r"\\|\d+\\", found)
    back = re.sub(r"\\([^\w\s])", r"\1", found)
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        back = back.replace(entity, letter)
    assert back.replace("\\", "") == " ".join(text.split()).replace("\\", "") or "&" in text


@pytest.mark.parametrize(
    "text",
    [
        "logit_tanh stays at 9.9 % [9.7, 10.0]: joint probabilities",
        "95 % interval [−1.2, 3.4], 10 pairs: a difference (p = 0.00195 after Holm).",
        "(9,4) (8,4) → mps:bond_dimension=4,form=torchmps → cnn:channels=3+4",
        "AMD EPYC 7B13; 2 cores & more",
        "5 × (9,4) minimal mesh",
    ],
)
def test_what_the_studies_write_stays_as_it_is(text: str) -> None:
    assert in_markdown(text) == in_csv(text) == in_figure(text) == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("-0.5", "-0.5"),
        ("+3", "+3"),
        ("-1e-5", "-1e-5"),
        ("-1+2", "'-1+2"),
        ("=1", "'=1"),
        ("  =1", "'  =1"),
        ("\t@a", "'\t@a"),
        ("＝1", "'＝1"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_a_cell_is_a_text_or_a_number(text: str, cell: str) -> None:
    assert in_csv(text) == cell


@pytest.mark.parametrize("text", HOSTILE)
def test_a_figure_shows_the_letters(text: str) -> None:
    canvas = new_canvas()
    axes: Any = canvas.add_subplot()
    shown = axes.text(0.5, 0.5, in_figure(text))
    canvas.draw_without_rendering()
    assert shown._preprocess_math(shown.get_text()) == (" ".join(text.split()), False)
