"""The dataset ``mnist``: the Perceval Quest split, rebuilt from the official MNIST files.

The 600 validation images are those of the Perceval Quest, in its order. Which 6,000
training images the Quest drew is not published with their positions, so 6,000 others are
drawn here from the remaining 59,400. The test set is the official one, 10,000 images.
"""

from pathlib import Path

import numpy as np

from qcnn.data._data import Data
from qcnn.data._official import load_official, official_at_hand
from qcnn.data._registry import register_data
from qcnn.data._split import IndexSplit

NAME = "mnist"
OFFICIAL_TRAIN_IMAGES = 60_000
TRAIN_IMAGES = 6_000
SPLIT_SEED = 6_000
VALIDATION_FILE = Path(__file__).with_name("perceval_quest_validation_indices.txt")


def validation_positions() -> np.ndarray:
    """Positions (int64, zero-based) of the 600 validation images in the official training set."""
    return np.loadtxt(VALIDATION_FILE, dtype=np.int64)


def train_positions() -> np.ndarray:
    """Positions (int64, zero-based) of the 6,000 training images, in the order drawn."""
    free = np.setdiff1d(np.arange(OFFICIAL_TRAIN_IMAGES), validation_positions())
    return np.random.default_rng(SPLIT_SEED).permutation(free)[:TRAIN_IMAGES]


def mnist_at_hand() -> bool:
    """Whether ``mnist`` loads without network: its files are in $QCNN_DATA_DIR or the cache.

    Raises:
        InvalidInput: a stored file with wrong content.
    """
    return official_at_hand(NAME)


@register_data(NAME)
def load_mnist() -> Data:
    """6,000 training, 600 validation and 10,000 test images of 1 × 28 × 28, pixel / 255.

    Raises:
        InvalidInput: a stored file with wrong content.
        DataUnavailable: files that are neither stored here nor downloadable.
    """
    return load_official(NAME, IndexSplit(train_positions(), validation_positions()))
