"""Intervals and the non-dominated set."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from studies.design.statistics import mean_interval, non_dominated, percent_interval


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
