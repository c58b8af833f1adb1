"""Answers in a sentence: yes, no or open, the effect with its interval, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from studies.analysis.comparisons import PairedDifference, holm, paired_difference
from studies.analysis.results import (
    LEVEL,
    MARGIN,
    NOTHING_YET,
    PAIRS_FOR_A_CLAIM,
    Better,
    Result,
    StudyResults,
    Verdict,
    chances_to_claim,
)
from studies.design.statistics import points
from studies.design.study import Question


class Said(StrEnum):
    """What is answered."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True)
class Answer:
    """What the rows say to a question.

    Attributes:
        question: as declared.
        said: the answer.
        effect: first − second in test accuracy (fractions), of each seed the mean over the
            contrasts in which it trains with both arms.
        adjusted_p: of the effect, by Holm's method over the questions of the study; NaN where no
            claim may be made.
        results: of the question's contrasts, those that have pairs.
    """

    question: Question
    said: Said
    effect: PairedDifference
    adjusted_p: float
    results: tuple[Result, ...]


def answers(results: StudyResults) -> list[Answer]:
    """What the rows say to the questions of a study, in their order.

    *Yes*: the exact sign-flip test of the effect gives p < 0.05 after Holm's correction over the
    questions of the study, the effect is positive, and no contrast shows the opposite. *No*: the
    same with a negative effect, or the effect's 95 % interval ends below one point. Of a question
    with a margin it is the interval that decides: *yes* where it lies above minus the margin,
    *no* where it lies below, or where a first arm is shown to fail more often. Else, and with too
    few pairs for a claim, it is *open*.

    Where seeds were added after a look that all count, p is multiplied by the number of chances.
    Questions without a pair are left out.
    """
    found = []
    for question in results.study.questions:
        of_question = tuple(r for r in results.contrasts if r.contrast in question.contrasts)
        if any(result.difference.pairs for result in of_question):
            found.append((question, of_question, _effect(of_question)))
    declared = len(results.study.questions)
    deciding = results.confirming if results.study.confirmed else results.final
    chances = 1 if deciding.empty else chances_to_claim(deciding)
    p = [chances * _p(effect, of_question) for _, of_question, effect in found]
    adjusted = holm([*p, *[np.nan] * (declared - len(found))])
    return [
        Answer(question, _said(question, effect, p, of_question), effect, p, of_question)
        for (question, of_question, effect), p in zip(found, adjusted, strict=False)
    ]


def _effect(results: Sequence[Result]) -> PairedDifference:
    """The mean over some contrasts, of every seed that has trained in any of them."""
    by_seed = pd.DataFrame(
        {
            place: pd.Series(result.difference.each, index=list(result.difference.seeds))
            for place, result in enumerate(results)
        },
        dtype=float,
    )
    means = by_seed.mean(axis="columns").sort_index()
    return paired_difference(means, 0.0 * means)


def _p(effect: PairedDifference, results: Sequence[Result]) -> float:
    """NaN where no claim may be made."""
    claimed = effect.pairs >= PAIRS_FOR_A_CLAIM and any(r.may_claim for r in results)
    return effect.p if claimed else np.nan


def _said(
    question: Question, effect: PairedDifference, adjusted_p: float, results: Sequence[Result]
) -> Said:
    if np.isnan(adjusted_p):
        return Said.OPEN
    if question.margin is not None:
        if any(_fails_more(result) for result in results):
            return Said.NO
        if effect.low >= -question.margin:
            return Said.YES
        return Said.NO if effect.high < -question.margin else Said.OPEN
    shown = {result.better for result in results}
    if adjusted_p < LEVEL and effect.mean > 0:
        return Said.OPEN if Better.SECOND in shown else Said.YES
    if adjusted_p < LEVEL or effect.high < MARGIN:
        return Said.OPEN if Better.FIRST in shown else Said.NO
    return Said.OPEN


def _fails_more(result: Result) -> bool:
    """Whether the first arm is shown to fail more often."""
    more = result.failures.first > result.failures.second
    return more and result.failure_verdict is Verdict.SHOWN


def answer_text(answer: Answer) -> str:
    """``No: −3.1 points [−3.9, −2.3], the mean of 5 contrasts over 12 seeds; …``."""
    effect, results = answer.effect, answer.results
    text = f"{answer.said.capitalize()}: {points(effect.mean, sign=True)} points"
    if effect.pairs > 1:
        low, high = effect.shown
        text += f" [{points(low)}, {points(high)}]"
    declared = len(answer.question.contrasts)
    if declared > 1:
        of_declared = f" of {declared}" if declared > len(results) else ""
        text += f" on average over {len(results)}{of_declared} contrasts"
    if any(result.exploratory for result in results):
        text += f", explored with {effect.pairs} seeds; others are to decide"
    elif np.isnan(answer.adjusted_p):
        text += f", {effect.pairs} of the {PAIRS_FOR_A_CLAIM} seeds that a claim needs"
    else:
        text += f", {effect.pairs} seeds"
        if len(results) > 1:
            better, worse = (
                sum(result.better is which for result in results)
                for which in (Better.FIRST, Better.SECOND)
            )
            text += f", shown to be better in {better} and worse in {worse}"
    failures = [sum(getattr(r.failures, arm) for r in results) for arm in ("first", "second")]
    if any(failures):
        text += f"; seeds that fail: {failures[0]} against {failures[1]}"
    return f"{text}."


def all_answers(results: StudyResults) -> list[str]:
    """Every question of a study that has rows, with its answer."""
    return [f"{answer.question.text} {answer_text(answer)}" for answer in answers(results)]


def findings_of(results: StudyResults) -> list[str]:
    """What a study found on one dataset: answers to its questions, then a sentence of its own."""
    own = results.study.finding
    return [*all_answers(results), *([own(results)] if own is not None else [])] or [NOTHING_YET]


def headline_of(results: StudyResults) -> str:
    """What a study found on one dataset, in a line."""
    return findings_of(results)[0]
