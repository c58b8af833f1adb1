"""Target networks: the CNNs of the sources and a small family around them."""

from dataclasses import dataclass

import torch
from torch import nn

from qcnn.errors import InvalidInput
from qcnn.seeds import derive
from qcnn.specification import parse_choice

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
}


@dataclass(frozen=True)
class ConvolutionalNetwork:
    """Convolutions, each followed by max pooling, then linear layers.

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
        for name in ("channels", "kernel", "pooling", "hidden"):
            values = getattr(self, name)
            if any(value < 1 for value in values):
                raise InvalidInput(f"{name} is {values}; allowed are whole numbers from 1")
        for name in ("kernel", "pooling"):
            values = getattr(self, name)
            if len(values) not in (1, len(self.channels)):
                raise InvalidInput(
                    f"{name} is {values} for {len(self.channels)} convolutions; allowed are one "
                    "number for all or one for each"
                )
        if self.activation not in ACTIVATIONS:
            raise InvalidInput(
                f"activation is {self.activation!r}; allowed are {', '.join(ACTIVATIONS)}"
            )

    def build(
        self, image_shape: tuple[int, int, int] = (1, 28, 28), classes: int = 10, seed: int = 0
    ) -> nn.Sequential:
        """The network, initialised as PyTorch does, reproducibly for ``seed``.

        Raises:
            InvalidInput: if an image of this shape is too small for the convolutions.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "target"))
            return self._layers(image_shape, classes)

    def _layers(self, image_shape: tuple[int, int, int], classes: int) -> nn.Sequential:
        activation = ACTIVATIONS[self.activation]
        features, height, width = image_shape
        layers: list[nn.Module] = []
        count = len(self.channels)
        kernels, poolings = (_one_each(sides, count) for sides in (self.kernel, self.pooling))
        for channels, kernel, pooling in zip(self.channels, kernels, poolings, strict=True):
            height, width = ((side - kernel + 1) // pooling for side in (height, width))
            if min(height, width) < 1:
                raise InvalidInput(
                    f"kernel is {self.kernel} and pooling {self.pooling} for {count} convolutions; "
                    f"allowed are sides that leave a pixel of images of shape {image_shape}"
                )
            layers += [nn.Conv2d(features, channels, kernel), nn.MaxPool2d(pooling), activation()]
            features = channels
        layers.append(nn.Flatten())
        width_in = features * height * width
        for width_out in self.hidden:
            layers += [nn.Linear(width_in, width_out), activation()]
            width_in = width_out
        layers.append(nn.Linear(width_in, classes))
        return nn.Sequential(*(layer for layer in layers if not isinstance(layer, nn.Identity)))


def _one_each(sides: tuple[int, ...], count: int) -> tuple[int, ...]:
    return sides * count if len(sides) == 1 else sides


def _notebook() -> ConvolutionalNetwork:
    """Source A: MerLin's reference notebook, 978 parameters."""
    return ConvolutionalNetwork(channels=(4, 4), kernel=(4,), activation="none")


def _paper() -> ConvolutionalNetwork:
    """Source B: arXiv:2505.08474, 6,690 parameters."""
    return ConvolutionalNetwork(channels=(8, 12), kernel=(5,), hidden=(20,), activation="none")


TARGETS = {
    "notebook": _notebook,
    "paper": _paper,
    "cnn816": lambda: ConvolutionalNetwork(channels=(2, 4), kernel=(4,)),
    "cnn2202": lambda: ConvolutionalNetwork(channels=(4, 8), kernel=(5,)),
    "cnn": ConvolutionalNetwork,
}


def target_from_text(text: str) -> ConvolutionalNetwork:
    """The target that a name with options stands for.

    >>> network = target_from_text("cnn:channels=4+8,kernel=5").build()
    >>> sum(parameter.numel() for parameter in network.parameters())
    2202
    >>> target_from_text("cnn:channels=3+4,kernel=5+3,pooling=3+2").build()[3]
    Conv2d(3, 4, kernel_size=(3, 3), stride=(1, 1))
    """
    return parse_choice(text, "target", TARGETS)
