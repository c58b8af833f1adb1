"""The dataset ``perceval-quest``: the exact images of the Perceval Quest, from MerLin's loader.

The official MNIST files are needed as well: the test set is theirs, and the validation
images must be the ones that the dataset ``mnist`` takes.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from http.client import HTTPException

import numpy as np
import torch

from qcnn.data._arrays import from_arrays, to_images
from qcnn.data._data import Data
from qcnn.data._official import MNIST, OfficialImages, read_official
from qcnn.data._reading.errors import DataUnavailable
from qcnn.data._registry import register_data
from qcnn.data._split import IndexSplit
from qcnn.data.mnist import validation_positions
from qcnn.errors import InvalidInput
from qcnn.plotting import import_matplotlib

NAME = "perceval-quest"
TRAIN_IMAGES = 6_000
VALIDATION_IMAGES = 600
SILENCE_SECONDS = 30


@register_data(NAME)
def load_quest() -> Data:
    """6,000 training, 600 validation and 10,000 test images of 1 × 28 × 28, pixel / 255.

    Raises:
        InvalidInput: files with wrong content.
        DataUnavailable: files that are neither stored here nor downloadable.
    """
    official = read_official(MNIST.name)
    train_images, train_labels, validation_images, validation_labels = _read_quest()
    _check_count("training", train_images, TRAIN_IMAGES)
    _check_count("validation", validation_images, VALIDATION_IMAGES)
    data = from_arrays(
        NAME,
        np.concatenate([train_images, validation_images]),
        np.concatenate([train_labels, validation_labels]),
        classes=10,
        split=IndexSplit(np.arange(TRAIN_IMAGES), TRAIN_IMAGES + np.arange(VALIDATION_IMAGES)),
        test=(official.test_images, official.test_labels),
    )
    _check_validation(data, official)
    return data


def _read_quest() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    # Importing MerLin takes seconds, which the other datasets need not pay.
    import_matplotlib()
    from merlin.datasets import mnist_digits

    try:
        # MerLin reports its downloads on standard output, which belongs to the command's result.
        with redirect_stdout(sys.stderr), _impatient_sockets():
            train_images, train_labels, _ = mnist_digits.get_data_train_percevalquest()
            validation_images, validation_labels, _ = mnist_digits.get_data_test_percevalquest()
    except (OSError, HTTPException) as error:
        raise DataUnavailable(
            f"the dataset {NAME} is not available, as MerLin could not download it "
            f"({type(error).__name__}); allowed in its place is `--dataset mnist`, which has the "
            "same validation images"
        ) from error
    except (ValueError, TypeError, SyntaxError, KeyError) as error:
        raise _wrong_content(f"no table of images and labels ({type(error).__name__})") from error
    return train_images, train_labels, validation_images, validation_labels


@contextmanager
def _impatient_sockets() -> Iterator[None]:
    # MerLin sets no time limit, so a silent network would block for ever.
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _check_count(part: str, images: np.ndarray, count: int) -> None:
    if len(images) != count:
        raise _wrong_content(f"{len(images)} {part} images instead of {count}")


def _check_validation(data: Data, official: OfficialImages) -> None:
    positions = validation_positions()
    images = to_images(official.train_images[positions])
    labels = torch.from_numpy(official.train_labels[positions].astype(np.int64))
    if not torch.equal(data.validation_images, images):
        raise _wrong_content("other validation images than the dataset mnist")
    if not torch.equal(data.validation_labels, labels):
        raise _wrong_content("other validation labels than the dataset mnist")


def _wrong_content(what: str) -> InvalidInput:
    from merlin.datasets.utils import get_venv_data_dir

    return InvalidInput(
        f"MerLin's copy of the dataset {NAME} has {what}; allowed is what MerLin downloads "
        f"(delete the files in {str(get_venv_data_dir())!r} to download them again)"
    )
