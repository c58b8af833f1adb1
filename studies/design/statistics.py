"""Means, intervals, the exact test of paired differences, and the non-dominated set."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

import numpy as np
import pandas as pd
from scipy import stats

#: Accuracies are whole numbers of images over the images of a split; none has more.
_MOST_IMAGES = 100_000
#: How far a stored difference is from such a fraction, at most.
_ROUNDING = 1e-9
#: Entries of a null distribution; more would take seconds.
_MOST_SUMS = 50_000_000


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its two-sided 95 % t-interval (fractions).

    ``low`` and ``high`` are NaN for fewer than two seeds.
    """

    mean: float
    low: float
    high: float
    seeds: int


def mean_interval(values: pd.Series) -> Interval:
    """Mean and 95 % t-interval over seeds."""
    numbers = values.dropna().to_numpy(dtype=float)
    if len(numbers) < 2:
        mean = float(numbers[0]) if len(numbers) else np.nan
        return Interval(mean, np.nan, np.nan, len(numbers))
    mean, error = float(numbers.mean()), float(stats.sem(numbers))
    half = float(stats.t.ppf(0.975, len(numbers) - 1)) * error
    return Interval(mean, mean - half, mean + half, len(numbers))


def percent_interval(interval: Interval) -> str:
    """``93.1 % [92.8, 93.4]``, without brackets for a single seed.

    An accuracy lies between 0 and 100 %, and so does what is shown of its interval.

    >>> percent_interval(Interval(0.931, 0.928, 0.934, 10))
    '93.1 % [92.8, 93.4]'
    """
    if interval.seeds == 0:
        return "–"
    text = f"{100 * interval.mean:.1f} %"
    if interval.seeds == 1:
        return text
    low, high = max(0.0, interval.low), min(1.0, interval.high)
    return f"{text} [{100 * low:.1f}, {100 * high:.1f}]"


def points(fraction: float, sign: bool = False) -> str:
    """A fraction in percentage points: a true minus, no negative zero, ``sign`` for a plus.

    >>> points(-0.0123), points(-0.0001), points(0.0123, sign=True)
    ('−1.2', '0.0', '+1.2')
    """
    number = f"{100 * fraction:+z.1f}" if sign else f"{100 * fraction:z.1f}"
    return number.replace("-", "−")


def non_dominated(accuracy: pd.Series, parameters: pd.Series) -> pd.Series:
    """Which entries no other one matches with at least the accuracy and at most the parameters.

    Of equal ones the first counts.

    >>> non_dominated(pd.Series([0.9, 0.8, 0.95]), pd.Series([100, 120, 200])).tolist()
    [True, False, True]
    """
    order = np.lexsort((np.arange(len(accuracy)), -accuracy.to_numpy(), parameters.to_numpy()))
    kept, best = np.zeros(len(accuracy), dtype=bool), -np.inf
    for position in order:
        if accuracy.iloc[position] > best:
            kept[position], best = True, accuracy.iloc[position]
    return pd.Series(kept, index=accuracy.index)


@dataclass(frozen=True)
class PairedDifference:
    """First − second over paired seeds: mean, 95 % t-interval, exact sign-flip test.

    ``p`` is two-sided over all 2ⁿ sign assignments; ``low``, ``high`` and ``p`` are NaN
    for fewer than two pairs. ``each`` holds the difference of every pair.
    """

    mean: float
    low: float
    high: float
    pairs: int
    p: float
    each: tuple[float, ...]

    @property
    def shown(self) -> tuple[float, float]:
        """The interval cut to what a difference of two accuracies can be, −1 to 1."""
        low, high = np.clip([self.low, self.high], -1.0, 1.0)
        return float(low), float(high)


def paired_difference(first: pd.Series, second: pd.Series) -> PairedDifference:
    """The difference of two arms whose rows share an index of seeds."""
    differences = (first - second).dropna()
    interval = mean_interval(differences)
    each = tuple(differences)
    p = sign_flip_p(each) if interval.seeds > 1 else np.nan
    return PairedDifference(interval.mean, interval.low, interval.high, interval.seeds, p, each)


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
