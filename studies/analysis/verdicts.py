"""Whether a claim holds, in a sentence that is decided by the rows alone."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby

import pandas as pd

from studies.analysis.quoted import NOISE_COSTS_AT_MOST, QUOTED, QuotedRow
from studies.analysis.results import (
    PAIRS_FOR_A_CLAIM,
    Better,
    Result,
    StudyResults,
    arm_names,
)
from studies.design.arms import at_bond_dimension, labels
from studies.design.roles import FINAL
from studies.design.statistics import mean_interval, points
from studies.design.study import Contrast

#: What the rows of a study say of a claim as a whole; nothing where they say nothing yet.
Judge = Callable[[StudyResults], str]

#: An advantage of less than this fraction is none that would decide for photons.
MARGIN = 0.01


class Standing(StrEnum):
    """How a claim stands, in the order in which it is said."""

    HOLDS = "holds"
    FAILS = "does not hold"
    OPEN = "open"


def better_than_all(chosen: Sequence[Contrast]) -> Judge:
    """Whether, setting by setting, the first arm is better than every arm it is compared with.

    It holds where every declared contrast shows it, by accuracy or by fewer failures, and none by
    one against the other. It does not where one of them shows the opposite, or has an interval
    that ends below ``MARGIN`` while the second arm fails no more; these are named. Else it is open.
    """

    def judge(results: StudyResults) -> str:
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
        return _in_words(found)

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


def noise_costs_little(chosen: Sequence[Contrast]) -> Judge:
    """Whether each noise costs at most what the paper states, by the interval of its cost."""

    def judge(results: StudyResults) -> str:
        compared = [result for result in results.contrasts if result.contrast in chosen]
        of_setting = Counter(result.contrast.setting for result in compared)
        counts = Counter((_cost(result), result.contrast.setting) for result in compared)
        found: dict[Standing, list[str]] = {}
        for (standing, setting), count in counts.items():
            text = f"{setting} ({count} of {of_setting[setting]} kinds)"
            found.setdefault(standing, []).append(text)
        return _in_words(found)

    return judge


def _cost(result: Result) -> Standing:
    if not _has_pairs_for_a_claim(result):
        return Standing.OPEN
    if result.difference.low >= -NOISE_COSTS_AT_MOST:
        return Standing.HOLDS
    return Standing.FAILS if result.difference.high < -NOISE_COSTS_AT_MOST else Standing.OPEN


def beside_quoted(results: StudyResults) -> Iterator[tuple[QuotedRow, pd.DataFrame]]:
    """The paper's figure at each bond dimension that has runs, and the longest of these."""
    final = results.longest
    for quoted in QUOTED:
        if quoted.bond_dimension is not None:
            arms = final[final["setting"] == at_bond_dimension(quoted.bond_dimension)]
            if not arms.empty:
                yield quoted, arms


def reaches_quoted(results: StudyResults) -> str:
    """At which bond dimensions the best arm comes within a deviation of the paper's accuracy."""
    found: dict[Standing, list[str]] = {}
    for quoted, arms in beside_quoted(results):
        by_arm = arms["val_accuracy"].groupby(labels(arms))
        of_arms = [mean_interval(values) for _, values in by_arm]
        best = max(of_arms, key=lambda interval: interval.mean)
        enough = (quoted.accuracy - quoted.deviation) / 100
        text = str(arms["setting"].iloc[0])
        if best.mean >= enough:
            found.setdefault(Standing.HOLDS, []).append(text)
        else:
            standing = Standing.FAILS if best.high < enough else Standing.OPEN
            away = points(quoted.accuracy / 100 - best.mean)
            found.setdefault(standing, []).append(f"{text} ({away} points less)")
    return _in_words(found)


def all_phases_are_effective(results: StudyResults) -> str:
    """How many of the trained phases are effective, where fewest are."""
    rows = results.rows
    final = rows[(rows["role"] == FINAL) & (rows["phases"] > 0)]
    if final.empty:
        return ""
    least = int((final["effective_phases"] / final["phases"]).argmin())
    phases, effective = (int(final[name].iloc[least]) for name in ("phases", "effective_phases"))
    if effective == phases:
        return "Holds."
    return f"Does not hold: of {phases} trained phases {effective} are effective."


def validation_gaps(results: StudyResults) -> pd.Series:
    """By how much a run that trained is better on the 600 validation images than on the 10,000."""
    trained = results.final[results.final["test_accuracy"] > 0.5]
    return trained["val_accuracy"] - trained["test_accuracy"]


def spread_of_validation(results: StudyResults) -> str:
    """How far off the validation images are for the worst run in twenty."""
    gaps = validation_gaps(results).abs()
    if gaps.empty:
        return ""
    return f"One run in twenty is more than {points(gaps.quantile(0.95))} points off."


def _in_words(found: Mapping[Standing, Sequence[str]]) -> str:
    """``Holds: …. Does not hold: …. Open: ….``, leaving out what is empty.

    >>> _in_words({Standing.OPEN: ["χ = 2"], Standing.FAILS: ["χ = 4", "χ = 10"]})
    'Does not hold: χ = 4; χ = 10. Open: χ = 2.'
    """
    return " ".join(
        f"{standing.capitalize()}: {'; '.join(found[standing])}."
        for standing in Standing
        if standing in found
    )
