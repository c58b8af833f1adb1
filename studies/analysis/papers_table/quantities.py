"""What the paper's table holds and runs have as well, and how the two agree."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studies.analysis.papers_table.agreement import Quoted, agreement
from studies.analysis.quoted import QuotedRow
from studies.analysis.summaries import generalisation_error
from studies.design.statistics import Interval, percent_interval, points

TRAINING, VALIDATION, ERROR = "training", "validation", "generalisation error"


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
