"""The tables of the page: their columns, and every cell with what it is sorted by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studies.analysis.quoted import QUOTED, QUOTED_DATASETS
from studies.analysis.results import Result, StudyResults, arm_names
from studies.analysis.summaries import describe
from studies.design.datasets import in_order
from studies.design.roles import FINAL
from studies.design.statistics import points
from studies.reports.overview import (
    QUOTED_STUDY,
    final_rows,
    identity_of,
    non_dominated_marks,
    quoted_identity,
)


@dataclass(frozen=True)
class Entry:
    """A cell of a table: what it shows, and what it is sorted by."""

    text: str
    order: str


@dataclass(frozen=True)
class Line:
    """A line of a table: where it belongs, and its cells by the heading of their column.

    Attributes:
        dataset, study: where it belongs.
        cells: by the heading of their column.
        identity: of the line on the page; empty where nothing refers to it.
        again: the command that trains a run of the model once more; empty where none can.
    """

    dataset: str
    study: str
    cells: dict[str, Entry]
    identity: str = ""
    again: str = ""

    @property
    def quoted(self) -> bool:
        """Whether it is a figure of the literature."""
        return self.study == QUOTED_STUDY

    def text(self, column: str) -> str:
        """What the cell of a column shows."""
        return self.cells[column].text


@dataclass(frozen=True)
class Column:
    """A column: what its heading says when pointed at, and whether it holds words."""

    meaning: str = ""
    words: bool = False


#: The table over all studies.
COLUMNS = {
    "model": Column(words=True),
    "trainable": Column("parameters that the optimiser changes"),
    "test %": Column("mean test accuracy over fresh seeds"),
    "low": Column("lower end of the test accuracy's 95 % interval, %"),
    "high": Column("upper end of the test accuracy's 95 % interval, %"),
    "failures": Column("seeds that did not train: below twice chance, diverged or failed"),
    "median %": Column("median test accuracy over fresh seeds"),
    "interquartile %": Column("mean test accuracy of the middle half of the seeds"),
    "from": Column("lower end of the interquartile mean's 95 % bootstrap interval, %"),
    "to": Column("upper end of the interquartile mean's 95 % bootstrap interval, %"),
    "validation %": Column("mean validation accuracy; ± standard deviation where quoted"),
    "training %": Column("mean training accuracy"),
    "non-dominated": Column(
        "no other model reaches this test accuracy with at most as many parameters", words=True
    ),
    "study": Column(words=True),
    "dataset": Column(words=True),
    "epochs": Column(),
    "seeds": Column("runs that ended well"),
    "diverged": Column("runs that did not"),
    "phases": Column("phases that the optimiser changes"),
    "effective": Column("how many of the phases matter"),
    "mapping": Column("trainable parameters of the mapping"),
    "fixed numbers": Column(
        "numbers that are not trained: random ones, and what a simulation gives (stored rows up to "
        "0.1.0 lack the latter)"
    ),
    "seconds": Column("mean time of a run"),
}
CONTRAST_COLUMNS = {
    "where": Column("setting of the comparison", words=True),
    "first": Column("first arm", words=True),
    "second": Column("second arm", words=True),
    "difference": Column(
        "mean of first − second in test accuracy where both train, percentage points"
    ),
    "low": Column("lower end of its 95 % interval"),
    "high": Column("upper end of its 95 % interval"),
    "pairs": Column("pairs of runs with the same seed in which both train"),
    "p": Column("exact sign-flip test, after Holm's correction over all declared contrasts"),
    "verdict": Column("of the difference where both train", words=True),
    "all pairs": Column("mean of first − second over all pairs, percentage points"),
    "improvement": Column("probability that a run of the first arm is better, over all seeds"),
    "failures": Column("seeds that did not train: of the first arm, of the second", words=True),
    "p of failures": Column("McNemar's exact test, after Holm's correction likewise"),
}


def model_lines(studies: Sequence[StudyResults]) -> list[Line]:
    """The table over all studies: every model with fresh seeds, and the quoted ones.

    A model that several studies have run is in each of them, with that study's seeds.
    """
    final = final_rows(studies)
    marks = {
        key: mark
        for _, part in final.groupby("dataset")
        for key, mark in non_dominated_marks(part).items()
    }
    lines = [
        _model_line(each, model, marks)
        for each in studies
        for _, model in each.summary[each.summary["role"] == FINAL].iterrows()
    ]
    datasets = in_order(set(final["dataset"]) & set(QUOTED_DATASETS))
    lines += [_quoted_line(n, dataset) for dataset in datasets for n in range(len(QUOTED))]
    return sorted(lines, key=lambda line: (int(line.cells["trainable"].order), line.text("model")))


def contrast_lines(results: StudyResults, dataset: str) -> list[Line]:
    """The contrasts of a study that have paired runs on one dataset."""
    name = results.study.name
    return [Line(dataset, name, _contrast_cells(*item)) for item in enumerate(results.contrasts)]


def _model_line(results: StudyResults, model: pd.Series, marks: dict[str, str]) -> Line:
    study, configuration = results.study.name, model["configuration"]
    direct = model["mapping"] == "direct"
    cells = {
        "model": _text(describe(model)),
        "trainable": _count(model["trainable_parameters"]),
        "test %": _percent(model["test_accuracy"]),
        "low": _percent(model["test_low"]),
        "high": _percent(model["test_high"]),
        "failures": _count(model["failures"]),
        "median %": _percent(model["test_median"]),
        "interquartile %": _percent(model["test_interquartile"]),
        "from": _percent(model["test_interquartile_low"]),
        "to": _percent(model["test_interquartile_high"]),
        "validation %": _percent(model["val_accuracy"]),
        "training %": _percent(model["train_accuracy"]),
        "non-dominated": _text(marks.get(configuration, "")),
        "phases": _count(model["phases"], shown=model["phases"] > 0),
        "effective": _count(model["effective_phases"], shown=model["phases"] > 0),
        "mapping": _count(model["mapping_parameters"], shown=model["sizes"] != ""),
        "fixed numbers": _count(model["fixed_numbers"], shown=not direct),
        "epochs": _count(model["epochs"]),
        "seeds": _count(model["seeds"]),
        "diverged": _count(model["diverged"]),
        "seconds": _number(model["seconds"], f"{model['seconds']:,.1f}"),
        "dataset": _text(model["dataset"]),
        "study": _text(study),
    }
    again = _command(results.final, configuration)
    return Line(model["dataset"], study, cells, identity_of(study, configuration), again)


def _command(final: pd.DataFrame, configuration: str) -> str:
    """What trains the first seed of a model again, in the folder of the project."""
    seeds = final["seed"][final["configuration"] == configuration]
    return f"python -m studies.show {configuration}-{seeds.min()} --again" if len(seeds) else ""


def _quoted_line(number: int, dataset: str) -> Line:
    row = QUOTED[number]
    cells = {name: Entry("", "") for name in COLUMNS} | {
        "model": _text(f"quoted: {row.model}"),
        "trainable": _count(row.trainable_parameters),
        "validation %": Entry(
            f"{row.accuracy:.1f} ± {row.deviation:.1f}", _order(row.accuracy / 100)
        ),
        "dataset": _text(dataset),
        "study": _text(QUOTED_STUDY),
    }
    return Line(dataset, QUOTED_STUDY, cells, quoted_identity(number, dataset))


def _contrast_cells(place: int, result: Result) -> dict[str, Entry]:
    contrast, difference, failures = result.contrast, result.difference, result.failures
    low, high = difference.shown
    (first, second), names = result.parameters, arm_names(contrast)
    return {
        "where": Entry(contrast.setting, str(place)),
        "first": _text(f"{names[0]} ({first:,})"),
        "second": _text(f"{names[1]} ({second:,})"),
        "difference": _number(difference.mean, points(difference.mean, sign=True)),
        "low": _number(low, points(low)),
        "high": _number(high, points(high)),
        "pairs": _count(difference.pairs),
        "p": _number(result.adjusted_p, f"{result.adjusted_p:.3g}"),
        "verdict": _text(result.verdict),
        "all pairs": _number(result.overall.mean, points(result.overall.mean, sign=True)),
        "improvement": _number(
            result.improvement.probability, f"{result.improvement.probability:.2f}"
        ),
        "failures": Entry(
            f"{failures.first}, {failures.second}", str(failures.first - failures.second)
        ),
        "p of failures": _number(result.adjusted_failure_p, f"{result.adjusted_failure_p:.3g}"),
    }


def _order(value: float) -> str:
    """Six digits: the last ones of a mean depend on the machine."""
    return f"{value:.6g}"


def _text(text: str) -> Entry:
    return Entry(text, text)


def _number(value: float, text: str) -> Entry:
    """A number as ``text``; an empty cell for NaN."""
    return Entry("", "") if np.isnan(value) else Entry(text, _order(value))


def _percent(fraction: float) -> Entry:
    """An accuracy in percent; the end of an interval is cut to what is possible."""
    possible = float(np.clip(fraction, 0.0, 1.0))
    return _number(possible, f"{100 * possible:.1f}")


def _count(number: int, shown: bool = True) -> Entry:
    return Entry(f"{number:,}", str(number)) if shown else Entry("", "")
