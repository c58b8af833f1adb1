"""Ratios of two computations, which a busy machine changes less than either time."""

from collections.abc import Callable
from time import process_time

import numpy as np


def median_ratio(first: Callable[[], object], second: Callable[[], object], repeats: int) -> float:
    """The median over turns of the processor time of ``first`` in units of ``second``."""
    ratios = []
    for _ in range(repeats):
        start = process_time()
        first()
        between = process_time()
        second()
        ratios.append((between - start) / (process_time() - between))
    return float(np.median(ratios))
