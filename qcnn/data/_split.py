"""Which images go to training, validation and test."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcnn.checks import shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.showing.brief import brief

Positions = Sequence[int] | np.ndarray
_POSITIONS = "a flat list of whole numbers"


@dataclass(frozen=True, eq=False)
class IndexSplit:
    """A split given image by image.

    Attributes:
        train: zero-based positions of the training images, in the order wanted.
        validation: positions of the validation images.
        test: positions of the test images; empty where the test set comes separately.
    """

    train: Positions
    validation: Positions
    test: Positions = ()

    __repr__ = brief

    def positions(self, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The three index arrays (int64) for images with these labels.

        Raises:
            InvalidInput: a position that is not one of the images or is used twice.
        """
        parts = (_integers(self.train), _integers(self.validation), _integers(self.test))
        everything = np.concatenate(parts)
        outside = everything[(everything < 0) | (everything >= len(labels))]
        if len(outside):
            raise InvalidInput(
                f"the split has image {outside[0]}; allowed are 0 to {len(labels) - 1}"
            )
        found, times = np.unique(everything, return_counts=True)
        if len(found) < len(everything):
            raise InvalidInput(
                f"the split has image {found[times > 1][0]} more than once; allowed is once"
            )
        return parts


@dataclass(frozen=True)
class CountSplit:
    """A random split given by the sizes of its parts; images left over are not used.

    Attributes:
        train: number of training images, at least 1.
        validation: number of validation images, at least 1.
        seed: seed of the draw, at least 0; independent of the seeds of trainings.
        test: number of test images; 0 where the test set comes separately.
        stratified: give every part the class frequencies of the whole, within 3 images a class.
    """

    train: int
    validation: int
    seed: int
    test: int = 0
    stratified: bool = False

    def positions(self, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The three index arrays (int64) for images with these labels.

        Raises:
            InvalidInput: a size or seed out of range, or more images asked for than exist.
        """
        sizes, seed = self._checked(len(labels))
        rng = np.random.default_rng(seed)
        divide = _divide_by_class if self.stratified else _divide
        train, validation, test = divide(labels, sizes, rng)
        return train, validation, test

    def _checked(self, images: int) -> tuple[tuple[int, int, int], int]:
        """The sizes of the parts, and the seed."""
        train, validation, test, seed = (
            whole_number(getattr(self, field), f"the split's {field}", least)
            for field, least in (("train", 1), ("validation", 1), ("test", 0), ("seed", 0))
        )
        wanted = train + validation + test
        if wanted > images:
            raise InvalidInput(
                f"the number of images in the split is {shown(wanted)}; allowed are at most "
                f"{images}"
            )
        if not isinstance(self.stratified, bool):
            raise InvalidInput(
                f"the split's stratified is {shown(self.stratified)}; allowed are True and False"
            )
        return (train, validation, test), seed


def _divide(labels: np.ndarray, sizes: Sequence[int], rng: np.random.Generator) -> list[np.ndarray]:
    return np.split(rng.permutation(len(labels)), np.cumsum(sizes))[: len(sizes)]


def _divide_by_class(
    labels: np.ndarray, sizes: Sequence[int], rng: np.random.Generator
) -> list[np.ndarray]:
    members = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    parts = []
    for size in sizes:
        shares = _shares(size, np.array([len(group) for group in members]), rng)
        taken = [group[:share] for group, share in zip(members, shares, strict=True)]
        members = [group[share:] for group, share in zip(members, shares, strict=True)]
        # Training must not see one class after the other.
        parts.append(rng.permutation(np.concatenate(taken)))
    return parts


def _shares(size: int, available: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How many of ``size`` images each class gives: proportional, by largest remainder."""
    shares, remainders = np.divmod(size * available, max(1, available.sum()))
    # Classes of one size have equal remainders, among which chance decides.
    order = np.lexsort((rng.random(len(available)), -remainders))
    shares[order[: size - shares.sum()]] += 1
    return shares


def _integers(positions: Positions) -> np.ndarray:
    try:
        array = np.asarray(positions)
    except ValueError as error:
        raise InvalidInput(
            f"the split has the positions {shown(positions)}; allowed is {_POSITIONS}"
        ) from error
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise InvalidInput(
            f"the split has positions of type {array.dtype} and shape {array.shape}; allowed is "
            f"{_POSITIONS}"
        )
    return array.astype(np.int64)
