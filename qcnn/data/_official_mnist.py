"""The official MNIST files (LeCun, Cortes and Burges)."""

from dataclasses import dataclass

import numpy as np

from qcnn.data._reading.download import download
from qcnn.data._reading.files import PublishedFile, find_file, read_checked
from qcnn.data._reading.idx import parse_idx

DATASET = "mnist"

FILES = {
    "train_images": PublishedFile(
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train_labels": PublishedFile(
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "test_images": PublishedFile(
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "test_labels": PublishedFile(
        "t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "https://raw.githubusercontent.com/fgnt/mnist/master",
)


@dataclass(frozen=True, eq=False)
class OfficialMnist:
    """MNIST as published: uint8 images (N, 28, 28) from 0 to 255 and uint8 labels (N,).

    N is 60,000 for training and 10,000 for test.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def official_at_hand() -> bool:
    """Whether all four files are stored here, whatever their content."""
    return all(find_file(file, DATASET) for file in FILES.values())


def read_official() -> OfficialMnist:
    """Read the official files, downloading those that are not stored here.

    Raises:
        InvalidInput: a stored file with wrong content.
        DataUnavailable: a file that is neither stored here nor downloadable.
    """
    # All stored files come first: a wrong one must not hide behind a download that fails.
    stored = {key: _read_stored(file) for key, file in FILES.items()}
    arrays = {
        key: parse_idx(stored[key] or download(file, MIRRORS, DATASET), file.name)
        for key, file in FILES.items()
    }
    return OfficialMnist(**arrays)


def _read_stored(file: PublishedFile) -> bytes | None:
    path = find_file(file, DATASET)
    return None if path is None else read_checked(path, file)
