"""Answers in a sentence: yes, no or open, the effect with its interval, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

import numpy as np
import pandas as pd

from studies.analysis.comparisons import PairedDifference, holm, paired_difference
from studies.analysis.results import (
    LEVEL,
    MARGIN,
    PAIRS_FOR_A_CLAIM,
    Better,
    Result,
    StudyResults,
    Verdict,
    arm_names,
    chances_to_claim,
)
from studies.analysis.summaries import families
from studies.design.arms import PHOTONIC, Arm, Family
from studies.design.statistics import points
from studies.design.study import Contrast, Question

#: Of a question whose contrasts have no runs to compare yet.
NOT_RUN = "Open: what would answer it has not been run with fresh seeds yet."
#: Of a study without questions whose own sentence has nothing to say.
NOTHING_YET = "Nothing that would answer it has been run with fresh seeds yet."
#: Behind a number of seeds that is smaller.
_OF_A_CLAIM = f", of {PAIRS_FOR_A_CLAIM} that a claim needs"
#: Contrasts that are named in an answer; more are counted.
_MOST_NAMED = 3


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
        why: it is open although there are pairs enough for a claim; empty otherwise.
        effect: first − second in test accuracy (fractions), of each seed the mean over the
            contrasts in which it trains with both arms.
        overall: the same over all seeds, whether they train or not.
        adjusted_p: of the effect, by Holm's method over the questions of the study; NaN where no
            claim may be made.
        results: of the question's contrasts, those whose arms have runs of the same seeds.
        by_family: the effect in contrasts of each photonic family, where there are both.
    """

    question: Question
    said: Said
    why: str
    effect: PairedDifference
    overall: PairedDifference
    adjusted_p: float
    results: tuple[Result, ...]
    by_family: Mapping[Family, PairedDifference] = field(default_factory=dict)


# Every page asks for them, of the same results.
@lru_cache(maxsize=64)
def answers(results: StudyResults) -> tuple[Answer, ...]:
    """What the rows say to the questions of a study, in their order.

    *Yes*: the exact sign-flip test of the effect gives p < 0.05 after Holm's correction over the
    questions of the study, the effect is positive, no contrast shows the opposite, and seeds that
    fail do not turn its sign. *No*: the same with a negative effect, or the effect's 95 % interval
    ends below one point. Of a question
    with a margin it is the interval that decides: *yes* where it lies above minus the margin,
    *no* where it lies below, or where a first arm is shown to fail more often. Else, and with too
    few pairs for a claim, it is *open*.

    Where no seed trains with both arms of any contrast the failures decide: *yes* where the first
    arms are shown to fail less often in each, *no* where more.

    Where seeds were added after a look that all count, p is multiplied by the number of chances.
    Questions without runs to compare are left out.
    """
    found = []
    for question in results.study.questions:
        of_question = tuple(r for r in results.contrasts if r.contrast in question.contrasts)
        if of_question:
            found.append((question, of_question))
    declared = len(results.study.questions)
    deciding = results.confirming if results.study.confirmed else results.final
    chances = 1 if deciding.empty else chances_to_claim(deciding)
    effects = [_mean([result.difference for result in each]) for _, each in found]
    p = [chances * _p(effect, each) for effect, (_, each) in zip(effects, found, strict=True)]
    adjusted = holm([*p, *[np.nan] * (declared - len(found))])
    return tuple(
        _answer(results, question, of_question, effect, adjusted_p)
        for (question, of_question), effect, adjusted_p in zip(
            found, effects, adjusted, strict=False
        )
    )


def _answer(
    study: StudyResults,
    question: Question,
    results: tuple[Result, ...],
    effect: PairedDifference,
    adjusted_p: float,
) -> Answer:
    overall = _mean([result.overall for result in results])
    said, why = _decided(question, effect, overall, adjusted_p, results)
    by_family = _by_family(study, results)
    return Answer(question, said, why, effect, overall, adjusted_p, results, by_family)


def _by_family(study: StudyResults, results: Sequence[Result]) -> dict[Family, PairedDifference]:
    """The effect where the first arm is of one photonic family, and where it is of the other."""
    found: dict[Family, list[PairedDifference]] = {}
    for result in results:
        runs = study.runs_of(result.contrast.first)
        if result.difference.pairs and not runs.empty:
            found.setdefault(families(runs).iloc[0], []).append(result.difference)
    both = all(family in found for family in PHOTONIC)
    return {family: _mean(found[family]) for family in PHOTONIC} if both else {}


def _mean(differences: Sequence[PairedDifference]) -> PairedDifference:
    """The mean over some contrasts, of every seed that is in any of them."""
    by_seed = pd.DataFrame(
        {
            place: pd.Series(difference.each, index=list(difference.seeds))
            for place, difference in enumerate(differences)
        },
        dtype=float,
    )
    means = by_seed.mean(axis="columns").sort_index()
    return paired_difference(means, 0.0 * means)


def _p(effect: PairedDifference, results: Sequence[Result]) -> float:
    """NaN where no claim may be made."""
    claimed = effect.pairs >= PAIRS_FOR_A_CLAIM and any(r.may_claim for r in results)
    return effect.p if claimed else np.nan


def _decided(
    question: Question,
    effect: PairedDifference,
    overall: PairedDifference,
    adjusted_p: float,
    results: Sequence[Result],
) -> tuple[Said, str]:
    """The answer, and why it is open where there are pairs enough."""
    shown = {result.better for result in results}
    if not effect.pairs:
        by_failures = {Better.FIRST: Said.YES, Better.SECOND: Said.NO}
        return by_failures.get(shown.pop(), Said.OPEN) if len(shown) == 1 else Said.OPEN, ""
    if np.isnan(adjusted_p):
        return Said.OPEN, ""
    if question.margin is not None:
        return _within(question.margin, effect, results)
    if adjusted_p >= LEVEL and effect.high >= MARGIN:
        return Said.OPEN, f"no difference is shown, and {points(MARGIN)} points are not excluded"
    better = adjusted_p < LEVEL and effect.mean > 0
    if (Better.SECOND if better else Better.FIRST) in shown:
        return Said.OPEN, "contrasts show opposite things"
    if effect.mean * overall.mean < 0:
        return Said.OPEN, "seeds that fail turn its sign"
    return (Said.YES if better else Said.NO), ""


def _within(margin: float, effect: PairedDifference, results: Sequence[Result]) -> tuple[Said, str]:
    """The answer to a question with a margin."""
    if any(_fails_more(result) for result in results):
        return Said.NO, ""
    if effect.low >= -margin:
        return Said.YES, ""
    if effect.high < -margin:
        return Said.NO, ""
    return Said.OPEN, "the interval reaches across the margin"


def _fails_more(result: Result) -> bool:
    """Whether the first arm is shown to fail more often."""
    more = result.failures.first > result.failures.second
    return more and result.failure_verdict is Verdict.SHOWN


def answer_text(answer: Answer) -> str:
    """``No: −3.1 points [−3.9, −2.3] averaged by seed over 5 contrasts, 12 seeds. …``."""
    sentences = [
        f"{answer.said.capitalize()}: {_what_is_found(answer)}",
        _each_text(answer) if len(answer.results) > 1 else "",
        _families_text(answer),
        f"Open because {answer.why}" if answer.why else "",
    ]
    text = ". ".join(filter(None, sentences))
    note = f" {answer.question.note}" if answer.question.note else ""
    return f"{text}.{note}"


def short_text(answer: Answer) -> str:
    """``No: −3.1 points [−3.9, −2.3] (5 contrasts, 12 seeds).``, and what would mislead unsaid."""
    found = _what_is_found(answer)
    if answer.effect.pairs:
        failed, count = _failed_runs(answer.results), _contrasts_text(answer)
        contrasts = f"{count}, " if count else ""
        fails = f"; {failed[0]} against {failed[1]} runs fail" if any(failed) else ""
        where = " where both arms train" if any(failed) else ""
        found = f"{_effect(answer.effect)}{where} ({contrasts}{_seeds_text(answer)}{fails})"
    why = f"Open because {answer.why}" if answer.why else ""
    sentences = [f"{answer.said.capitalize()}: {found}", _families_text(answer), why]
    return f"{'. '.join(filter(None, sentences))}."


def _contrasts_text(answer: Answer) -> str:
    """How many of the declared contrasts have seeds that train with both arms; empty for one."""
    declared = len(answer.question.contrasts)
    with_pairs = sum(result.difference.pairs > 0 for result in answer.results)
    of_declared = f" of {declared}" if declared > with_pairs else ""
    return f"{with_pairs}{of_declared} contrasts" if declared > 1 else ""


def _effect(effect: PairedDifference) -> str:
    text = f"{points(effect.mean, sign=True)} points"
    if effect.pairs < 2:
        return text
    low, high = effect.shown
    return f"{text} [{points(low)}, {points(high)}]"


def _what_is_found(answer: Answer) -> str:
    """The effect, its seeds, and what fails."""
    effect, failed = answer.effect, _failed_runs(answer.results)
    if not effect.pairs:
        text = f"no seed trains with both arms, with {failed[0]} against {failed[1]} failed runs"
        too_few = all(np.isnan(result.adjusted_failure_p) for result in answer.results)
        return f"{text}{_OF_A_CLAIM}" if too_few else text
    text = _effect(effect)
    contrasts = _contrasts_text(answer)
    text += f" averaged by seed over {contrasts}" if contrasts else ""
    text += f", {_seeds_text(answer)}"
    if any(failed):
        overall = points(answer.overall.mean, sign=True)
        text += (
            f", where both arms train; over all seeds {overall}, with {failed[0]} against "
            f"{failed[1]} failed runs"
        )
    return text


def _families_text(answer: Answer) -> str:
    """The effect in either photonic family, where there are both: they are not alike."""
    texts = (
        f"{family.removeprefix('photonic, ')} {points(effect.mean, sign=True)}"
        for family, effect in answer.by_family.items()
    )
    return ", ".join(texts).capitalize()


def _seeds_text(answer: Answer) -> str:
    """How many seeds train with both arms of each contrast, and what they are too few for."""
    pairs = [result.difference.pairs for result in answer.results if result.difference.pairs]
    least, most = min(pairs), max(pairs)
    count = f"{least} to {most} seeds" if least < most else f"{most} seeds"
    if any(result.exploratory for result in answer.results):
        return f"explored with {count}; others are to decide"
    return f"{count}{_OF_A_CLAIM}" if np.isnan(answer.adjusted_p) else count


def _failed_runs(results: Sequence[Result]) -> tuple[int, int]:
    """How many runs of first and of second arms fail, those of each arm once."""
    first: dict[Arm, int] = {}
    second: dict[Arm, int] = {}
    for result in results:
        arms, failures = result.contrast, result.failures
        first[arms.first] = max(first.get(arms.first, 0), failures.first)
        second[arms.second] = max(second.get(arms.second, 0), failures.second)
    return sum(first.values()), sum(second.values())


def _each_text(answer: Answer) -> str:
    """In which contrasts the first arms are better or worse, or within a margin or beyond."""
    results, margin = answer.results, answer.question.margin
    if margin is None:
        parts = {
            "Shown to be better": [r for r in results if r.better is Better.FIRST],
            "worse": [r for r in results if r.better is Better.SECOND],
        }
    else:
        there = [r for r in results if r.verdict in (Verdict.SHOWN, Verdict.NOT_SHOWN)]
        parts = {
            f"Within {points(margin)} points": [r for r in there if r.difference.low >= -margin],
            "beyond": [r for r in there if r.difference.high < -margin],
        }
    return ", ".join(
        f"{words} in {len(chosen)} of {len(results)}{_names_text(chosen, results)}"
        for words, chosen in parts.items()
    )


def _names_text(chosen: Sequence[Result], results: Sequence[Result]) -> str:
    """Some contrasts, each by its setting where that tells it from the others, and its effect."""
    if not chosen or len(chosen) > _MOST_NAMED:
        return ""
    settings = Counter(result.contrast.setting for result in results)
    named = [f"{_name(result.contrast, settings)} {_effect_text(result)}" for result in chosen]
    return f" ({', '.join(named)})"


def _effect_text(result: Result) -> str:
    """The difference, or the failures where no seed trains with both arms."""
    if result.difference.pairs:
        return points(result.difference.mean, sign=True)
    return f"by {result.failures.first} against {result.failures.second} failed runs"


def _name(contrast: Contrast, settings: Mapping[str, int]) -> str:
    setting, (first, second) = contrast.setting, arm_names(contrast)
    if setting and settings[setting] == 1:
        return setting
    arms = f"{first} against {second}"
    return f"{setting}: {arms}" if setting and len(settings) > 1 else arms


def all_answers(results: StudyResults) -> list[str]:
    """Every question of a study with its answer, in their order."""
    found = {answer.question.text: answer_text(answer) for answer in answers(results)}
    return [
        f"{question.text} {found.get(question.text, NOT_RUN)}"
        for question in results.study.questions
    ]


def findings_of(results: StudyResults) -> list[str]:
    """What a study found on one dataset: answers to its questions, then a sentence of its own."""
    own = "" if results.study.finding is None else results.study.finding(results)
    return list(filter(None, [*all_answers(results), own])) or [NOTHING_YET]
