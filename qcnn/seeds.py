"""Independent random streams from one seed.

A run's seed fixes several separate streams (order of the data, initialisation, fixed
random numbers of a mapping, …), so that arms of a comparison can share some of them
while others differ.
"""

from operator import index
from zlib import crc32

import numpy as np
import torch

from qcnn.checks import shown
from qcnn.errors import InvalidInput

#: The largest seed; torch's and NumPy's own are of 64 bits too.
LARGEST_SEED = 2**64 - 1


def check_seed(seed: object) -> int:
    """A seed as an int.

    Raises:
        InvalidInput: unless it is a whole number of 64 bits, none of them a sign.
    """
    try:
        number = index(seed)  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if isinstance(seed, bool) or not 0 <= number <= LARGEST_SEED:
        raise InvalidInput(
            f"seed is {shown(seed)}; allowed are whole numbers from 0 to {LARGEST_SEED}"
        )
    return number


def derive(seed: int, *purpose: str | int) -> int:
    """A seed for one purpose, the same on every platform.

    Raises:
        InvalidInput: for a seed that is none.

    >>> derive(1, "phases") == derive(1, "phases") != derive(1, "data order")
    True
    """
    key = [crc32(str(part).encode()) for part in purpose]
    sequence = np.random.SeedSequence(check_seed(seed), spawn_key=key)
    return int(sequence.generate_state(1, np.uint64)[0] >> 1)


def generator(seed: int | None, *purpose: str | int) -> torch.Generator | None:
    """A torch generator for one purpose; None, torch's global state, without a seed."""
    return None if seed is None else torch.Generator().manual_seed(derive(seed, *purpose))
