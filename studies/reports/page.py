"""``results/report.html``: tables to sort, filters and all figures on one page without network."""

from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from studies.analysis.answers import answer_text, findings_of
from studies.analysis.findings import seeds_after_looks
from studies.analysis.results import StudyResults
from studies.design.datasets import in_order
from studies.reports.figures import named_figure
from studies.reports.overview import INTRODUCTION, READING, preset_note
from studies.reports.page_tables import (
    COLUMNS,
    CONTRAST_COLUMNS,
    QUOTED_STUDY,
    contrast_lines,
    model_lines,
)
from studies.reports.side_by_side import (
    Elsewhere,
    answers_elsewhere,
    change_in_words,
    headlines,
)
from studies.rows.runs_file import write_text


def write_page(folder: Path, studies: Sequence[StudyResults]) -> Path:
    """Write the page of a results folder, with the figures that the reports have drawn.

    The same rows and figures give the same page, byte for byte.

    Args:
        folder: the results folder.
        studies: the results of every study that has rows.

    Returns:
        the path of the page.
    """
    datasets = in_order(dataset for each in studies for dataset in each.by_dataset)
    changes = [each for results in studies for each in answers_elsewhere(results)]
    accuracy = named_figure("accuracy")
    overall = ((d, folder / f"figures/{accuracy.name}-{d}.png") for d in datasets)
    environment = Environment(
        loader=PackageLoader("studies.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("report.html").render(
        introduction=" ".join(filter(None, [preset_note(studies[0].rows), INTRODUCTION])),
        reading=READING,
        datasets=datasets,
        change=change_in_words(changes),
        columns=COLUMNS,
        lines=model_lines(studies),
        overall=[
            (d, _figure(accuracy.caption_on(d), path)) for d, path in overall if path.exists()
        ],
        studies=[_study(each, folder / each.study.name) for each in studies],
        quoted=QUOTED_STUDY,
        contrast_columns=CONTRAST_COLUMNS,
        style=_bundle("css").decode(),
        script=b64encode(_bundle("js")).decode(),
    )
    write_text(folder / "report.html", text)
    return folder / "report.html"


def _bundle(suffix: str) -> bytes:
    """DataTables as itables brings it along for pages without network."""
    return (files("itables") / "html" / f"dt_bundle.{suffix}").read_bytes()


def _figure(caption: str, path: Path) -> dict[str, str]:
    picture = b64encode(path.read_bytes()).decode()
    return {"name": path.stem, "caption": caption, "picture": picture}


def _change(each: Elsewhere) -> dict[str, Any]:
    """An answer on two datasets, and what becomes of it."""
    return {
        "dataset": each.dataset,
        "question": each.first.question.text,
        "becomes": each.in_words,
        "answers": {
            each.first_dataset: answer_text(each.first),
            each.dataset: answer_text(each.other),
        },
    }


def _study(results: StudyResults, folder: Path) -> dict[str, Any]:
    """A study's section: one part for each dataset."""
    study = results.study
    figures = [named_figure(name) for name in ("contrasts", *study.figures)]
    lines = dict(headlines(results))
    return {
        "name": study.name,
        "question": study.question,
        "changes": list(map(_change, answers_elsewhere(results))),
        "parts": [
            {
                "dataset": dataset,
                "headline": lines[dataset],
                "findings": findings_of(part),
                "seeds": seeds_after_looks(part),
                "contrasts": contrast_lines(part, dataset),
                "figures": [
                    _figure(figure.caption_on(dataset), path)
                    for figure in figures
                    if (path := folder / f"figures/{figure.name}-{dataset}.png").exists()
                ],
            }
            for dataset, part in results.by_dataset.items()
        ],
    }
