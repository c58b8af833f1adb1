"""The exact sign-flip test of paired differences of accuracies."""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

import numpy as np
from scipy import stats

#: Accuracies are whole numbers of images over the images of a split; none has more.
_MOST_IMAGES = 100_000
#: How far a stored difference is from such a fraction, at most.
_ROUNDING = 1e-9
#: Entries of a null distribution; more would take seconds.
_MOST_SUMS = 50_000_000


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
