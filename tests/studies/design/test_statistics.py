"""Intervals and the non-dominated set."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from studies.design.statistics import (
    interquartile_interval,
    interquartile_mean,
    mean_interval,
    median_interval,
    non_dominated,
    percent_interval,
    share_of,
    share_text,
)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_interval_is_scipys(values: list[float]) -> None:
    found = mean_interval(pd.Series(values))
    spread = stats.sem(values)
    if spread > 0:
        low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=spread)
        assert (found.low, found.high) == pytest.approx((low, high))
    assert found.mean == pytest.approx(np.mean(values))


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    inside = 0
    for _ in range(1000):
        found = mean_interval(pd.Series(random.normal(0.9, 0.02, 5)))
        inside += found.low <= 0.9 <= found.high
    assert 920 <= inside <= 980


def test_one_seed_has_no_interval() -> None:
    found = mean_interval(pd.Series([0.9]))
    assert found.seeds == 1
    assert np.isnan(found.low)
    assert percent_interval(found) == "90.0 %"
    assert percent_interval(mean_interval(pd.Series([], dtype=float))) == "–"


def test_an_interval_of_an_accuracy_is_shown_within_its_range() -> None:
    assert percent_interval(mean_interval(pd.Series([0.1, 0.9]))) == "50.0 % [0.0, 100.0]"


@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.5, 0.6, 0.9]), st.integers(1, 5)), min_size=1, max_size=12
    )
)
def test_non_dominated_by_definition(points: list[tuple[float, int]]) -> None:
    accuracy = pd.Series([a for a, _ in points])
    parameters = pd.Series([p for _, p in points])
    kept = non_dominated(accuracy, parameters)
    for i, (a, p) in enumerate(points):
        beaten = any(
            (b >= a and q <= p) and ((b, q) != (a, p) or j < i)
            for j, (b, q) in enumerate(points)
            if j != i
        )
        assert bool(kept[i]) is not beaten


@given(st.lists(st.floats(0, 1), min_size=10, max_size=20))
@settings(max_examples=25, deadline=None)
def test_bootstrap_intervals_hold_what_they_are_of(values: list[float]) -> None:
    seeds = pd.Series(values)
    for interval_of, expected in (
        (median_interval, np.median(values)),
        (interquartile_interval, stats.trim_mean(values, 0.25)),
    ):
        found = interval_of(seeds)
        assert found.mean == pytest.approx(expected)
        assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
        assert found == interval_of(pd.Series(values))


def test_the_bootstrap_is_that_of_drawing_seeds_again() -> None:
    random = np.random.default_rng(3)
    values = random.normal(0.9, 0.02, 16)
    drawn = random.choice(values, (20_000, 16))
    for interval_of, statistic in (
        (median_interval, np.median),
        (interquartile_interval, interquartile_mean),
    ):
        low, high = np.quantile(statistic(drawn, axis=-1), [0.025, 0.975])
        found = interval_of(pd.Series(values))
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.002)


def test_equal_seeds_have_a_bootstrap_interval_and_few_have_none() -> None:
    equal = median_interval(pd.Series([0.9] * 10))
    assert percent_interval(equal) == "90.0 % [90.0, 90.0]"
    few = interquartile_interval(pd.Series([0.5] * 4 + [0.9] * 5))
    assert percent_interval(few) == "74.0 %"
    assert percent_interval(median_interval(pd.Series([], dtype=float))) == "–"


def test_a_share_has_the_exact_interval() -> None:
    found = share_of(pd.Series([True] * 3 + [False] * 13))
    assert stats.binom.sf(2, 16, found.low) == pytest.approx(0.025)
    assert stats.binom.cdf(3, 16, found.high) == pytest.approx(0.025)
    assert share_text(found) == "3 of 16 [4, 46]"
