"""Two arms compared over paired seeds: differences, failures, exact tests, Holm's correction."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from studies.design.statistics import bootstrap, mean_interval

#: Accuracies are whole numbers of images over the images of a split; none has more.
_MOST_IMAGES = 100_000
#: How far a stored difference is from such a fraction, at most.
_ROUNDING = 1e-9
#: Entries of a null distribution; more would take seconds.
_MOST_SUMS = 50_000_000


@dataclass(frozen=True)
class PairedDifference:
    """First − second over paired seeds: mean, 95 % t-interval, exact sign-flip test.

    ``p`` is two-sided over all 2ⁿ sign assignments; ``low``, ``high`` and ``p`` are NaN
    for fewer than two pairs. ``each`` holds the difference of every pair, ``seeds`` their seeds.
    """

    mean: float
    low: float
    high: float
    pairs: int
    p: float
    each: tuple[float, ...]
    seeds: tuple[int, ...]

    @property
    def shown(self) -> tuple[float, float]:
        """The interval cut to what a difference of two accuracies can be, −1 to 1."""
        low, high = np.clip([self.low, self.high], -1.0, 1.0)
        return float(low), float(high)

    @property
    def least_p(self) -> float:
        """The smallest p that so many pairs can give: that of differences of one sign."""
        return min(1.0, 2.0 ** (1 - self.pairs))


def paired_difference(first: pd.Series, second: pd.Series) -> PairedDifference:
    """The difference of two arms whose rows share an index of seeds."""
    differences = (first - second).dropna()
    interval = mean_interval(differences)
    each = tuple(differences)
    p = sign_flip_p(each) if interval.seeds > 1 else np.nan
    seeds = tuple(differences.index)
    return PairedDifference(
        interval.mean, interval.low, interval.high, interval.seeds, p, each, seeds
    )


def sign_flip_p(differences: Sequence[float]) -> float:
    """Two-sided p of the mean over all 2ⁿ sign assignments of the differences.

    Differences of accuracies are whole numbers of images, so that the sums of all assignments are
    whole numbers too, and their distribution is a convolution of n pairs of points: exact, and
    as quick for a thousand pairs as for ten. Other numbers are enumerated, which takes 2ⁿ steps.

    Args:
        differences: at least two, fractions.

    >>> sign_flip_p([0.01, 0.02, 0.03])
    0.25
    """
    images = _in_images(differences)
    if images is None:
        return _enumerated(differences)
    magnitudes = [abs(number) for number in images]
    # Of the assignments, how likely each sum of those that are positive is.
    likely = np.zeros(sum(magnitudes) + 1)
    likely[0], reached = 1.0, 0
    for magnitude in magnitudes:
        before = likely[: reached + 1] / 2
        reached += magnitude
        likely[: reached + 1] = 0.0
        likely[: len(before)] += before
        likely[magnitude : magnitude + len(before)] += before
    positive = sum(number for number in images if number > 0)
    at_least, at_most = likely[positive:].sum(), likely[: positive + 1].sum()
    return float(min(1.0, 2 * min(at_least, at_most)))


def _in_images(differences: Sequence[float]) -> list[int] | None:
    """The differences as whole numbers of the largest unit that all are multiples of."""
    parts = [Fraction(float(each)).limit_denominator(_MOST_IMAGES) for each in differences]
    split = lcm(*(part.denominator for part in parts))
    near = zip(parts, differences, strict=True)
    if split > _MOST_IMAGES or any(abs(part - Fraction(float(d))) > _ROUNDING for part, d in near):
        return None
    whole = [int(part * split) for part in parts]
    common = gcd(*whole) or 1
    found = [number // common for number in whole]
    return found if sum(map(abs, found)) < _MOST_SUMS else None


def _enumerated(differences: Sequence[float]) -> float:
    test = stats.permutation_test(
        (np.array(differences),), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    return float(test.pvalue)


@dataclass(frozen=True)
class FailureDifference:
    """How many seeds of either arm did not train, over the same seeds.

    Attributes:
        first, second: failures of the arms.
        pairs: all seeds that both arms have.
        p: of McNemar's exact test, two-sided: whether seeds on which one arm alone failed are as
            often the first's as the second's; 1 where there are none.
    """

    first: int
    second: int
    pairs: int
    p: float

    @property
    def any(self) -> bool:
        """Whether either arm has a failure."""
        return self.first + self.second > 0


def failure_difference(first: pd.Series, second: pd.Series) -> FailureDifference:
    """The failures of two arms, true where a seed did not train, by the same index of seeds.

    >>> failure_difference(pd.Series([True] * 6), pd.Series([False] * 6)).p
    0.03125
    """
    alone = int((first & ~second).sum()), int((second & ~first).sum())
    p = float(stats.binomtest(alone[0], sum(alone)).pvalue) if sum(alone) else 1.0
    return FailureDifference(int(first.sum()), int(second.sum()), len(first), p)


@dataclass(frozen=True)
class Improvement:
    """How probable it is that a run of the first arm is better than one of the second.

    Ties count half. ``low`` and ``high`` are the ends of a 95 % bootstrap interval over pairs of
    seeds; NaN for too few of them.
    """

    probability: float
    low: float
    high: float


def improvement(first: pd.Series, second: pd.Series) -> Improvement:
    """The probability of improvement of Agarwal et al. 2021 (arXiv:2108.13264).

    Every run of one arm is held against every run of the other; one without an accuracy is
    below all that have one.

    Args:
        first, second: accuracies by the same index of seeds, one at least.

    >>> improvement(pd.Series([0.9]), pd.Series([0.9])).probability
    0.5
    """
    better, than = (arm.astype(float).fillna(-1.0).to_numpy() for arm in (first, second))
    wins = np.greater.outer(better, than) + np.equal.outer(better, than) / 2

    def probability(seeds: NDArray[np.int64], axis: int = -1) -> NDArray[np.float64]:
        """Of the seeds that are drawn along the last axis, by how often each is."""
        drawn = seeds.reshape(-1, seeds.shape[axis])
        places = drawn + drawn.shape[1] * np.arange(len(drawn))[:, None]
        times = np.bincount(places.ravel(), minlength=drawn.size).reshape(drawn.shape)
        shares = ((times @ wins) * times).sum(axis=-1) / drawn.shape[1] ** 2
        return np.asarray(shares.reshape(seeds.shape[:-1]))

    return Improvement(float(wins.mean()), *bootstrap((np.arange(len(wins)),), probability))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment over all entries; those that are NaN stay so.

    A contrast that cannot be tested yet was declared all the same, and counts.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    numbers = np.array(p_values, dtype=float)
    order = [int(i) for i in np.argsort(numbers) if not np.isnan(numbers[i])]
    adjusted, largest = numbers.copy(), 0.0
    for rank, position in enumerate(order):
        largest = max(largest, min(1.0, float(numbers[position]) * (len(numbers) - rank)))
        adjusted[position] = largest
    return [float(value) for value in adjusted]
