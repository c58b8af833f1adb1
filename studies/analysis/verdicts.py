"""Whether a claim holds, in a sentence that is decided by the rows alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from studies.analysis.answers import Said, answers
from studies.analysis.judgements import Judge, Judgement, Standing
from studies.analysis.quoted import NOISE_COSTS_AT_MOST
from studies.analysis.results import (
    MARGIN,
    PAIRS_FOR_A_CLAIM,
    Better,
    Result,
    StudyResults,
    arm_names,
)
from studies.analysis.summaries import validation_gaps
from studies.design.roles import FINAL
from studies.design.statistics import points
from studies.design.study import Contrast, Question


def better_than_all(chosen: Sequence[Contrast]) -> Judge:
    """Whether, setting by setting, the first arm is better than every arm it is compared with.

    It holds where every declared contrast shows it, by accuracy or by fewer failures, and none by
    one against the other. It does not where one of them shows the opposite, or has an interval
    that ends below ``MARGIN`` while the second arm fails no more; these are named. Else it is open.
    """

    def judge(results: StudyResults) -> Judgement:
        by_contrast = {result.contrast: result for result in results.contrasts}
        found: dict[Standing, list[str]] = {}
        for setting, group in groupby(chosen, key=lambda contrast: contrast.setting):
            contrasts = list(group)
            standings = {contrast: _standing(by_contrast.get(contrast)) for contrast in contrasts}
            excluded = [arm_names(c)[1] for c in contrasts if standings[c] == Standing.FAILS]
            if excluded:
                found.setdefault(Standing.FAILS, []).append(
                    f"{setting} (against {', '.join(excluded)})"
                )
            elif all(standing is Standing.HOLDS for standing in standings.values()):
                found.setdefault(Standing.HOLDS, []).append(setting)
            else:
                shown = sum(standing is Standing.HOLDS for standing in standings.values())
                text = f"{setting} (shown against {shown} of {len(contrasts)})"
                found.setdefault(Standing.OPEN, []).append(text)
        return Judgement(found)

    return judge


def _standing(result: Result | None) -> Standing:
    """What a contrast says of "the first arm is better"."""
    if result is None or not result.may_claim:
        return Standing.OPEN
    if result.better is Better.FIRST:
        return Standing.HOLDS
    if result.better is not Better.NOT_SHOWN:
        return Standing.FAILS
    small = _has_pairs_for_a_claim(result) and result.difference.high < MARGIN
    no_safer = result.failures.first >= result.failures.second
    return Standing.FAILS if small and no_safer else Standing.OPEN


def _has_pairs_for_a_claim(result: Result) -> bool:
    return result.difference.pairs >= PAIRS_FOR_A_CLAIM and not result.exploratory


def as_answered(questions: Sequence[Question]) -> Judge:
    """Of a claim that consists of questions: it holds where the answer is yes."""
    standings = {
        Said.YES: Standing.HOLDS,
        Said.NO: Standing.FAILS,
        Said.OPEN: Standing.OPEN,
    }

    def judge(results: StudyResults) -> Judgement:
        found: dict[Standing, list[str]] = {}
        for answer in answers(results):
            if answer.question in questions:
                found.setdefault(standings[answer.said], []).append(f"“{answer.question.text}”")
        return Judgement(found)

    return judge


def noise_costs_little(protocols: Mapping[str, Sequence[Contrast]]) -> Judge:
    """Whether each noise costs at most what the paper states, by the interval of its cost.

    Args:
        protocols: the contrasts of each way to train and evaluate, by what it is called.
    """

    def judge(results: StudyResults) -> Judgement:
        found: dict[Standing, list[str]] = {}
        for protocol, chosen in protocols.items():
            compared = [result for result in results.contrasts if result.contrast in chosen]
            of_setting = Counter(result.contrast.setting for result in compared)
            counts = Counter((_cost(result), result.contrast.setting) for result in compared)
            for (standing, setting), count in counts.items():
                text = f"{protocol}, {setting} ({count} of {of_setting[setting]} kinds)"
                found.setdefault(standing, []).append(text)
        return Judgement(found)

    return judge


def _cost(result: Result) -> Standing:
    if not _has_pairs_for_a_claim(result):
        return Standing.OPEN
    if result.difference.high < -NOISE_COSTS_AT_MOST:
        return Standing.FAILS
    # A seed that does not train under noise is a cost that the difference leaves out.
    no_riskier = result.failures.first <= result.failures.second
    small = result.difference.low >= -NOISE_COSTS_AT_MOST
    return Standing.HOLDS if small and no_riskier else Standing.OPEN


def all_phases_are_effective(results: StudyResults) -> Judgement:
    """How many of the trained phases are effective, where fewest are."""
    rows = results.rows
    final = rows[(rows["role"] == FINAL) & (rows["phases"] > 0)]
    if final.empty:
        return Judgement()
    least = int((final["effective_phases"] / final["phases"]).argmin())
    phases, effective = (int(final[name].iloc[least]) for name in ("phases", "effective_phases"))
    standing = Standing.HOLDS if effective == phases else Standing.FAILS
    return Judgement({standing: [f"of {phases} trained phases {effective} are effective"]})


def validation_is_precise(results: StudyResults) -> Judgement:
    """Whether the 600 images tell models apart that differ by ``MARGIN``, for 19 runs in 20."""
    gaps = validation_gaps(results.final).abs()
    if gaps.empty:
        return Judgement()
    off = gaps.quantile(0.95)
    standing = Standing.HOLDS if off < MARGIN else Standing.FAILS
    return Judgement({standing: [f"one run in twenty is more than {points(off)} points off"]})
