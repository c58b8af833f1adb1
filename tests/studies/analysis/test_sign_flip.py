"""The exact sign-flip test: by definition, by SciPy, and at sizes that nobody enumerates."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from studies.analysis import comparisons
from studies.analysis.comparisons import sign_flip_p

IMAGES = st.integers(-300, 300)


@given(st.lists(IMAGES, min_size=2, max_size=9), st.sampled_from([400, 600, 10_000]))
def test_accuracies_are_counted_as_all_signs_would_be(images: list[int], split: int) -> None:
    observed = abs(sum(images))
    assert sum(images) != 0 or sign_flip_p([n / split for n in images]) == 1.0
    sums = [
        sum(s * n for s, n in zip(signs, images, strict=True))
        for signs in product((1, -1), repeat=len(images))
    ]
    share = sum(abs(each) >= observed for each in sums) / len(sums)
    assert sign_flip_p([n / split for n in images]) == pytest.approx(min(1.0, share), abs=1e-12)


@given(st.lists(IMAGES, min_size=2, max_size=10))
def test_it_is_scipys(images: list[int]) -> None:
    differences = np.array([round(n / 10_000, 10) for n in images])
    test = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_p(list(differences)) == pytest.approx(test.pvalue, abs=1e-12)


def test_other_numbers_are_enumerated(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = [0.1, 0.2, 2**0.5 / 10, -0.01]
    assert sign_flip_p(differences) == pytest.approx(4 / 16)
    monkeypatch.setattr(comparisons, "_enumerated", lambda _: -1.0)
    assert sign_flip_p(differences) == -1.0
    assert sign_flip_p([0.0101, 0.02, 0.03]) == 0.25


def test_many_pairs_are_no_more_work_than_few() -> None:
    random = np.random.default_rng(1)
    images = random.normal(3, 60, 1000).round().astype(int)
    found = sign_flip_p([n / 10_000 for n in images])
    # The normal approximation is good for so many.
    z = abs(images.sum()) / np.sqrt((images.astype(float) ** 2).sum())
    assert found == pytest.approx(2 * stats.norm.sf(z), rel=0.02)
    assert sign_flip_p([0.01] * 40) == pytest.approx(2 * 0.5**40)


def test_no_difference_at_all_is_certain() -> None:
    assert sign_flip_p([0.0, 0.0, 0.0]) == 1.0
