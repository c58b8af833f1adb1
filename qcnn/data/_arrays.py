"""From plain arrays to a dataset."""

import numpy as np
import torch

from qcnn.checks import shown
from qcnn.data._data import Data, check_channels_first
from qcnn.data._split import CountSplit, IndexSplit
from qcnn.errors import InvalidInput

Array = np.ndarray | torch.Tensor


def from_arrays(
    name: str,
    images: Array,
    labels: Array,
    *,
    classes: int,
    split: IndexSplit | CountSplit,
    test: tuple[Array, Array] | None = None,
) -> Data:
    """A dataset from arrays or tensors.

    Args:
        name: the dataset's name.
        images: (N, height, width) or (N, channels, height, width); uint8 values are divided
            by 255, floats must be in [0, 1] already.
        labels: integers, shape (N,).
        classes: number of classes.
        split: which of these images are for training, for validation and, without ``test``,
            for test.
        test: images and labels of a separate test set; the split then has no test part.

    Raises:
        InvalidInput: arrays, a split or classes that do not make a dataset.
    """
    if not isinstance(split, IndexSplit | CountSplit):
        raise InvalidInput(f"split is {shown(split)}; allowed are a CountSplit and an IndexSplit")
    if test is not None and not (isinstance(test, tuple | list) and len(test) == 2):
        raise InvalidInput(f"test is {shown(test)}; allowed are images with their labels, or None")
    pixels, kinds = _pixels(name, images), _labels(name, labels)
    if len(pixels) != len(kinds):
        raise InvalidInput(
            f"dataset {shown(name)} has {len(pixels)} images and {len(kinds)} labels; allowed are "
            "as many of both"
        )
    train, validation, held_out = split.positions(kinds)
    if test is not None and len(held_out):
        raise InvalidInput(
            f"dataset {shown(name)} has a separate test set and a split with {len(held_out)} test "
            "images; allowed is one of the two"
        )
    if test is None:
        test_pixels, test_kinds = pixels[held_out], kinds[held_out]
    else:
        test_pixels, test_kinds = _pixels(name, test[0]), _labels(name, test[1])
    return Data(
        name=name,
        train_images=to_images(pixels[train]),
        train_labels=_to_labels(kinds[train]),
        validation_images=to_images(pixels[validation]),
        validation_labels=_to_labels(kinds[validation]),
        test_images=to_images(test_pixels),
        test_labels=_to_labels(test_kinds),
        classes=classes,
    )


def to_images(pixels: np.ndarray) -> torch.Tensor:
    """Images as float32 tensors (N, channels, height, width); uint8 is divided by 255."""
    # What float32 cannot hold becomes infinite, which Data refuses with a sentence.
    with np.errstate(over="ignore"):
        values = pixels.astype(np.float32)
    if pixels.dtype == np.uint8:
        values /= np.float32(255)
    if values.ndim == 3:
        values = values[:, np.newaxis]
    return torch.from_numpy(values)


def _to_labels(kinds: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(kinds.astype(np.int64))


def _pixels(name: str, images: Array) -> np.ndarray:
    pixels = _to_numpy(images)
    if pixels.dtype != np.uint8 and not np.issubdtype(pixels.dtype, np.floating):
        raise InvalidInput(
            f"dataset {shown(name)} has images of type {pixels.dtype}; allowed are uint8 "
            "(0 to 255) and floats (0 to 1)"
        )
    if pixels.ndim == 4:
        check_channels_first(f"dataset {shown(name)}", pixels.shape[1:])
    if pixels.ndim not in (3, 4):
        raise InvalidInput(
            f"dataset {shown(name)} has images of shape {pixels.shape}; allowed are "
            "(N, height, width) and (N, channels, height, width)"
        )
    return pixels


def _labels(name: str, labels: Array) -> np.ndarray:
    kinds = _to_numpy(labels)
    if kinds.ndim != 1 or not np.issubdtype(kinds.dtype, np.integer):
        raise InvalidInput(
            f"dataset {shown(name)} has labels of type {kinds.dtype} and shape {kinds.shape}; "
            "allowed are integers of shape (N,)"
        )
    return kinds


def _to_numpy(values: Array) -> np.ndarray:
    try:
        return values.numpy(force=True) if isinstance(values, torch.Tensor) else np.asarray(values)
    except (TypeError, ValueError) as error:  # lists of unequal lengths, types that NumPy lacks
        raise InvalidInput(
            f"the data of type {type(values).__name__} are no array; allowed are NumPy "
            "arrays and tensors that can become one"
        ) from error
