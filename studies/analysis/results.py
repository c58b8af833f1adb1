"""What the rows of a study amount to, computed once: contrasts, summaries, runs by arm.

Contrasts are of final rows with paired seeds, and each can be said in a sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
import pandas as pd

from qcnn.showing.overview import Overview, Shown
from studies.analysis.comparisons import (
    FailureDifference,
    Improvement,
    PairedDifference,
    failure_difference,
    holm,
    improvement,
    paired_difference,
)
from studies.analysis.summaries import summarise
from studies.design.arms import DIRECT, Arm, is_arm, labels
from studies.design.datasets import in_order
from studies.design.roles import FINAL, completed, has_trained, only_evaluated
from studies.design.statistics import points
from studies.design.study import Contrast, Study

#: Fewer pairs give an interval and no claim.
PAIRS_FOR_A_CLAIM = 12
LEVEL = 0.05
#: An advantage of less than this fraction is none that would decide for an arm.
MARGIN = 0.01


class Verdict(StrEnum):
    """What may be said of a difference."""

    NO_PAIR = "no pair"
    NO_INTERVAL = "no interval"
    EXPLORATORY = "exploratory, no claim"
    TOO_FEW = "too few for a claim"
    SHOWN = "a difference"
    NOT_SHOWN = "no difference shown"


class Better(StrEnum):
    """Which arm of a contrast is shown to be the better one, failures and accuracy together."""

    FIRST = "the first"
    SECOND = "the second"
    #: One of them is more accurate where both train, and fails more often.
    EITHER = "either, by what one asks for"
    NOT_SHOWN = "neither is shown to be"


@dataclass(frozen=True)
class Result:
    """A contrast with what the rows say of it.

    Attributes:
        contrast: as declared.
        difference: in test accuracy, fractions, over the seeds that both arms train with.
        adjusted_p: of that, by Holm's method over all declared contrasts; NaN where no claim may
            be made.
        parameters: trainable parameters of the two arms.
        failures: seeds that did not train.
        adjusted_failure_p: of these, by Holm's method over all declared contrasts; NaN likewise.
        overall: the difference over all seeds that have an accuracy in both arms.
        improvement: the probability that the first arm is better, over all seeds.
        least_p: the smallest ``adjusted_p`` that so many pairs could give beside the other
            contrasts; NaN where ``adjusted_p`` is.
        exploratory: whether other seeds are to decide.
    """

    contrast: Contrast
    difference: PairedDifference
    adjusted_p: float
    parameters: tuple[int, int]
    failures: FailureDifference
    adjusted_failure_p: float
    overall: PairedDifference
    improvement: Improvement
    least_p: float
    exploratory: bool = False

    @property
    def verdict(self) -> Verdict:
        """What may be said of the difference in accuracy where both arms train."""
        return self._verdict(self.difference.pairs, self.adjusted_p)

    @property
    def failure_verdict(self) -> Verdict:
        """What may be said of how often the arms fail."""
        return self._verdict(self.failures.pairs, self.adjusted_failure_p)

    @property
    def may_claim(self) -> bool:
        """Whether the pairs suffice to claim a difference of either kind."""
        return not (np.isnan(self.adjusted_p) and np.isnan(self.adjusted_failure_p))

    @property
    def better(self) -> Better:
        """Which arm is shown to be better.

        One that is more accurate where both train, and not on average over all seeds, is not.
        """
        signs = set()
        if self.verdict is Verdict.SHOWN:
            if self.difference.mean * self.overall.mean <= 0:
                return Better.EITHER
            signs.add(self.difference.mean > 0)
        if self.failure_verdict is Verdict.SHOWN:
            signs.add(self.failures.first < self.failures.second)
        if len(signs) == 1:
            return Better.FIRST if signs.pop() else Better.SECOND
        return Better.EITHER if signs else Better.NOT_SHOWN

    def _verdict(self, pairs: int, adjusted_p: float) -> Verdict:
        if pairs < 2:
            return Verdict.NO_INTERVAL if pairs else Verdict.NO_PAIR
        if self.exploratory:
            return Verdict.EXPLORATORY
        if np.isnan(adjusted_p):
            return Verdict.TOO_FEW
        return Verdict.SHOWN if adjusted_p < LEVEL else Verdict.NOT_SHOWN


@dataclass(frozen=True, eq=False, repr=False)
class StudyResults(Shown):
    """A study and its rows, of several datasets or of one.

    They show themselves by the numbers of rows, and of those in ``final``, on each dataset.

    Attributes:
        study: the study.
        rows: its rows, in an order that no accident decides.
        beside: final runs of the study beside (:attr:`Study.beside`), to which contrasts alone
            look.
    """

    study: Study
    rows: pd.DataFrame
    beside: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["dataset"]))

    @cached_property
    def by_dataset(self) -> "dict[str, StudyResults]":
        """The results on each dataset, by its name, in the order of :func:`in_order`."""
        return {
            name: StudyResults(
                self.study,
                self.rows[self.rows["dataset"] == name],
                self.beside[self.beside["dataset"] == name],
            )
            for name in in_order(self.rows["dataset"])
        }

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
    def confirming(self) -> pd.DataFrame:
        """Of the rows with fresh seeds, those whose seeds came after every look; maybe none."""
        final = self.rows[self.rows["role"] == FINAL]
        return final[final["look"] == len(self.study.looks)]

    @property
    def exploratory(self) -> bool:
        """Whether the seeds that alone are to decide the contrasts have yet to run."""
        return self.study.confirmed and self.confirming.empty

    @cached_property
    def contrasts(self) -> tuple[Result, ...]:
        """The declared contrasts whose arms have paired runs, in the declared order."""
        alone = self.study.confirmed and not self.exploratory
        rows = self.confirming if alone else self.rows
        if not self.beside.empty:
            rows = pd.concat([rows, self.beside], ignore_index=True)
        found = evaluate_contrasts(rows, self.study.contrasts)
        return tuple(map(_without_claim, found) if self.exploratory else found)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One line for each configuration and role (:func:`summarise`)."""
        return summarise(self.rows)

    def _overview(self) -> Overview:
        line = f"{type(self).__name__} of {self.study.name}: {len(self.rows):,} rows"
        parts = self.by_dataset
        columns = {
            "rows": [len(part.rows) for part in parts.values()],
            "final": [len(part.final) for part in parts.values()],
        }
        return Overview((line,), columns, list(parts), "dataset")

    def runs_of(self, arm: Arm) -> pd.DataFrame:
        """Of ``final``, the runs of an arm."""
        return self.final[is_arm(self.final, arm)]


def evaluate_contrasts(rows: pd.DataFrame, contrasts: Sequence[Contrast]) -> list[Result]:
    """Every declared contrast whose arms share at least one seed, in the declared order.

    Seeds that were added after a look count, and every look makes p as many times larger: a
    difference may be claimed when it is seen at any of them.
    """
    final = rows[rows["role"] == FINAL]
    found = [_compared(final, contrast) for contrast in contrasts]
    there = [result for result in found if result is not None]
    not_run = [np.nan] * (len(contrasts) - len(there))
    analyses = chances_to_claim(final) if there else 1
    p = [_p(r.difference.pairs, r.difference.p) * analyses for r in there] + not_run
    of_failures = [_p(r.failures.pairs, r.failures.p) * analyses for r in there] + not_run
    least = [
        holm([*p[:place], _p(r.difference.pairs, r.difference.least_p) * analyses, *p[place + 1 :]])
        for place, r in enumerate(there)
    ]
    adjusted = zip(there, holm(p), holm(of_failures), strict=False)
    return [
        replace(
            result,
            adjusted_p=of_accuracy,
            adjusted_failure_p=of_failure,
            least_p=least[place][place],
        )
        for place, (result, of_accuracy, of_failure) in enumerate(adjusted)
    ]


def chances_to_claim(final: pd.DataFrame) -> int:
    """How often rows were looked at in which a difference may be claimed, this time included."""
    return 1 + int(final["look"].max() - final["look"].min())


def _without_claim(result: Result) -> Result:
    return replace(
        result,
        exploratory=True,
        adjusted_p=np.nan,
        adjusted_failure_p=np.nan,
        least_p=np.nan,
    )


def _p(pairs: int, p: float) -> float:
    return p if pairs >= PAIRS_FOR_A_CLAIM else np.nan


def _compared(final: pd.DataFrame, contrast: Contrast) -> Result | None:
    """A contrast by itself, before any correction."""
    arms = _paired_arms(final, contrast)
    if arms is None:
        return None
    first, second = arms
    accuracies = [arm["test_accuracy"].astype(float) for arm in arms]
    failed = [~has_trained(arm) for arm in arms]
    # What is only evaluated has the model of the run that it stands beside.
    first_failed = failed[0] | (only_evaluated(first) & failed[1])
    second_failed = failed[1] | (only_evaluated(second) & failed[0])
    both = ~(first_failed | second_failed)
    return Result(
        contrast,
        paired_difference(*(arm[both] for arm in accuracies)),
        np.nan,
        (int(first["trainable_parameters"].max()), int(second["trainable_parameters"].max())),
        failure_difference(first_failed, second_failed),
        np.nan,
        paired_difference(*accuracies),
        improvement(*accuracies),
        np.nan,
    )


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


def sentence(result: Result) -> str:
    """A contrast as a sentence, with a claim only where there are enough pairs.

    Where seeds have failed, it says how many of either arm, then what those amount to that both
    arms train with, then all of them.
    """
    contrast, failures = result.contrast, result.failures
    (first, second), names = result.parameters, arm_names(contrast)
    text = (
        f"{in_setting(contrast.setting)}, {names[0]} ({first:,} trainable) against "
        f"{names[1]} ({second:,}): "
    )
    better = f"probability of improvement {_improvement_text(result.improvement)}"
    if not failures.any:
        return f"{text}{_accuracy_text(result, better)}."
    text += f"failures {failures.first} against {failures.second} of {failures.pairs}"
    if not np.isnan(result.adjusted_failure_p):
        text += f": {result.failure_verdict}{_p_text(result.adjusted_failure_p)}"
    if result.difference.pairs:
        text += f"; where both train {_accuracy_text(result)}"
    else:
        text += "; no seed trains with both"
    overall = points(result.overall.mean, sign=True)
    return f"{text}; over all {result.overall.pairs} pairs {overall} points, {better}."


def _accuracy_text(result: Result, more: str = "") -> str:
    """The difference, its interval, ``more``, the pairs and the verdict."""
    difference = result.difference
    parts = [f"{points(difference.mean, sign=True)} points"]
    if difference.pairs > 1:
        low, high = difference.shown
        parts.append(f"95 % interval [{points(low)}, {points(high)}]")
    parts += [more] if more else []
    count = f"{difference.pairs} pair" + ("s" if difference.pairs != 1 else "")
    p = _p_text(result.adjusted_p, _floor_text(result))
    return f"{', '.join(parts)}, {count}: {result.verdict}{p}"


def _p_text(adjusted_p: float, more: str = "") -> str:
    return "" if np.isnan(adjusted_p) else f" (p = {adjusted_p:.3g} after Holm{more})"


def _floor_text(result: Result) -> str:
    """Whether p is decided by the number of pairs, which nothing that was measured could beat."""
    difference = result.difference
    if result.least_p >= LEVEL:
        return f"; {difference.pairs} pairs cannot give less than {result.least_p:.3g}"
    if difference.p <= difference.least_p:
        return f", the least that {difference.pairs} pairs can give"
    return ""


def _improvement_text(found: Improvement) -> str:
    """Without an interval where the seeds say nothing of it."""
    text = f"{found.probability:.2f}"
    return f"{text} [{found.low:.2f}, {found.high:.2f}]" if found.low < found.high else text


def in_setting(setting: str) -> str:
    """``at χ = 10``, but ``with mixing of 5 PQCNNs``."""
    return f"at {setting}" if "=" in setting else f"with {setting}"


def arm_names(contrast: Contrast) -> tuple[str, str]:
    """The two arms without their setting, unless that is what tells them apart.

    >>> shots = "100 shots"
    >>> arm_names(Contrast(Arm("mixing", shots), Arm("affine", shots), where=shots))
    ('mixing', 'affine')
    """
    first, second = _arm_name(contrast.first), _arm_name(contrast.second)
    if first != second:
        return first, second
    arms = (contrast.first, contrast.second)
    names = [arm.setting if arm.name == contrast.setting else arm.label for arm in arms]
    return names[0], names[1]


def _arm_name(arm: Arm) -> str:
    return "the target trained directly" if arm == DIRECT else arm.name
