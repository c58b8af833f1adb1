"""Images into a module that somebody else has written, and logits out of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from qcnn.checks import reason, shown
from qcnn.data._data import check_channels_first
from qcnn.errors import InvalidInput
from qcnn.weights.generated import GeneratedNetwork, match_inputs

#: What torch raises for inputs that do not suit a layer. Exactly these: what is raised for other
#: reasons, such as a lack of memory, is of a type derived from them.
_UNSUITABLE = (RuntimeError, ValueError, TypeError, IndexError)


def compute_logits(model: nn.Module, images: Tensor, classes: int) -> Tensor:
    """The model's logits for a batch of images.

    Args:
        model: any module; it is given the images and nothing else.
        images: shape ``(N, …)``. A copy of those that have to stay as they are, since a module
            may work in place on its input.
        classes: how many logits of each image are needed.

    Returns:
        shape ``(N, at least classes)``.

    Raises:
        InvalidInput: if the model does not take the images, or returns anything else.
    """
    try:
        logits = model(match_inputs(model, images))
    except _UNSUITABLE as error:
        if type(error) not in _UNSUITABLE:
            raise
        raise _unsuitable(model, images, error) from error
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        kind = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
        raise InvalidInput(
            f"the output of {_name(model)} is of type {kind}; allowed are tensors of floats, the "
            "logits of each image"
        )
    if logits.ndim != 2 or len(logits) != len(images) or logits.shape[1] < classes:
        raise InvalidInput(
            f"the output of {_name(model)} is of shape {tuple(logits.shape)}; allowed for "
            f"{len(images)} images of {classes} classes is {(len(images), classes)}"
        )
    return logits


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


def _unsuitable(model: nn.Module, images: Tensor, error: Exception) -> InvalidInput:
    if len(images) == 1 and "more than 1 value per channel" in str(error):
        return InvalidInput(
            "the number of images in a batch is 1; allowed with batch normalisation are at least 2"
        )
    return InvalidInput(
        f"{_name(model)} cannot take a batch of shape {tuple(images.shape)} and type "
        f"{images.dtype} ({reason(error)}); allowed are images that it takes, alone"
    )


def _name(model: nn.Module) -> str:
    target = model.target if isinstance(model, GeneratedNetwork) else model
    return f"target {type(target).__name__}"
