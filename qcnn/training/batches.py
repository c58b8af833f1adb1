"""Batches of images, and the modes and needs of the module that they go into."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from qcnn.checks import shown
from qcnn.data._data import check_channels_first
from qcnn.errors import InvalidInput


def check_batch(images: Tensor, labels: Tensor) -> int:
    """How many classes the labels of some images need.

    Raises:
        InvalidInput: for images and labels that are not tensors, as many of both and at least
            one, finite and whole numbers from 0.
    """
    for value, name in ((images, "images"), (labels, "labels")):
        if not isinstance(value, Tensor) or not value.ndim:
            raise InvalidInput(
                f"{name} is {shown(value)}; allowed are tensors with one entry for each image"
            )
    for value, name in ((images, "images"), (labels, "labels")):
        if value.layout != torch.strided or value.is_meta:
            raise InvalidInput(
                f"{name} are {value.layout} on {value.device}; allowed are dense tensors"
            )
    if len(images) != len(labels) or not images.numel():
        raise InvalidInput(
            f"the number of images is {len(images)} with {len(labels)} labels; allowed are as many "
            "of both, at least 1"
        )
    check_channels_first("the batch", tuple(images.shape[1:]))
    if images.is_floating_point() and not all(map(torch.isfinite, torch.aminmax(images))):
        raise InvalidInput("a pixel of the images is nan or infinite; allowed are finite numbers")
    whole = not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
    if labels.ndim != 1 or not whole or labels.min() < 0:
        raise InvalidInput(
            f"labels are of type {labels.dtype} and shape {tuple(labels.shape)}, the least "
            f"{shown(labels.flatten()[0].item() if not whole else int(labels.min()))}; allowed "
            "are whole numbers from 0, one for each image"
        )
    return int(labels.max()) + 1


def check_module(value: object, name: str) -> None:
    """Raises InvalidInput for anything but a module."""
    if not isinstance(value, nn.Module):
        raise InvalidInput(f"{name} is {shown(value)}; allowed is a torch.nn.Module")


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; afterwards every part of the model is in its own mode again."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        model.train(modes[0][1])
        for part, training in modes:
            part.training = training


def least_batch(model: nn.Module) -> int:
    """The fewest images that a model takes in a step: two where it normalises over batches."""
    return 2 if any(isinstance(part, _BATCH_NORM) for part in model.modules()) else 1


_BATCH_NORM = nn.modules.batchnorm._BatchNorm
