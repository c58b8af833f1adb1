"""The report of one study: ``report.md``, ``summary.csv`` and its figures."""

from pathlib import Path
from urllib.parse import quote

import pandas as pd

from qcnn import InvalidInput
from studies.analysis.answers import findings_of
from studies.analysis.findings import rates_at_an_edge, seeds_after_looks
from studies.analysis.results import StudyResults, sentence
from studies.analysis.summaries import without_unused
from studies.catalogue import studies_by_name
from studies.design.datasets import PUBLISHED_DATASET, in_order
from studies.design.roles import DIVERGED, FAILED, FINAL, SEARCH
from studies.design.study import Study
from studies.reports.escape import in_markdown
from studies.reports.figures import named_figure
from studies.reports.figures.parts.data import csv_text, links_to
from studies.reports.figures.parts.seen import picture
from studies.reports.figures.style import store
from studies.reports.overview import READING, methods_in, preset_note, preset_of
from studies.reports.side_by_side import (
    answers_elsewhere,
    change_in_words,
    side_by_side_table,
)
from studies.reports.tables import accuracy_table, arms_table, markdown, settings_table
from studies.rows.runs_file import read_rows, write_text

DATASET_NOTES = {
    "mnist": "6,000 training images, the 600 validation images of the Perceval Quest subset, the "
    "10,000 official test images",
    "fashion-mnist": "6,000 training and 600 validation images of the official training set, as "
    "many of each class, the 10,000 official test images",
    "mnist-1d": "signals of 40 numbers from the generator of the package mnist1d: 6,000 for "
    "training, 600 for validation and 10,000 for the test",
    "digits": "scikit-learn's embedded 8×8 digits brought to 28×28",
}


def build_report(folder: Path) -> Path:
    """Write ``summary.csv``, the figures and ``report.md`` of one study's folder.

    The same rows give the same text, byte for byte.

    Returns:
        the path of the report.

    Raises:
        InvalidInput: if the rows are damaged or of an unknown study.
    """
    return write_report(read_study(folder), folder)


def write_report(results: StudyResults, folder: Path) -> Path:
    """As :func:`build_report`, of results that are at hand."""
    write_text(folder / "summary.csv", csv_text(without_unused(results.summary)))
    sections = [_section(part, dataset, folder) for dataset, part in results.by_dataset.items()]
    title = f"# {results.study.name}: {results.study.question}"
    note = preset_note(results.rows)
    head = [title, "", in_markdown(note), ""] if note else [title, ""]
    beside = _side_by_side_lines(results)
    text = "\n".join([*head, *beside, *sections, _reading_notes(results)])
    write_text(folder / "report.md", text)
    return folder / "report.md"


def read_study(folder: Path) -> StudyResults:
    """The study of a results folder and its rows, in an order that no accident decides.

    Raises:
        InvalidInput: if the rows are damaged, of an unknown study or of several presets.
    """
    rows = read_rows(folder / "runs.csv")
    if rows.empty:
        raise InvalidInput(f"{folder / 'runs.csv'} holds 0 runs; allowed is at least 1")
    check_figures(folder)
    preset_of([rows], folder)
    study = _study_of(rows, folder)
    # The order in which runs ended is an accident of the machine.
    order = ["role", "trainable_parameters", "configuration", "seed"]
    ordered = rows.sort_values(order)
    by_dataset = [ordered[ordered["dataset"] == name] for name in in_order(rows["dataset"])]
    if not study.beside:
        return StudyResults(study, pd.concat(by_dataset))
    beside = read_rows(folder.parent / study.beside / "runs.csv")
    alike = (beside["role"] == FINAL) & beside["preset"].isin(rows["preset"])
    return StudyResults(study, pd.concat(by_dataset), beside[alike])


def check_figures(folder: Path) -> None:
    """Raises InvalidInput for a results folder whose figures would be written elsewhere."""
    figures = folder / "figures"
    if not figures.resolve().is_relative_to(folder.resolve()):
        raise InvalidInput(
            f"{figures} is a link to {figures.resolve()}; allowed is a folder inside {folder}"
        )


def _study_of(rows: pd.DataFrame, folder: Path) -> Study:
    names = sorted(set(rows["study"]))
    if len(names) != 1 or names[0] not in studies_by_name:
        raise InvalidInput(
            f"{folder / 'runs.csv'} holds runs of {', '.join(map(repr, names))}; allowed is one of "
            f"{', '.join(sorted(studies_by_name))}"
        )
    return studies_by_name[names[0]]


def _side_by_side_lines(results: StudyResults) -> list[str]:
    """What becomes of the answers on other datasets; nothing where there is one dataset."""
    found = answers_elsewhere(results)
    if not found:
        return []
    return [
        "## Which answers change",
        "",
        in_markdown(change_in_words(found)),
        "",
        markdown(side_by_side_table(found)),
        "",
    ]


def _section(results: StudyResults, dataset: str, folder: Path) -> str:
    study, rows = results.study, results.rows
    note = DATASET_NOTES.get(dataset)
    platforms = "; ".join(sorted(set(rows["platform"])))
    lines = [
        f"## {in_markdown(dataset)}",
        "",
        *(f"- {in_markdown(text)}" for text in findings_of(results)),
        *(f"- [{in_markdown(text)}](../{quote(path)})" for text, path in study.pages.items()),
        "",
        "What yes, no and open say: [how to read this](#how-to-read-this).",
        "",
        *_overview_lines(results),
        f"{(rows['role'] == SEARCH).sum()} search runs and {(rows['role'] == FINAL).sum()} final "
        f"runs, {_not_complete(rows)}; {rows['seconds'].sum() / 3600:.1f} hours of one core "
        f"({in_markdown(platforms)})." + (f" Data: {note}." if note else ""),
        "",
        *_paragraph(seeds_after_looks(results)),
        markdown(accuracy_table(rows, dataset)),
        "",
        *_arm_lines(rows, dataset),
        *_contrast_lines(results, dataset, folder),
        *_setting_lines(results, dataset),
    ]
    for name in study.figures:
        lines += _figure_lines(name, results, dataset, folder)
    return "\n".join(lines)


def _not_complete(rows: pd.DataFrame) -> str:
    """How many runs did not end well, and how they ended instead."""
    diverged, failed = ((rows["status"] == status).sum() for status in (DIVERGED, FAILED))
    text = f"{diverged} of them diverged"
    return f"{text} and {failed} failed" if failed else text


def _overview_lines(results: StudyResults) -> list[str]:
    overview = results.study.overview
    table = pd.DataFrame() if overview is None else overview(results)
    return [] if table.empty else [markdown(table), ""]


def _paragraph(text: str) -> list[str]:
    """Nothing where there is nothing to say."""
    return [in_markdown(text), ""] if text else []


def _arm_lines(rows: pd.DataFrame, dataset: str) -> list[str]:
    table = arms_table(rows, dataset)
    if table.empty:
        return []
    return ["The same models by their seeds, test accuracy:", "", markdown(table), ""]


def _contrast_lines(results: StudyResults, dataset: str, folder: Path) -> list[str]:
    if not results.contrasts:
        return []
    declared = len(results.study.contrasts)
    return [
        f"Contrasts declared beforehand ({declared}), paired by seed, test accuracy:",
        "",
        *(f"- {in_markdown(sentence(result))}" for result in results.contrasts),
        "",
        *_figure_lines("contrasts", results, dataset, folder),
    ]


def _setting_lines(results: StudyResults, dataset: str) -> list[str]:
    """What was chosen on the validation images, of whatever dataset, where labels do not say it."""
    study, rows = results.study, results.rows
    settings = settings_table(rows) if study.search or study.tuned else pd.DataFrame()
    if settings.empty:
        return []
    seeds = rows["seed"][rows["role"] == SEARCH].nunique()
    over = f", by the mean of {seeds} seeds" if seeds > 1 else ""
    return [
        f"Chosen on the validation images{over}:"
        if seeds or dataset == PUBLISHED_DATASET
        else "Chosen on another dataset, and unchanged:",
        "",
        markdown(settings),
        "",
        *_paragraph(rates_at_an_edge(results)),
    ]


def _figure_lines(name: str, results: StudyResults, dataset: str, folder: Path) -> list[str]:
    """Markdown of a figure, which is stored; nothing where there is none."""
    figure = named_figure(name)
    canvas = figure.draw(results)
    if canvas is None:
        return []
    file = f"{name}-{dataset}.png"
    others = store(canvas, folder / "figures" / file)
    links = links_to(others, folder)
    caption = f"*{figure.caption_on(dataset)}*"
    return [picture(name, canvas, f"figures/{file}"), "", links, "", caption, ""]


def _reading_notes(results: StudyResults) -> str:
    terms = (*READING, *methods_in(results.rows["mapping"].unique()))
    notes = [f"- *{term}*: {meaning}" for term, meaning in terms]
    return "\n".join(
        [
            "## How to read this",
            "",
            *notes,
            "",
            "Everything else is generated from `runs.csv` by `python -m studies.report`. On a "
            "dataset that nothing was chosen on, the same configurations are run by "
            f"`python -m studies.transfer {results.study.name} --dataset NAME`.",
            "",
        ]
    )
