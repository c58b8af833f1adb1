"""Convolutional networks: a small family around those of the sources."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

import torch
from torch import nn

from qcnn.checks import LARGEST_COUNT, LARGEST_MODEL, check_choice, check_types, shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.seeds import derive
from qcnn.targets._base import Target, check_image_shape, register_target

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
}


@register_target("cnn")
@dataclass(frozen=True)
class ConvolutionalNetwork(Target):
    """Convolutions, each followed by max pooling, then linear layers.

    Images of one pixel's height are signals, of which these are convolutions in one dimension:
    along a side of one pixel kernels and pooling have one pixel, too.

    Attributes:
        channels: output channels of each convolution.
        kernel: side of the square kernels, pixels, of each convolution or one side for all;
            no padding.
        pooling: side of the square that each maximum is taken over, pixels, after each
            convolution or one side for all; 1 pools nothing.
        hidden: widths of the linear layers before the last.
        activation: after each pooling and hidden layer; the sources use none.
    """

    channels: tuple[int, ...] = (4, 8)
    kernel: tuple[int, ...] = (5,)
    pooling: tuple[int, ...] = (2,)
    hidden: tuple[int, ...] = ()
    activation: str = "relu"

    def __post_init__(self) -> None:
        check_types(self)
        for name in ("channels", "kernel", "pooling", "hidden"):
            values = getattr(self, name)
            if any(not 1 <= value <= LARGEST_COUNT for value in values):
                raise InvalidInput(
                    f"{name} is {shown(values)}; allowed are whole numbers from 1 to "
                    f"{LARGEST_COUNT}"
                )
        for name in ("kernel", "pooling"):
            values = getattr(self, name)
            if len(values) not in (1, len(self.channels)):
                raise InvalidInput(
                    f"{name} is {shown(values)} for {len(self.channels)} convolutions; allowed are "
                    "one number for all or one for each"
                )
        check_choice(self.activation, "activation", ACTIVATIONS)

    def build(
        self, image_shape: tuple[int, int, int] = (1, 28, 28), classes: int = 10, seed: int = 0
    ) -> nn.Sequential:
        """The network, initialised as PyTorch does, reproducibly for ``seed``.

        Raises:
            InvalidInput: if an image of this shape is too small for the convolutions, or the
                network has more than 10,000,000 weights.
        """
        image_shape = check_image_shape(image_shape)
        classes = whole_number(classes, "classes", 1, LARGEST_COUNT)
        weights = self.count_weights(image_shape, classes)
        if weights > LARGEST_MODEL:
            raise InvalidInput(
                f"the number of weights of {shown(self)} is {weights:.3g}; allowed are at most "
                f"{LARGEST_MODEL:.3g}"
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "target"))
            return self._layers(image_shape, classes)

    def count_weights(self, image_shape: tuple[int, int, int], classes: int) -> int:
        """Number of weights of the network, found without building it.

        Raises:
            InvalidInput: if an image of this shape is too small for the convolutions.

        >>> ConvolutionalNetwork().count_weights((1, 28, 28), 10)
        2202
        """
        height, width = self._sides_left(image_shape)
        channels = (image_shape[0], *self.channels)
        convolutions = sum(
            outputs * (inputs * prod(_window(kernel, image_shape)) + 1)
            for (inputs, outputs), kernel in zip(
                pairwise(channels), self._one_each(self.kernel), strict=True
            )
        )
        widths = (channels[-1] * height * width, *self.hidden, classes)
        return convolutions + sum(outputs * (inputs + 1) for inputs, outputs in pairwise(widths))

    def _layers(self, image_shape: tuple[int, int, int], classes: int) -> nn.Sequential:
        activation = ACTIVATIONS[self.activation]
        height, width = self._sides_left(image_shape)
        features = image_shape[0]
        layers: list[nn.Module] = []
        kernels, poolings = self._one_each(self.kernel), self._one_each(self.pooling)
        for channels, kernel, pooling in zip(self.channels, kernels, poolings, strict=True):
            layers += [
                nn.Conv2d(features, channels, _side_or_window(kernel, image_shape)),
                nn.MaxPool2d(_side_or_window(pooling, image_shape)),
                activation(),
            ]
            features = channels
        layers.append(nn.Flatten())
        width_in = features * height * width
        for width_out in self.hidden:
            layers += [nn.Linear(width_in, width_out), activation()]
            width_in = width_out
        layers.append(nn.Linear(width_in, classes))
        return nn.Sequential(*(layer for layer in layers if not isinstance(layer, nn.Identity)))

    def _sides_left(self, image_shape: tuple[int, int, int]) -> tuple[int, int]:
        """Height and width after the last convolution."""
        _, height, width = image_shape
        for kernel, pooling in zip(
            self._one_each(self.kernel), self._one_each(self.pooling), strict=True
        ):
            windows = zip(_window(kernel, image_shape), _window(pooling, image_shape), strict=True)
            height, width = (
                (side - covered + 1) // joined
                for side, (covered, joined) in zip((height, width), windows, strict=True)
            )
            if min(height, width) < 1:
                raise InvalidInput(
                    f"kernel is {shown(self.kernel)} and pooling {shown(self.pooling)} for "
                    f"{len(self.channels)} convolutions; allowed are sides that leave a pixel of "
                    f"images of shape {image_shape}"
                )
        return height, width

    def _one_each(self, sides: tuple[int, ...]) -> tuple[int, ...]:
        return sides * len(self.channels) if len(sides) == 1 else sides


def _window(side: int, image_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Height and width of a square, of which an image of one row or column takes as much.

    >>> _window(5, (1, 28, 28)), _window(5, (1, 1, 40))
    ((5, 5), (1, 5))
    """
    _, height, width = image_shape
    return (side if height > 1 else 1), (side if width > 1 else 1)


def _side_or_window(side: int, image_shape: tuple[int, int, int]) -> int | tuple[int, int]:
    """A square by its side, as stored networks have it."""
    window = _window(side, image_shape)
    return side if window == (side, side) else window


@register_target("cnn816")
def cnn816() -> ConvolutionalNetwork:
    """816 parameters on images of 28 × 28."""
    return ConvolutionalNetwork(channels=(2, 4), kernel=(4,))


@register_target("cnn2202")
def cnn2202() -> ConvolutionalNetwork:
    """2,202 parameters on images of 28 × 28."""
    return ConvolutionalNetwork(channels=(4, 8), kernel=(5,))
