"""``results/README.md``: the answer of every study, and one table over all of them."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from studies.analysis.results import StudyResults
from studies.design.datasets import in_order
from studies.design.roles import FINAL
from studies.reports.escape import in_markdown
from studies.reports.figures import named_figure
from studies.reports.figures.accuracy import draw_accuracies
from studies.reports.figures.style import store
from studies.reports.overview import (
    INTRODUCTION,
    READING,
    final_rows,
    non_dominated_marks,
    preset_note,
)
from studies.reports.side_by_side import answers_elsewhere, change_in_words, headlines
from studies.reports.tables import accuracy_table, markdown
from studies.rows.runs_file import write_text


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
    lines = [
        "# Results",
        "",
        *([in_markdown(note), ""] if note else []),
        *(line for results in studies for line in _answer(results)),
        "",
        *([in_markdown(change_in_words(changes)), ""] if changes else []),
        INTRODUCTION,
        "",
        *(f"- *{term}*: {meaning}" for term, meaning in READING),
        "",
        "[claims.md](claims.md): which claims of the paper hold here. "
        "[report.html](report.html), opened in a browser, has the same with tables to sort, "
        "filters and all figures. Everything is generated from the rows in `*/runs.csv` by "
        "`python -m studies.report`.",
        "",
    ]
    final = final_rows(studies)
    for dataset in in_order(final["dataset"]):
        part = final[final["dataset"] == dataset]
        lines += _table(dataset, part, _names(studies), folder)
    write_text(folder / "README.md", "\n".join(lines))
    return folder / "README.md"


def _answer(results: StudyResults) -> list[str]:
    """A line: what the study found, and where its page is; and one for each further dataset."""
    name = results.study.name
    (dataset, text), *others = headlines(results)
    which = f"*{in_markdown(dataset)}:* " if others else ""
    return [
        f"- {which}{in_markdown(text)} → [{name}]({name}/report.md)",
        *(f"  - *{in_markdown(other)}:* {in_markdown(found)}" for other, found in others),
    ]


def _names(studies: Sequence[StudyResults]) -> dict[str, str]:
    """The studies that hold each configuration's final runs."""
    names: dict[str, list[str]] = {}
    for each in studies:
        rows = each.rows
        for configuration in rows["configuration"][rows["role"] == FINAL].unique():
            names.setdefault(configuration, []).append(each.study.name)
    return {configuration: ", ".join(held) for configuration, held in names.items()}


def _table(dataset: str, final: pd.DataFrame, names: dict[str, str], folder: Path) -> list[str]:
    """The figure, where a run has ended well, and the table of one dataset."""
    more = {"non-dominated": non_dominated_marks(final), "study": names}
    lines = [f"## Accuracy against trainable parameters: {in_markdown(dataset)}", ""]
    canvas = draw_accuracies(final)
    if canvas is not None:
        figure = named_figure("accuracy")
        file = f"figures/{figure.name}-{dataset}.png"
        store(canvas, folder / file)
        caption = figure.caption_on(dataset)
        lines += [f"![{figure.name}]({quote(file)})", "", f"*{caption}*", ""]
    return [*lines, markdown(accuracy_table(final, dataset, more)), ""]
