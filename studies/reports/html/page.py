"""``results/report.html``: answers, claims, tables to sort and all figures, without network."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from studies.analysis.answers import answer_text, findings_of
from studies.analysis.findings import seeds_after_looks
from studies.analysis.judgements import Claim
from studies.analysis.results import StudyResults
from studies.design.datasets import in_order
from studies.reports.claims import claims_judged, tally
from studies.reports.figures import named_figure
from studies.reports.figures.parts.data import FORMATS
from studies.reports.figures.parts.seen import seen
from studies.reports.html.benchmarks import Benchmark, benchmarks_of
from studies.reports.html.chart import chart_points, chart_specification, switches
from studies.reports.html.libraries import chart_script, tables_script, tables_style
from studies.reports.html.page_tables import (
    COLUMNS,
    CONTRAST_COLUMNS,
    contrast_lines,
    model_lines,
)
from studies.reports.overview import INTRODUCTION, QUOTED_STUDY, READING, preset_note
from studies.reports.side_by_side import (
    Elsewhere,
    answers_elsewhere,
    change_in_words,
    headlines,
)
from studies.rows.runs_file import write_text

#: Over all studies, in the order of the page.
_OVERALL = ("families", "accuracy")


def write_page(folder: Path, studies: Sequence[StudyResults], claims: Sequence[Claim]) -> Path:
    """Write the page of a results folder, beside the figures that the reports have drawn.

    The same rows and figures give the same page, byte for byte. It loads each figure from its file
    when it is reached.

    Args:
        folder: the results folder.
        studies: the results of every study that has rows.
        claims: what is said of them (``studies.reports.statements``).

    Returns:
        the path of the page.
    """
    points = chart_points(studies)
    drawn = switches(points)
    datasets = in_order(dataset for each in studies for dataset in each.by_dataset)
    changes = [each for results in studies for each in answers_elsewhere(results)]
    judged = claims_judged(studies, claims)
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
        overall=[(d, _figures(folder, "", _OVERALL, d)) for d in datasets],
        studies=[_study(each, folder) for each in studies],
        tally=tally([each.mark for each in judged]),
        claims=judged,
        benchmarks=[_benchmark(each, folder) for each in benchmarks_of(folder)],
        quoted=QUOTED_STUDY,
        contrast_columns=CONTRAST_COLUMNS,
        points=points,
        families=list(map(asdict, drawn)),
        chart=chart_specification(drawn),
        tables_style=tables_style(),
        tables_script=tables_script(),
        chart_script=chart_script(),
    )
    write_text(folder / "report.html", text)
    return folder / "report.html"


def _figures(folder: Path, place: str, names: Sequence[str], dataset: str) -> list[dict[str, Any]]:
    """Those figures of a dataset that are there, in a folder of the results folder."""
    found = ((named_figure(name), f"{place}figures/{name}-{dataset}.png") for name in names)
    return [
        _shown(
            folder,
            path,
            f"{figure.name}, {dataset}. {_seen(folder / path, figure.caption)}",
            figure.caption_on(dataset),
        )
        for figure, path in found
        if (folder / path).exists()
    ]


def _seen(picture: Path, caption: str) -> str:
    """What is seen on a figure by the table beside it, or else its caption's first sentence."""
    table = picture.with_suffix(".csv")
    text = seen(pd.read_csv(table)) if table.exists() else ""
    return text or f"{caption.partition('. ')[0].removesuffix('.')}."


def _shown(folder: Path, path: str, alternative: str, caption: str) -> dict[str, Any]:
    """What a page needs to show a picture: its size keeps the page from jumping."""
    with Image.open(folder / path) as picture:
        width, height = picture.size
    return {
        "address": quote(path),
        "width": width,
        "height": height,
        "alternative": alternative,
        "caption": caption,
        "others": [
            {"address": quote(Path(path).with_suffix(suffix).as_posix()), "name": name}
            for suffix, name in FORMATS.items()
            if (folder / path).with_suffix(suffix).exists()
        ],
    }


def _benchmark(each: Benchmark, folder: Path) -> dict[str, Any]:
    return {
        "title": each.title,
        "said": each.said,
        "page": quote(each.page),
        "figure": _shown(folder, each.figure, f"{each.title}. {each.said[0]}", each.said[0]),
    }


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
    figures, place = ("contrasts", *study.figures), f"{study.name}/"
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
                "figures": _figures(folder, place, figures, dataset),
            }
            for dataset, part in results.by_dataset.items()
        ],
    }
