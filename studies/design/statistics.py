"""Means, intervals and the non-dominated set."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from studies.design.sign_flip import sign_flip_p


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
