"""``results/README.md``: the answer of every study, and one table over all of them."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from studies.analysis.results import StudyResults
from studies.design.datasets import in_order
from studies.reports.escape import in_markdown
from studies.reports.figures import named_figure
from studies.reports.figures.accuracy import draw_accuracies
from studies.reports.figures.families import draw_families
from studies.reports.figures.parts.data import links_to
from studies.reports.figures.parts.seen import picture
from studies.reports.figures.style import Canvas, store
from studies.reports.overview import (
    INTRODUCTION,
    READING,
    final_rows,
    holders,
    non_dominated_marks,
    preset_note,
)
from studies.reports.side_by_side import answers_elsewhere, change_in_words, headlines
from studies.reports.tables import accuracy_table, markdown
from studies.rows.runs_file import write_text

#: The studies whose answers a visitor reads first, in this order.
MAIN_STUDIES = (
    "mode_sweep",
    "frontier",
    "interference",
    "ablation",
    "bond_dimension",
    "mapping_sweep",
    "compression",
    "noise",
    "hardware",
    "adapters",
)


def write_front_page(folder: Path, studies: Sequence[StudyResults]) -> Path:
    """Write the front page of a results folder from the rows of its studies.

    Args:
        folder: the results folder.
        studies: the results of every study that has rows.

    Returns:
        the path of the page.
    """
    note = preset_note(studies[0].rows)
    changes = [each for results in studies for each in answers_elsewhere(results)]
    final = final_rows(studies)
    parts = {name: final[final["dataset"] == name] for name in in_order(final["dataset"])}
    names = {model: ", ".join(held) for model, held in holders(studies).items()}
    lines = [
        "# Results",
        "",
        *([in_markdown(note), ""] if note else []),
        *_answers(studies),
        *([in_markdown(change_in_words(changes)), ""] if changes else []),
        *(line for dataset, part in parts.items() for line in _headline(dataset, part, folder)),
        *_LINKS,
        "",
        *_folded("How to read this", _reading()),
    ]
    for dataset, part in parts.items():
        models = f"All {part['configuration'].nunique():,} models on {dataset}"
        lines += _folded(models, _table(dataset, part, names, folder))
    write_text(folder / "README.md", "\n".join(lines))
    return folder / "README.md"


#: Where the rest is.
_LINKS = (
    "- [claims.md](claims.md): which claims of the literature hold here.",
    "- [report.html](report.html), opened in a browser: a chart and tables to filter, and every "
    "figure.",
    "- `STUDY/report.md`, `runs.csv` and `summary.csv`: a study's answers, its rows, its models.",
    "",
    "Everything is generated from the rows in `*/runs.csv` by `python -m studies.report`.",
)


def _folded(summary: str, lines: Sequence[str]) -> list[str]:
    """Lines of Markdown that a click unfolds."""
    return [f"<details>\n<summary>{escape(summary)}</summary>", "", *lines, "", "</details>", ""]


def _reading() -> list[str]:
    return [INTRODUCTION, "", *(f"- *{term}*: {meaning}" for term, meaning in READING)]


def _headline(dataset: str, final: pd.DataFrame, folder: Path) -> list[str]:
    """The figure of the families on a dataset, where a run has ended well."""
    return _drawn("families", draw_families(final), dataset, folder)


def _drawn(name: str, canvas: Canvas | None, dataset: str, folder: Path) -> list[str]:
    """Store a figure over all studies; the lines that show it."""
    if canvas is None:
        return []
    figure, file = named_figure(name), f"figures/{name}-{dataset}.png"
    others = store(canvas, folder / file)
    links = links_to(others, folder)
    caption = f"*{figure.caption_on(dataset)}*"
    return [picture(name, canvas, file), "", links, "", caption, ""]


def _answers(studies: Sequence[StudyResults]) -> list[str]:
    """Those to the main questions, then those of all other studies, folded away."""
    main = sorted(
        (each for each in studies if each.study.name in MAIN_STUDIES),
        key=lambda each: MAIN_STUDIES.index(each.study.name),
    )
    others = [each for each in studies if each.study.name not in MAIN_STUDIES]
    if not main:
        main, others = others, []
    lines = [*(line for each in main for line in _answer(each)), ""]
    if others:
        folded = [line for each in others for line in _answer(each)]
        lines += _folded("Answers of further studies", folded)
    return lines


def _answer(results: StudyResults) -> list[str]:
    """A line: what the study found, and where that is; and one for each further dataset."""
    name = results.study.name
    (dataset, text), *others = headlines(results)
    which = f"*{in_markdown(dataset)}:* " if others else ""
    pages = {name: f"{name}/report.md", **results.study.pages}
    links = ", ".join(f"[{in_markdown(text)}]({quote(path)})" for text, path in pages.items())
    return [
        f"- {which}{in_markdown(text)} → {links}",
        *(f"  - *{in_markdown(other)}:* {in_markdown(found)}" for other, found in others),
    ]


def _table(dataset: str, final: pd.DataFrame, names: dict[str, str], folder: Path) -> list[str]:
    """Every run on one dataset in a figure, and every model in a table."""
    more = {"non-dominated": non_dominated_marks(final), "study": names}
    cloud = _drawn("accuracy", draw_accuracies(final), dataset, folder)
    return [*cloud, markdown(accuracy_table(final, dataset, more))]
