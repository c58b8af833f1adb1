"""The dataset ``mnist-1d``: signals of ten kinds, generated here, which are no images.

MNIST-1D (Greydanus and Kobak, arXiv:2011.14439) moves, stretches, shears and blurs ten short
templates. The package ``mnist1d`` generates them by its own defaults and seed; as many are drawn
as ``fashion-mnist`` has images, so that steps and intervals are as those of the other datasets,
and not the 4,000 and 1,000 of its authors. A signal is an image of one row.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from qcnn.data._arrays import from_arrays
from qcnn.data._data import Data
from qcnn.data._reading.errors import DataUnavailable
from qcnn.data._registry import register_data
from qcnn.data._split import CountSplit
from qcnn.plotting import import_matplotlib

NAME = "mnist-1d"
SEED = 42
SPLIT = CountSplit(train=6_000, validation=600, test=10_000, seed=6_000, stratified=True)
#: In standard deviations of all signals; of 10,000 numbers about 2 are beyond.
FARTHEST = 4.0
#: Decimals that are the same on every machine.
_DECIMALS = 6


@register_data(NAME)
def load_mnist_1d() -> Data:
    """6,000 training, 600 validation and 10,000 test signals of 1 × 1 × 40.

    From −4 to 4 standard deviations are 0 to 1, what lies beyond is cut. Nothing is downloaded or
    written.

    Raises:
        DataUnavailable: without the package mnist1d.
    """
    generated = _generate(SPLIT.train + SPLIT.validation + SPLIT.test)
    signals = np.clip((generated["x"] + FARTHEST) / (2 * FARTHEST), 0.0, 1.0).round(_DECIMALS)
    return from_arrays(NAME, signals[:, np.newaxis], generated["y"], classes=10, split=SPLIT)


def _generate(count: int) -> dict[str, Any]:
    """As the package's own defaults have it, but for the number of signals."""
    # It imports matplotlib's pyplot, which is nothing that a user's settings may break.
    import_matplotlib()
    try:
        from mnist1d.data import get_dataset_args, make_dataset
    except ImportError:
        raise DataUnavailable(
            f"the dataset {NAME} is not available, as the package mnist1d is missing; allowed are "
            "environments with the extra mnist1d"
        ) from None
    arguments = get_dataset_args()
    arguments.num_samples, arguments.train_split, arguments.seed = count, 1.0, SEED
    with _own_random_numbers():
        found: dict[str, Any] = make_dataset(arguments)
    return found


@contextmanager
def _own_random_numbers() -> Iterator[None]:
    """Whatever is drawn or seeded inside, the global generators go on as if it had not been."""
    numbers, others = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(numbers)  # noqa: NPY002
        random.setstate(others)
