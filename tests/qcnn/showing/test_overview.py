"""Lines and tables: aligned, shortened, and no markup whatever a text says."""

from html.parser import HTMLParser
from math import inf, nan

import pandas as pd
import pytest

from qcnn.showing.overview import Overview, in_short

HOSTILE = "<script>alert('&amp;')</script>\n$x^2$ \"`"


class Read(HTMLParser):
    """The tags and the texts of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data)


def test_every_cell_ends_where_its_column_does() -> None:
    overview = Overview(("a line", "another"), {"n": [1, 12345], "name": ["ab", None]}, ["x", "yy"])
    assert str(overview).splitlines() == [
        "a line",
        "another",
        "         n  name",
        "x        1    ab",
        "yy  12,345      ",
    ]


def test_without_labels_there_is_no_table() -> None:
    assert str(Overview(("a line",), {"column": []})) == "a line"
    assert "table" not in Read(Overview(("a line",), {"column": []}).html()).tags


@pytest.mark.parametrize("count", [1, 12, 13, 100_000])
def test_a_long_table_shows_its_first_and_its_last_rows(count: int) -> None:
    overview = Overview((), {"square": [n * n for n in range(count)]}, range(count), "n")
    lines = str(overview).splitlines()
    assert len(lines) == 1 + min(count, 12 if count <= 12 else 11)
    assert lines[1].split() == ["0", "0"]
    assert lines[-1].split() == [f"{count - 1:,}", f"{(count - 1) ** 2:,}"]
    assert (lines[6].split() == ["…", "…"]) if count > 12 else ("…" not in str(overview))
    assert Read(overview.html()).tags.count("tr") == len(lines)


def test_texts_are_texts_in_html_too() -> None:
    overview = Overview((HOSTILE,), {HOSTILE: [HOSTILE]}, [HOSTILE], HOSTILE)
    read = Read(overview.html())
    assert set(read.tags) == {"div", "table", "thead", "tr", "th", "tbody", "td"}
    assert next(text for text in read.texts if "script" in text) == " ".join(HOSTILE.split())
    assert sum("<script>" in text for text in read.texts) == 5
    # Notebooks set formulas in whatever has not these classes.
    assert overview.html().startswith('<div class="tex2jax_ignore mathjax_ignore">')


def test_what_is_set_for_tables_changes_none() -> None:
    long = Overview(("line",), {"text": ["word " * 40], "number": [1.23456]}, ["a"])
    before = str(long), long.html()
    with pd.option_context(
        "display.max_colwidth", 10, "display.precision", 1, "display.max_columns", 1
    ):
        assert (str(long), long.html()) == before


def test_numbers_in_short() -> None:
    values = (0.0, 1, -0.000012346, 1234.5, 123456.0, nan, -inf, 10**20)
    assert [in_short(value) for value in values] == [
        "0.000",
        "1",
        "-1.235e-05",
        "1234",
        "1.235e+05",
        "nan",
        "-inf",
        "100,000,000,000,000,000,000",
    ]
