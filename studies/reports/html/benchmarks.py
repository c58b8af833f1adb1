"""What the pages of the benchmarks say first, for the page over everything."""

import re
from dataclasses import dataclass
from pathlib import Path

#: Pages of the benchmarks in a results folder, each with its figure beside it.
_PAGES = {
    "report.md": "time-against-outcomes.png",
    "break_even.md": "break_even.png",
    "history.md": "history.png",
}
_FOLDER = "bench"
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Benchmark:
    """A page of the benchmarks.

    Attributes:
        title: its heading.
        said: its first paragraph, and the lines of a list that the paragraph opens.
        page: its path in the results folder.
        figure: the path of its figure, from there as well.
    """

    title: str
    said: list[str]
    page: str
    figure: str


def benchmarks_of(folder: Path) -> list[Benchmark]:
    """The benchmarks whose pages and figures are in a results folder."""
    found = []
    for page, figure in _PAGES.items():
        path = folder / _FOLDER / page
        if path.exists() and path.with_name(figure).exists():
            title, said = _opening(path.read_text(encoding="utf-8"))
            found.append(Benchmark(title, said, f"{_FOLDER}/{page}", f"{_FOLDER}/{figure}"))
    return found


def _opening(text: str) -> tuple[str, list[str]]:
    """Heading and first lines of a page in Markdown, as plain text.

    >>> _opening("# Faster?\\n\\nIn [this](x.csv) case:\\n\\n- **one**\\n- two\\n\\nMore.")
    ('Faster?', ['In this case:', 'one', 'two'])
    """
    heading, first, *others = text.split("\n\n")
    said = [first]
    if first.endswith(":") and others:
        said += [line.removeprefix("- ") for line in others[0].splitlines()]
    plain = [_LINK.sub(r"\1", line).replace("**", "") for line in said]
    return heading.removeprefix("# ").strip(), plain
