"""MNIST and the datasets that are published as it is: four IDX files, under the same names.

A dataset is told by the content of its files, never by their names.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qcnn.data._arrays import from_arrays
from qcnn.data._data import Data
from qcnn.data._reading.download import download
from qcnn.data._reading.files import PublishedFile, read_stored
from qcnn.data._reading.idx import parse_idx
from qcnn.data._split import CountSplit, IndexSplit


@dataclass(frozen=True)
class OfficialFiles:
    """An official dataset: the content of its files, and where they are.

    Attributes:
        name: of the dataset, of its folder in ``$QCNN_DATA_DIR`` and of that in the cache.
        files: by the names of :class:`OfficialImages`.
        mirrors: addresses of the folders that hold the files, tried in turn.
    """

    name: str
    files: Mapping[str, PublishedFile]
    mirrors: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class OfficialImages:
    """A dataset as published: uint8 images (N, 28, 28) from 0 to 255 and uint8 labels (N,).

    N is 60,000 for training and 10,000 for test.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def files_named_as_mnists(
    *, train_images: str, train_labels: str, test_images: str, test_labels: str
) -> dict[str, PublishedFile]:
    """The four files, by the SHA-256 of their uncompressed bytes."""
    return {
        "train_images": PublishedFile("train-images-idx3-ubyte", train_images),
        "train_labels": PublishedFile("train-labels-idx1-ubyte", train_labels),
        "test_images": PublishedFile("t10k-images-idx3-ubyte", test_images),
        "test_labels": PublishedFile("t10k-labels-idx1-ubyte", test_labels),
    }


#: LeCun, Cortes and Burges.
MNIST = OfficialFiles(
    "mnist",
    files_named_as_mnists(
        train_images="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        train_labels="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        test_images="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        test_labels="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
        "https://raw.githubusercontent.com/fgnt/mnist/master",
    ),
)
#: Xiao, Rasul and Vollgraf, arXiv:1708.07747, under the MIT licence. The mirrors are the authors'
#: bucket, the one that Keras downloads from and the authors' repository.
FASHION_MNIST = OfficialFiles(
    "fashion-mnist",
    files_named_as_mnists(
        train_images="c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        train_labels="bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        test_images="5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        test_labels="0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    mirrors=(
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    ),
)
OFFICIAL = {each.name: each for each in (MNIST, FASHION_MNIST)}


def official_at_hand(name: str) -> bool:
    """Whether all four files of a dataset are stored here.

    Args:
        name: one of ``OFFICIAL``.

    Raises:
        InvalidInput: a stored file with wrong content.
    """
    official = OFFICIAL[name]
    return all(_read_stored(file, official) is not None for file in official.files.values())


def read_official(name: str) -> OfficialImages:
    """Read the official files of a dataset, downloading those that are not stored here.

    Args:
        name: one of ``OFFICIAL``.

    Raises:
        InvalidInput: a stored file with wrong content.
        DataUnavailable: a file that is neither stored here nor downloadable.
    """
    official = OFFICIAL[name]
    # All stored files come first: a wrong one must not hide behind a download that fails.
    stored = {part: _read_stored(file, official) for part, file in official.files.items()}
    arrays = {
        part: parse_idx(stored[part] or download(file, official.mirrors, name), file.name)
        for part, file in official.files.items()
    }
    return OfficialImages(**arrays)


def load_official(name: str, split: CountSplit | IndexSplit) -> Data:
    """A dataset whose test set is the official one.

    Args:
        name: one of ``OFFICIAL``.
        split: which of the official training images are for training and for validation.

    Raises:
        InvalidInput: a stored file with wrong content.
        DataUnavailable: a file that is neither stored here nor downloadable.
    """
    official = read_official(name)
    return from_arrays(
        name,
        official.train_images,
        official.train_labels,
        classes=10,
        split=split,
        test=(official.test_images, official.test_labels),
    )


def _read_stored(file: PublishedFile, official: OfficialFiles) -> bytes | None:
    others = [each for each in OFFICIAL.values() if each is not official]
    hashes = frozenset(other.sha256 for each in others for other in each.files.values())
    return read_stored(file, official.name, hashes)
