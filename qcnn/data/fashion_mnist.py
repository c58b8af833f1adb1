"""The dataset ``fashion-mnist``: as many images of Fashion-MNIST as ``mnist`` has of MNIST.

Fashion-MNIST (Xiao, Rasul and Vollgraf, arXiv:1708.07747) has ten kinds of clothing, 6,000
training images and 1,000 test images of each. Training and validation images are drawn from the
official training set, as many of every kind; the test set is the official one.
"""

from qcnn.data._data import Data
from qcnn.data._official import load_official, official_at_hand
from qcnn.data._registry import register_data
from qcnn.data._split import CountSplit

NAME = "fashion-mnist"
SPLIT = CountSplit(train=6_000, validation=600, seed=6_000, stratified=True)


def fashion_mnist_at_hand() -> bool:
    """Whether it loads without network: its files are in $QCNN_DATA_DIR or the cache.

    Raises:
        InvalidInput: a stored file with wrong content.
    """
    return official_at_hand(NAME)


@register_data(NAME)
def load_fashion_mnist() -> Data:
    """6,000 training, 600 validation and 10,000 test images of 1 × 28 × 28, pixel / 255.

    Raises:
        InvalidInput: a stored file with wrong content.
        DataUnavailable: files that are neither stored here nor downloadable.
    """
    return load_official(NAME, SPLIT)
