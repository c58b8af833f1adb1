"""What a dataset is once it is loaded and split."""

from dataclasses import dataclass
from math import isfinite

import torch

from qcnn.checks import LARGEST_COUNT, check_types, shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.showing.overview import Overview, Shown

#: As many channels as pictures have: grey, colours, colours with transparency.
_CHANNELS = (1, 3, 4)
PARTS = ("train", "validation", "test")


# Tensors have no single truth value, so two datasets are equal only if they are the same object.
@dataclass(frozen=True, eq=False, repr=False)
class Data(Shown):
    """Images and labels for training, validation and test.

    It shows itself by the numbers of images in each part, and in the classes that have fewest and
    most of them there.

    Attributes:
        name: the dataset's own name, also when it was chosen by ``auto``.
        train_images: float32, shape (N, channels, height, width), values in [0, 1].
        train_labels: int64, shape (N,), values in 0 … classes − 1.
        validation_images: as ``train_images``, with its own N.
        validation_labels: as ``train_labels``.
        test_images: as ``train_images``, with its own N.
        test_labels: as ``train_labels``.
        classes: number of classes, at least 2.

    Raises:
        InvalidInput: a tensor that breaks one of these rules.

    >>> import torch
    >>> images, labels = torch.zeros(3, 1, 8, 8), torch.tensor([0, 1, 1])
    >>> Data("dots", images, labels, images, labels, images, labels, classes=2)
    Data 'dots': images of shape (1, 8, 8) in 2 classes
    part        images  fewest of a class  most of a class
    train            3                  1                2
    validation       3                  1                2
    test             3                  1                2
    """

    name: str
    train_images: torch.Tensor
    train_labels: torch.Tensor
    validation_images: torch.Tensor
    validation_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    classes: int

    def __post_init__(self) -> None:
        check_types(self)
        dataset = f"dataset {shown(self.name)}"
        whole_number(self.classes, f"the number of classes of {dataset}", 2, LARGEST_COUNT)
        for part in PARTS:
            what = f"the {part} part of {dataset}"
            images, labels = getattr(self, f"{part}_images"), getattr(self, f"{part}_labels")
            _check_images(what, images)
            _check_labels(what, labels, self.classes)
            _check_agreement(what, images, labels, self.image_shape)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of every image."""
        channels, height, width = self.train_images.shape[1:]
        return channels, height, width

    def _overview(self) -> Overview:
        line = f"Data {shown(self.name)}: images of shape {self.image_shape} in {self.classes:,}"
        labels = [getattr(self, f"{part}_labels") for part in PARTS]
        counts = [torch.bincount(found, minlength=self.classes) for found in labels]
        columns = {
            "images": [len(found) for found in labels],
            "fewest of a class": [int(count.min()) for count in counts],
            "most of a class": [int(count.max()) for count in counts],
        }
        return Overview((f"{line} classes",), columns, PARTS, "part")


def check_channels_first(what: str, shape: tuple[int, ...]) -> None:
    """Raises InvalidInput for images whose channels come last, as most libraries write them.

    The shape is that of one image; others than three dimensions are passed over.
    """
    if len(shape) == 3 and shape[2] in _CHANNELS and min(shape[:2]) > max(_CHANNELS):
        raise InvalidInput(
            f"{what} has images of shape {shape}, whose channels seem to come last; allowed are "
            "(channels, height, width), which moving the last dimension to the front makes of it"
        )


def _check_images(what: str, images: torch.Tensor) -> None:
    if not isinstance(images, torch.Tensor):
        raise InvalidInput(
            f"{what} has images of type {type(images).__name__}; allowed are tensors"
        )
    _check_dense(what, images)
    if images.dtype != torch.float32 or images.ndim != 4:
        raise InvalidInput(
            f"{what} has images of type {images.dtype} and shape {tuple(images.shape)}; "
            "allowed are float32 and (N, channels, height, width)"
        )
    if images.numel() == 0:
        raise InvalidInput(
            f"{what} has images of shape {tuple(images.shape)}; allowed is at least one image "
            "with at least one pixel"
        )
    check_channels_first(what, tuple(images.shape[1:]))
    lowest, highest = (bound.item() for bound in torch.aminmax(images))
    if not isfinite(lowest) or not isfinite(highest):
        raise InvalidInput(
            f"{what} has a pixel that is nan or infinite; allowed are numbers from 0 to 1"
        )
    if lowest < 0 or highest > 1:
        raise InvalidInput(
            f"{what} has pixels from {lowest:g} to {highest:g}; allowed are numbers from 0 to 1"
        )


def _check_dense(what: str, values: torch.Tensor) -> None:
    if values.layout != torch.strided or values.is_meta:
        raise InvalidInput(
            f"{what} has tensors that are {values.layout} on {values.device}; allowed are "
            "dense ones"
        )


def _check_labels(what: str, labels: torch.Tensor, classes: int) -> None:
    if not isinstance(labels, torch.Tensor):
        raise InvalidInput(
            f"{what} has labels of type {type(labels).__name__}; allowed are tensors"
        )
    _check_dense(what, labels)
    if labels.dtype != torch.int64 or labels.ndim != 1:
        raise InvalidInput(
            f"{what} has labels of type {labels.dtype} and shape {tuple(labels.shape)}; "
            "allowed are int64 and (N,)"
        )
    outside = labels[(labels < 0) | (labels >= classes)]
    if len(outside):
        raise InvalidInput(
            f"{what} has the label {int(outside[0])}; allowed are 0 to {classes - 1}"
        )


def _check_agreement(
    what: str, images: torch.Tensor, labels: torch.Tensor, image_shape: tuple[int, int, int]
) -> None:
    if len(images) != len(labels):
        raise InvalidInput(
            f"{what} has {len(images)} images and {len(labels)} labels; allowed are as many of both"
        )
    if tuple(images.shape[1:]) != image_shape:
        raise InvalidInput(
            f"{what} has images of shape {tuple(images.shape[1:])}; allowed is {image_shape}, the "
            "shape of the training images"
        )
