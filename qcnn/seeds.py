"""Independent random streams from one seed.

A run's seed fixes several separate streams (order of the data, initialisation, fixed
random numbers of a mapping, …), so that arms of a comparison can share some of them
while others differ.
"""

from zlib import crc32

import numpy as np
import torch


def derive(seed: int, *purpose: str | int) -> int:
    """A seed for one purpose, the same on every platform.

    >>> derive(1, "phases") == derive(1, "phases") != derive(1, "data order")
    True
    """
    key = [crc32(str(part).encode()) for part in purpose]
    return int(np.random.SeedSequence(seed, spawn_key=key).generate_state(1, np.uint64)[0] >> 1)


def generator(seed: int | None, *purpose: str | int) -> torch.Generator | None:
    """A torch generator for one purpose; None, torch's global state, without a seed."""
    return None if seed is None else torch.Generator().manual_seed(derive(seed, *purpose))
