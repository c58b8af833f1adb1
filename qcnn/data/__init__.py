"""Datasets of small images.

A dataset of one's own is one file in this folder, found by itself, or in an installed package
(:mod:`qcnn.registry`)::

    from qcnn.data import CountSplit, Data, from_arrays, read_idx, register_data

    @register_data("kuzushiji")
    def load_kuzushiji() -> Data:
        images, labels = read_idx("kuzushiji-images.gz"), read_idx("kuzushiji-labels.gz")
        split = CountSplit(train=6_000, validation=600, test=10_000, seed=1, stratified=True)
        return from_arrays("kuzushiji", images, labels, classes=10, split=split)
"""

from qcnn.data._arrays import from_arrays
from qcnn.data._data import Data
from qcnn.data._examples import Examples
from qcnn.data._reading.errors import DataUnavailable
from qcnn.data._reading.idx import read_idx
from qcnn.data._registry import data_names, load_data, register_data
from qcnn.data._split import CountSplit, IndexSplit

__all__ = [
    "CountSplit",
    "Data",
    "DataUnavailable",
    "Examples",
    "IndexSplit",
    "data_names",
    "from_arrays",
    "load_data",
    "read_idx",
    "register_data",
]
