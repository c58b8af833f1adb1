"""What the rows of a study amount to, computed once: contrasts, summaries, runs by arm.

Contrasts are of final rows with paired seeds, and each can be said in a sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import pandas as pd

from studies.analysis.summaries import summarise
from studies.design.arms import DIRECT, Arm, is_arm, labels
from studies.design.roles import FINAL, completed
from studies.design.statistics import PairedDifference, holm, paired_difference, points
from studies.design.study import Contrast, Study

#: Fewer pairs give an interval and no claim.
PAIRS_FOR_A_CLAIM = 10
LEVEL = 0.05


class Verdict(StrEnum):
    """What may be said of a difference."""

    NO_INTERVAL = "no interval"
    TOO_FEW = "too few for a claim"
    SHOWN = "a difference"
    NOT_SHOWN = "no difference shown"


@dataclass(frozen=True)
class Result:
    """A contrast with what the rows say of it.

    Attributes:
        contrast: as declared.
        difference: in test accuracy, fractions.
        adjusted_p: by Holm's method over all declared contrasts; NaN without enough pairs.
        parameters: trainable parameters of the two arms.
    """

    contrast: Contrast
    difference: PairedDifference
    adjusted_p: float
    parameters: tuple[int, int]

    @property
    def verdict(self) -> Verdict:
        """What may be said of the difference."""
        if self.difference.pairs < 2:
            return Verdict.NO_INTERVAL
        if np.isnan(self.adjusted_p):
            return Verdict.TOO_FEW
        return Verdict.SHOWN if self.adjusted_p < LEVEL else Verdict.NOT_SHOWN


@dataclass(frozen=True, eq=False)
class StudyResults:
    """A study and its rows, of several datasets or of one.

    Attributes:
        study: the study.
        rows: its rows, in an order that no accident decides.
    """

    study: Study
    rows: pd.DataFrame

    @cached_property
    def by_dataset(self) -> "dict[str, StudyResults]":
        """The results on each dataset, by its name, in the order of the names."""
        parts = self.rows.groupby("dataset", sort=True)
        return {str(name): StudyResults(self.study, part) for name, part in parts}

    @cached_property
    def final(self) -> pd.DataFrame:
        """The runs with fresh seeds that ended well."""
        return completed(self.rows, FINAL)

    @cached_property
    def longest(self) -> pd.DataFrame:
        """Of ``final``, the runs of each arm's longest training."""
        epochs = self.final["epochs"]
        return self.final[epochs == epochs.groupby(labels(self.final)).transform("max")]

    @cached_property
    def contrasts(self) -> tuple[Result, ...]:
        """The declared contrasts whose arms have paired runs, in the declared order."""
        return tuple(evaluate_contrasts(self.rows, self.study.contrasts))

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One line for each configuration and role (:func:`summarise`)."""
        return summarise(self.rows)

    def runs_of(self, arm: Arm) -> pd.DataFrame:
        """Of ``final``, the runs of an arm."""
        return self.final[is_arm(self.final, arm)]


def evaluate_contrasts(rows: pd.DataFrame, contrasts: Sequence[Contrast]) -> list[Result]:
    """Every declared contrast whose arms share at least one seed, in the declared order."""
    final = completed(rows, FINAL)
    found = []
    for contrast in contrasts:
        arms = _paired_arms(final, contrast)
        if arms is not None:
            first, second = arms
            difference = paired_difference(first["test_accuracy"], second["test_accuracy"])
            counts = (
                int(first["trainable_parameters"].iloc[0]),
                int(second["trainable_parameters"].iloc[0]),
            )
            found.append((contrast, difference, counts))
    testable = [d.p if d.pairs >= PAIRS_FOR_A_CLAIM else np.nan for _, d, _ in found]
    not_run = [np.nan] * (len(contrasts) - len(found))
    return [
        Result(contrast, difference, p, counts)
        for (contrast, difference, counts), p in zip(found, holm(testable + not_run), strict=False)
    ]


def sentence(result: Result) -> str:
    """A contrast as a sentence, with a claim only where there are enough pairs."""
    contrast, difference = result.contrast, result.difference
    (first, second), names = result.parameters, arm_names(contrast)
    text = (
        f"{_where(contrast.setting)}, {names[0]} ({first:,} trainable) against "
        f"{names[1]} ({second:,}): {points(difference.mean, sign=True)} points"
    )
    if difference.pairs < 2:
        return f"{text}, 1 pair: {result.verdict}."
    low, high = difference.shown
    text += (
        f", 95 % interval [{points(low)}, {points(high)}], {difference.pairs} pairs: "
        f"{result.verdict}"
    )
    if np.isnan(result.adjusted_p):
        return f"{text}."
    return f"{text} (p = {result.adjusted_p:.3g} after Holm)."


def _where(setting: str) -> str:
    """``at χ = 10``, but ``with mixing of 5 PQCNNs``."""
    return f"at {setting}" if "=" in setting else f"with {setting}"


def arm_names(contrast: Contrast) -> tuple[str, str]:
    """The two arms without their setting, unless that is what tells them apart."""
    first, second = _arm_name(contrast.first), _arm_name(contrast.second)
    return (first, second) if first != second else (contrast.first.label, contrast.second.label)


def _arm_name(arm: Arm) -> str:
    return "the target trained directly" if arm == DIRECT else arm.name


def _paired_arms(
    final: pd.DataFrame, contrast: Contrast
) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Rows of both arms by seed, from the longest training that both have."""
    first, second = (final[is_arm(final, arm)] for arm in (contrast.first, contrast.second))
    for epochs in sorted(set(first["epochs"]) & set(second["epochs"]), reverse=True):
        pair = [arm[arm["epochs"] == epochs].set_index("seed") for arm in (first, second)]
        shared = sorted(set(pair[0].index) & set(pair[1].index))
        if shared and all(arm.index.is_unique for arm in pair):
            return pair[0].loc[shared], pair[1].loc[shared]
    return None
