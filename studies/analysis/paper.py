"""The paper's table beside the rows: which of its figures are reached, and by which arm."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from studies.analysis.comparisons import paired_difference
from studies.analysis.judgements import Judge, Judgement, Standing
from studies.analysis.quoted import QUOTED, QUOTED_DIRECT, QuotedRow, beside_quoted
from studies.analysis.results import PAIRS_FOR_A_CLAIM, Result, StudyResults, arm_names
from studies.analysis.summaries import generalisation_error
from studies.design.arms import DIRECT, at_bond_dimension
from studies.design.roles import has_trained
from studies.design.statistics import Interval, mean_interval, points
from studies.design.study import Contrast

#: Of the relative loss of accuracy that the paper states for its ten-fold compression.
_COMPRESSION, _LOSS, _AT = 10, 0.03, 4
#: By how much the paper states to be better than weight sharing and pruning, at least.
_ADVANTAGE = 0.06


def reaches_accuracy(only: str = "") -> Judge:
    """At which bond dimensions an arm comes within a deviation of the paper's accuracy.

    Args:
        only: the arm that is asked about; the best one at each bond dimension where it is empty.
    """
    return _reaches("val_accuracy", lambda row: (row.accuracy, row.deviation), only)


def reaches_training(results: StudyResults) -> Judgement:
    """As :func:`reaches_accuracy` for the accuracy on the training images."""
    judge = _reaches("train_accuracy", lambda row: (row.training, row.training_deviation), "")
    return judge(results)


def _reaches(
    column: str, figure: Callable[[QuotedRow], tuple[float | None, float | None]], only: str
) -> Judge:
    def judge(results: StudyResults) -> Judgement:
        found: dict[Standing, list[str]] = {}
        for quoted, arms in beside_quoted(results.longest):
            asked = arms[arms["arm"] == only] if only else arms
            value, deviation = figure(quoted)
            if asked.empty or value is None or deviation is None:
                continue
            name, best = _best(asked, column)
            enough = (value - deviation) / 100
            text = str(arms["setting"].iloc[0]) + ("" if only else f" ({name})")
            if best.mean >= enough:
                found.setdefault(Standing.HOLDS, []).append(text)
            else:
                standing = Standing.FAILS if best.high < enough else Standing.OPEN
                away = points(value / 100 - best.mean)
                found.setdefault(standing, []).append(f"{text}, {away} points less")
        return Judgement(found)

    return judge


def _best(arms: pd.DataFrame, column: str) -> tuple[str, Interval]:
    """The name of the arm whose seeds that train have the largest mean, and its interval."""
    trained = arms[has_trained(arms)]
    of_arms = {
        str(name): mean_interval(runs[column])
        for name, runs in (arms if trained.empty else trained).groupby("arm", sort=True)
    }
    name = max(of_arms, key=lambda name: of_arms[name].mean)
    return name, of_arms[name]


def generalises_better(results: StudyResults) -> Judgement:
    """At which bond dimensions the generalisation error is below that of the target itself.

    It is the loss on the validation images minus that on the training images after the last
    epoch, of each arm's longest training, paired by seed. Of the arms with seeds enough for a claim
    the most accurate one counts: one that does not fit its training images has little to lose.
    """
    direct = generalisation_error(results.runs_of(DIRECT))
    found: dict[Standing, list[str]] = {}
    for _, arms in beside_quoted(results.longest):
        differences = {
            str(name): paired_difference(generalisation_error(runs), direct)
            for name, runs in arms.groupby("arm", sort=True)
        }
        enough = {n: each for n, each in differences.items() if each.pairs >= PAIRS_FOR_A_CLAIM}
        there = enough or {n: each for n, each in differences.items() if each.pairs > 1}
        if there:
            name, _ = _best(arms[arms["arm"].isin(list(there))], "val_accuracy")
            error = there[name]
            standing = Standing.OPEN
            if enough and (error.high < 0 or error.low > 0):
                standing = Standing.HOLDS if error.high < 0 else Standing.FAILS
            found.setdefault(standing, []).append(f"{arms['setting'].iloc[0]} ({name})")
    return Judgement(found)


def generalisation_beside_quoted(results: StudyResults) -> list[str]:
    """The generalisation error of each arm beside the paper's."""
    arms = [(QUOTED_DIRECT, results.runs_of(DIRECT)), *beside_quoted(results.longest)]
    return [
        f"{label}: {interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}], "
        f"{interval.seeds} seeds; quoted: {quoted.generalisation:.3f} ± "
        f"{quoted.generalisation_deviation:.3f}."
        for quoted, runs in arms
        for name, part in runs.groupby("arm", sort=True)
        for interval in [mean_interval(generalisation_error(part))]
        for label in [f"{part['setting'].iloc[0]}: {name}".removeprefix(": ")]
        if interval.seeds > 1
    ]


def training_beside_quoted(results: StudyResults) -> list[str]:
    """The training accuracy of each arm beside the paper's."""
    return [
        f"{part['setting'].iloc[0]}: {name}, {100 * interval.mean:.1f} % "
        f"[{100 * interval.low:.1f}, {100 * min(interval.high, 1.0):.1f}] where it trains, "
        f"{interval.seeds} seeds; quoted: {quoted.training:.1f} % ± "
        f"{quoted.training_deviation:.1f}."
        for quoted, arms in beside_quoted(results.longest)
        for name, part in arms.groupby("arm", sort=True)
        for interval in [mean_interval(part["train_accuracy"][has_trained(part)])]
        if interval.seeds > 1
    ]


def compresses_tenfold(results: StudyResults) -> Judgement:
    """Whether a tenth of the parameters costs at most 3 % of the accuracy, relatively, at χ = 4."""
    found: dict[Standing, list[str]] = {}
    for name, share, loss in _losses(results):
        text = f"{name} ({1 / share:.1f} times fewer, {100 * loss.mean:.1f} % lost)"
        standing = Standing.OPEN
        enough = loss.seeds >= PAIRS_FOR_A_CLAIM
        if enough and loss.high < _LOSS and share <= 1 / _COMPRESSION:
            standing = Standing.HOLDS
        elif enough and (loss.low > _LOSS or share > 1 / _COMPRESSION):
            standing = Standing.FAILS
        found.setdefault(standing, []).append(text)
    return Judgement(found)


def compression_beside_quoted(results: StudyResults) -> list[str]:
    """The relative loss of each arm at χ = 4, and what the paper's own table gives."""
    quoted = next(row for row in QUOTED if row.bond_dimension == _AT)
    own = 1 - quoted.accuracy / QUOTED_DIRECT.accuracy
    fewer = QUOTED_DIRECT.trainable_parameters / quoted.trainable_parameters
    return [
        f"Quoted: {fewer:.1f} times fewer parameters and a relative loss of {100 * own:.1f} %, "
        "both by the paper's own table.",
        *(
            f"{at_bond_dimension(_AT)}: {name}, {1 / share:.1f} times fewer parameters, relative "
            f"loss {100 * loss.mean:.1f} % [{100 * loss.low:.1f}, {100 * loss.high:.1f}], "
            f"{loss.seeds} seeds that train."
            for name, share, loss in _losses(results)
            if loss.seeds > 1
        ),
    ]


def _losses(results: StudyResults) -> Iterator[tuple[str, float, Interval]]:
    """Of each arm at χ = 4: its share of the target's parameters, and its relative loss."""
    direct = results.runs_of(DIRECT)
    if direct.empty:
        return
    accuracies = direct.drop_duplicates("seed").set_index("seed")["test_accuracy"]
    weights = direct["trainable_parameters"].iloc[0]
    final = results.longest
    arms = final[(final["setting"] == at_bond_dimension(_AT)) & has_trained(final)]
    for name, runs in arms.groupby("arm", sort=True):
        by_seed = runs.set_index("seed")["test_accuracy"]
        loss = mean_interval((1 - by_seed / accuracies).dropna())
        yield str(name), float(runs["trainable_parameters"].iloc[0] / weights), loss


def better_by_far(chosen: Sequence[Contrast]) -> Judge:
    """Whether the first arms are better by at least what the paper states, by their intervals."""

    def judge(results: StudyResults) -> Judgement:
        found: dict[Standing, list[str]] = {}
        for result in results.contrasts:
            if result.contrast in chosen:
                (first, second), name = result.parameters, arm_names(result.contrast)[1]
                text = (
                    f"{result.contrast.setting}, {name} "
                    f"({first:,} against {second:,} trainable parameters)"
                )
                found.setdefault(_by_far(result), []).append(text)
        return Judgement(found)

    return judge


def _by_far(result: Result) -> Standing:
    difference = result.difference
    if np.isnan(result.adjusted_p):
        return Standing.OPEN
    if difference.low >= _ADVANTAGE:
        return Standing.HOLDS
    return Standing.FAILS if difference.high < _ADVANTAGE else Standing.OPEN
