"""What the seeds of an arm amount to: means and shares with intervals, the non-dominated set."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

#: Of an interquartile mean: what is left out on either side.
_QUARTER = 0.25
_RESAMPLES = 9_999
#: A bootstrap of fewer has too narrow an interval: of 3 seeds it covers 77 % instead of 95 %.
BOOTSTRAPPED_SEEDS = 10
#: Numbers of resamples that are held at a time.
_MOST_RESAMPLED = 2_000_000
#: Of a statistic, by an array of any shape and the axis that holds the seeds.
Statistic = Callable[..., NDArray[np.float64]]


@dataclass(frozen=True)
class Interval:
    """A location over seeds with its two-sided 95 % interval (fractions).

    ``mean`` is what a function of this module says: a mean with a t-interval, or a median or an
    interquartile mean with a bootstrap interval. ``low`` and ``high`` are NaN where there is none:
    for fewer than two seeds, and for a bootstrap of fewer than ``BOOTSTRAPPED_SEEDS``.
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
    # The same as `stats.sem`, whose checks take fifty times longer.
    mean, error = float(numbers.mean()), float(numbers.std(ddof=1) / np.sqrt(len(numbers)))
    half = _t_quantile(len(numbers) - 1) * error
    return Interval(mean, mean - half, mean + half, len(numbers))


@lru_cache(maxsize=1 << 12)
def _t_quantile(freedom: int) -> float:
    """Of a two-sided 95 % interval."""
    return float(stats.t.ppf(0.975, freedom))


@dataclass(frozen=True)
class Share:
    """How many of some seeds, with the two-sided 95 % interval of the share (fractions).

    The interval is Clopper and Pearson's, exact; its ends are NaN where there are no seeds.
    """

    count: int
    seeds: int
    low: float
    high: float


def share_of(chosen: pd.Series) -> Share:
    """How many of the entries are true.

    >>> share_text(share_of(pd.Series([True] + [False] * 15)))
    '1 of 16 [0, 30]'
    """
    count, seeds = int(chosen.sum()), len(chosen)
    if not seeds:
        return Share(0, 0, np.nan, np.nan)
    interval = stats.binomtest(count, seeds).proportion_ci(0.95, method="exact")
    return Share(count, seeds, float(interval.low), float(interval.high))


def share_text(share: Share) -> str:
    """``1 of 16 [0, 30]``, the ends of the interval in percent.

    >>> share_text(Share(0, 0, np.nan, np.nan))
    '–'
    """
    if not share.seeds:
        return "–"
    return f"{share.count} of {share.seeds} [{100 * share.low:.0f}, {100 * share.high:.0f}]"


def median_interval(values: pd.Series) -> Interval:
    """Median and 95 % bootstrap interval over seeds."""
    return _bootstrapped(tuple(values.dropna().astype(float)), np.median)


def interquartile_interval(values: pd.Series) -> Interval:
    """Mean of the middle half and 95 % bootstrap interval over seeds.

    Of seeds that are no multiple of four a quarter is rounded down, as by Agarwal et al. 2021
    (arXiv:2108.13264).
    """
    return _bootstrapped(tuple(values.dropna().astype(float)), interquartile_mean)


def interquartile_mean(values: Any, axis: int = -1) -> NDArray[np.float64]:
    """Mean of what is left when a quarter is cut off on either side.

    Args:
        values: array-like; of any shape.
        axis: along which it is taken.

    >>> float(interquartile_mean([0.1, 0.5, 0.75, 1.0]))
    0.625
    """
    return np.asarray(stats.trim_mean(values, _QUARTER, axis=axis))


@lru_cache(maxsize=1 << 12)
def _bootstrapped(values: tuple[float, ...], statistic: Statistic) -> Interval:
    if not values:
        return Interval(np.nan, np.nan, np.nan, 0)
    value = float(statistic(values))
    return Interval(value, *bootstrap((values,), statistic), len(values))


def bootstrap(samples: tuple[Any, ...], statistic: Statistic) -> tuple[float, float]:
    """The 95 % percentile interval of a statistic, the same at every call.

    Percentiles, because seeds that are all equal have an interval, too, and from 10 seeds on
    they cover as often as the corrected ones (``docs/statistics.md``).

    Args:
        samples: one or more sequences of numbers, paired where there are several.
        statistic: of them, along an axis.

    Returns:
        both ends; NaN for fewer than ``BOOTSTRAPPED_SEEDS`` numbers.
    """
    if len(samples[0]) < BOOTSTRAPPED_SEEDS:
        return np.nan, np.nan
    found = stats.bootstrap(
        samples,
        statistic,
        n_resamples=_RESAMPLES,
        batch=max(1, _MOST_RESAMPLED // len(samples[0])),
        paired=True,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def percent_interval(interval: Interval) -> str:
    """``93.1 % [92.8, 93.4]``, without brackets where there is no interval.

    An accuracy lies between 0 and 100 %, and so does what is shown of its interval.

    >>> percent_interval(Interval(0.931, 0.928, 0.934, 10))
    '93.1 % [92.8, 93.4]'
    """
    if interval.seeds == 0:
        return "–"
    text = f"{100 * interval.mean:.1f} %"
    if np.isnan(interval.low):
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
