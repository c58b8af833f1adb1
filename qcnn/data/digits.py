"""The dataset ``digits``: scikit-learn's 8 × 8 digits at the size of MNIST, without network."""

import numpy as np

from qcnn.data._arrays import from_arrays
from qcnn.data._data import Data
from qcnn.data._registry import register_data
from qcnn.data._split import CountSplit

HIGHEST_PIXEL = 16
SIZE = 28
SPLIT = CountSplit(train=1_197, validation=200, test=400, seed=1_797, stratified=True)


@register_data("digits")
def load_digits() -> Data:
    """1,197 training, 200 validation and 400 test images of 1 × 28 × 28, values / 16.

    Brought from 8 × 8 to 28 × 28 by bilinear interpolation.
    """
    # Importing scikit-learn takes a second, which the other datasets need not pay.
    from sklearn.datasets import load_digits as load_small_digits

    small = load_small_digits()
    return from_arrays("digits", enlarge(small.images), small.target, classes=10, split=SPLIT)


def enlarge(images: np.ndarray) -> np.ndarray:
    """Images (N, 8, 8) from 0 to 16 as float32 (N, 28, 28) from 0 to 1.

    Bilinear, pixel centres at half-integers, as ``torch.nn.functional.interpolate`` with
    ``align_corners=False``. Computed with integers up to one division, so that every
    platform gets the same bits.
    """
    weights = interpolation_weights(images.shape[-1], SIZE)
    whole: np.ndarray = weights @ images.astype(np.int64) @ weights.T
    return whole.astype(np.float32) / np.float32(HIGHEST_PIXEL * (2 * SIZE) ** 2)


def interpolation_weights(source: int, target: int) -> np.ndarray:
    """Linear interpolation of ``source`` pixels at ``target`` places, as integers.

    Returns:
        int64, shape (target, source); divided by 2·target, every row sums to 1.
    """
    unit = 2 * target
    centres = (2 * np.arange(target) + 1) * source - target
    centres = np.clip(centres, 0, (source - 1) * unit)
    distances = np.abs(centres[:, np.newaxis] - np.arange(source) * unit)
    weights: np.ndarray = np.maximum(unit - distances, 0)
    return weights
