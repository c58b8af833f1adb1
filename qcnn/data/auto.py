"""The dataset ``auto``: MNIST where it can be had, digits elsewhere."""

from qcnn.data._data import Data
from qcnn.data._reading.errors import DataUnavailable
from qcnn.data._registry import load_data, register_data


@register_data("auto")
def load_auto() -> Data:
    """``mnist`` if it is stored here or downloadable, else ``digits``; ``Data.name`` says which.

    Raises:
        InvalidInput: a stored MNIST file with wrong content, which is never passed over.
    """
    try:
        return load_data("mnist")
    except DataUnavailable:
        return load_data("digits")
