"""The table: each bond dimension's quoted line, and those of the arms beside it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studies.analysis.paper import beside_quoted, generalisation_error
from studies.analysis.papers_table.agreement import Quoted, agreement
from studies.analysis.papers_table.progress import losses
from studies.analysis.quoted import QUOTED_DATASETS, QuotedRow
from studies.analysis.results import StudyResults
from studies.analysis.summaries import failures_of
from studies.design.roles import FINAL
from studies.design.statistics import Interval, mean_interval, percent_interval, points

TRAINING, VALIDATION, TEST, ERROR = "training", "validation", "test", "generalisation error"
_LOSSES, _VERDICT = "training loss after a tenth → at the end", "verdict"
_COLUMNS = (
    *("χ", "model", "trainable", "epochs", "seeds", "failures"),
    *(TRAINING, VALIDATION, TEST, ERROR, _LOSSES, _VERDICT),
)


@dataclass(frozen=True)
class Quantity:
    """Something that the paper's table holds as well.

    Attributes:
        name: of its column.
        of_runs: its value by run of an arm.
        quoted: the paper's.
        text: of a mean with its interval.
        quoted_text: of the paper's.
        difference: the text of a difference.
    """

    name: str
    of_runs: Callable[[pd.DataFrame], pd.Series]
    quoted: Callable[[QuotedRow], Quoted]
    text: Callable[[Interval], str]
    quoted_text: Callable[[Quoted], str]
    difference: Callable[[float], str]


def _percent(quoted: Quoted) -> str:
    return f"{100 * quoted.mean:.1f} % ± {100 * quoted.deviation:.1f}"


def _loss(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _loss_interval(interval: Interval) -> str:
    """The mean, and its interval where there is one.

    >>> _loss_interval(Interval(0.068, -0.001, 0.137, 3))
    '0.068 [−0.001, 0.137]'
    """
    text = _loss(interval.mean)
    if np.isnan(interval.low):
        return text
    return f"{text} [{_loss(interval.low)}, {_loss(interval.high)}]"


def _losses(quoted: Quoted) -> str:
    return f"{_loss(quoted.mean)} ± {_loss(quoted.deviation)}"


QUANTITIES = (
    Quantity(
        TRAINING,
        lambda runs: runs["train_accuracy"],
        lambda row: _quoted(row.training, row.training_deviation, 100),
        percent_interval,
        _percent,
        points,
    ),
    Quantity(
        VALIDATION,
        lambda runs: runs["val_accuracy"],
        lambda row: _quoted(row.accuracy, row.deviation, 100),
        percent_interval,
        _percent,
        points,
    ),
    Quantity(
        ERROR,
        generalisation_error,
        lambda row: _quoted(row.generalisation, row.generalisation_deviation, 1),
        _loss_interval,
        _losses,
        _loss,
    ),
)


def papers_table(results: StudyResults) -> pd.DataFrame:
    """Every line of the paper's table that has runs, and these beneath it, as text.

    Seeds that fail are part of the means, as the paper says of none that it left out. Other images
    than the paper's have no such table.
    """
    if results.final.empty or results.final["dataset"].iloc[0] not in QUOTED_DATASETS:
        return pd.DataFrame()
    lines = []
    for quoted, arms in beside_quoted(results):
        lines.append(_quoted_line(quoted))
        lines += [
            _line(results, quoted, str(name), runs) for name, runs in arms.groupby("arm", sort=True)
        ]
    return pd.DataFrame(lines, columns=list(_COLUMNS)).fillna("")


def _quoted_line(row: QuotedRow) -> dict[str, str]:
    return {
        "χ": str(row.bond_dimension),
        "model": "quoted: the paper",
        "trainable": f"{row.trainable_parameters:,}",
        **{each.name: each.quoted_text(each.quoted(row)) for each in QUANTITIES},
    }


def _line(
    results: StudyResults, quoted: QuotedRow, name: str, runs: pd.DataFrame
) -> dict[str, str]:
    rows = results.rows
    of_arm = rows[(rows["setting"] == runs["setting"].iloc[0]) & (rows["arm"] == name)]
    failures = failures_of(of_arm[of_arm["role"] == FINAL])
    measured = {each.name: mean_interval(each.of_runs(runs)) for each in QUANTITIES}
    return {
        "χ": str(quoted.bond_dimension),
        "model": name,
        "trainable": f"{int(runs['trainable_parameters'].iloc[0]):,}",
        "epochs": str(runs["epochs"].iloc[0]),
        "seeds": str(runs["seed"].nunique()),
        "failures": str(failures.count),
        **{each.name: each.text(measured[each.name]) for each in QUANTITIES},
        TEST: percent_interval(mean_interval(runs["test_accuracy"])),
        _LOSSES: " → ".join(losses(runs)),
        _VERDICT: verdict(measured, quoted),
    }


def verdict(measured: dict[str, Interval], quoted: QuotedRow) -> str:
    """How each quantity of an arm stands to the paper's, in a word where all stand alike."""
    said = {
        each.name: agreement(measured[each.name], each.quoted(quoted), each.difference)
        for each in QUANTITIES
    }
    alike = set(said.values())
    return alike.pop() if len(alike) == 1 else "; ".join(f"{n} {text}" for n, text in said.items())


def _quoted(mean: float | None, deviation: float | None, unit: float) -> Quoted:
    if mean is None or deviation is None:  # of a matrix product state all are given
        raise LookupError("a quoted line lacks a figure of the table")
    return Quoted(mean / unit, deviation / unit)
