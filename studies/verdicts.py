"""Whether a claim holds, in a sentence that is decided by the rows alone."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from studies.contrasts import Result, arm_names, evaluate_contrasts
from studies.labels import FINAL
from studies.quoted import NOISE_COSTS_AT_MOST, QUOTED, QuotedRow
from studies.rows import completed
from studies.statistics import mean_interval, points
from studies.study import Contrast, Study
from studies.tables import longest_trainings

#: What the rows of a study say of a claim as a whole; nothing where they say nothing yet.
Verdict = Callable[[Study, pd.DataFrame], str]

#: An advantage of less than this fraction is none that would decide for photons.
MARGIN = 0.01

_HOLDS, _FAILS, _OPEN = "holds", "does not hold", "open"


def better_than_all(chosen: Callable[[Contrast], bool]) -> Verdict:
    """Whether, setting by setting, the first arm is better than every arm it is compared with.

    It holds where every declared contrast shows it. It does not where one of them shows the
    opposite, or has an interval that ends below ``MARGIN``; these are named. Else it is open.
    """

    def verdict(study: Study, rows: pd.DataFrame) -> str:
        results = {r.contrast: r for r in evaluate_contrasts(rows, study.contrasts)}
        declared = [contrast for contrast in study.contrasts if chosen(contrast)]
        found: dict[str, list[str]] = {}
        for setting, group in groupby(declared, key=lambda contrast: contrast.setting):
            contrasts = list(group)
            outcomes = {contrast: _outcome(results.get(contrast)) for contrast in contrasts}
            excluded = [arm_names(c)[1] for c in contrasts if outcomes[c] == _FAILS]
            if excluded:
                found.setdefault(_FAILS, []).append(f"{setting} (against {', '.join(excluded)})")
            elif all(outcome == _HOLDS for outcome in outcomes.values()):
                found.setdefault(_HOLDS, []).append(setting)
            else:
                shown = sum(outcome == _HOLDS for outcome in outcomes.values())
                text = f"{setting} (shown against {shown} of {len(contrasts)})"
                found.setdefault(_OPEN, []).append(text)
        return _in_words(found)

    return verdict


def _outcome(result: Result | None) -> str:
    """What a contrast says of "the first arm is better"."""
    if result is None or np.isnan(result.adjusted_p):
        return _OPEN
    shown = result.verdict == "a difference"
    if shown and result.difference.mean > 0:
        return _HOLDS
    return _FAILS if shown or result.difference.high < MARGIN else _OPEN


def noise_costs_little(chosen: Callable[[Contrast], bool]) -> Verdict:
    """Whether each noise costs at most what the paper states, by the interval of its cost."""

    def verdict(study: Study, rows: pd.DataFrame) -> str:
        compared = [r for r in evaluate_contrasts(rows, study.contrasts) if chosen(r.contrast)]
        of_setting = Counter(result.contrast.setting for result in compared)
        counts = Counter((_cost(result), result.contrast.setting) for result in compared)
        found: dict[str, list[str]] = {}
        for (outcome, setting), count in counts.items():
            text = f"{setting} ({count} of {of_setting[setting]} kinds)"
            found.setdefault(outcome, []).append(text)
        return _in_words(found)

    return verdict


def _cost(result: Result) -> str:
    if result.difference.low >= -NOISE_COSTS_AT_MOST:
        return _HOLDS
    return _FAILS if result.difference.high < -NOISE_COSTS_AT_MOST else _OPEN


def beside_quoted(rows: pd.DataFrame) -> Iterator[tuple[QuotedRow, pd.DataFrame]]:
    """The paper's figure at each bond dimension that has runs, and the longest of these."""
    final = longest_trainings(rows)
    for quoted in QUOTED:
        chi = _bond_dimension(quoted)
        arms = final[final["label"].str.startswith(f"χ = {chi}: ")]
        if chi and not arms.empty:
            yield quoted, arms


def _bond_dimension(quoted: QuotedRow) -> str:
    """The figure's χ as it stands in labels; empty for models without one."""
    return quoted.model.partition("χ = ")[2]


def reaches_quoted(study: Study, rows: pd.DataFrame) -> str:
    """At which bond dimensions the best arm comes within a deviation of the paper's accuracy."""
    found: dict[str, list[str]] = {}
    for quoted, arms in beside_quoted(rows):
        of_arms = [mean_interval(arm["val_accuracy"]) for _, arm in arms.groupby("label")]
        best = max(of_arms, key=lambda interval: interval.mean)
        enough = (quoted.accuracy - quoted.deviation) / 100
        text = f"χ = {_bond_dimension(quoted)}"
        if best.mean >= enough:
            found.setdefault(_HOLDS, []).append(text)
        else:
            outcome = _FAILS if best.high < enough else _OPEN
            away = points(quoted.accuracy / 100 - best.mean)
            found.setdefault(outcome, []).append(f"{text} ({away} points less)")
    return _in_words(found)


def all_phases_are_effective(study: Study, rows: pd.DataFrame) -> str:
    """How many of the trained phases are effective, where fewest are."""
    final = rows[(rows["role"] == FINAL) & (rows["phases"] > 0)]
    if final.empty:
        return ""
    least = int((final["effective_phases"] / final["phases"]).argmin())
    phases, effective = (int(final[name].iloc[least]) for name in ("phases", "effective_phases"))
    if effective == phases:
        return "Holds."
    return f"Does not hold: of {phases} trained phases {effective} are effective."


def validation_gaps(rows: pd.DataFrame) -> pd.Series:
    """By how much a run that trained is better on the 600 validation images than on the 10,000."""
    final = completed(rows, FINAL)
    trained = final[final["test_accuracy"] > 0.5]
    return trained["val_accuracy"] - trained["test_accuracy"]


def spread_of_validation(study: Study, rows: pd.DataFrame) -> str:
    """How far off the validation images are for the worst run in twenty."""
    gaps = validation_gaps(rows).abs()
    if gaps.empty:
        return ""
    return f"One run in twenty is more than {points(gaps.quantile(0.95))} points off."


def _in_words(found: Mapping[str, Sequence[str]]) -> str:
    """``Holds: …. Does not hold: …. Open: ….``, leaving out what is empty.

    >>> _in_words({"open": ["χ = 2"], "does not hold": ["χ = 4", "χ = 10"]})
    'Does not hold: χ = 4; χ = 10. Open: χ = 2.'
    """
    return " ".join(
        f"{outcome.capitalize()}: {'; '.join(found[outcome])}."
        for outcome in (_HOLDS, _FAILS, _OPEN)
        if outcome in found
    )
