"""Target networks: what the weights are generated for.

One file, one target: a frozen dataclass under :func:`register_target`, dropped into this folder,
is found by itself, as is one of an installed package (:mod:`qcnn.registry`).
"""

from qcnn.specification import parse_choice
from qcnn.targets._base import Target, check_image_shape, register_target, registered
from qcnn.targets.convolutional import ACTIVATIONS, ConvolutionalNetwork

__all__ = [
    "ACTIVATIONS",
    "ConvolutionalNetwork",
    "Target",
    "check_image_shape",
    "register_target",
    "target_from_text",
    "target_names",
]


def target_names() -> tuple[str, ...]:
    """Names of all targets, sorted."""
    return tuple(registered)


def target_from_text(text: str) -> Target:
    """The target that a name with options stands for.

    >>> network = target_from_text("cnn:channels=4+8,kernel=5").build()
    >>> sum(parameter.numel() for parameter in network.parameters())
    2202
    >>> target_from_text("cnn:channels=3+4,kernel=5+3,pooling=3+2").build()[3]
    Conv2d(3, 4, kernel_size=(3, 3), stride=(1, 1))
    """
    return parse_choice(text, "target", registered)
