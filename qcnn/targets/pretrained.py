"""A small network that has learned MNIST, to be adapted to other images.

Its weights are part of the package (``pretrained.safetensors``, written by
``python -m qcnn.training.pretraining``). Sums of floats come out differently on other processors:
trained anew wherever it is needed it would be another network on every machine, and would need
MNIST there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from torch import Tensor, nn
from torch.nn.functional import conv2d, linear

from qcnn.checks import check_choice, check_types, shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.keeping.checkpoint import read_checkpoint
from qcnn.seeds import check_seed
from qcnn.targets._base import ImageShape, Target, check_image_shape, register_target
from qcnn.targets.convolutional import ConvolutionalNetwork

#: 56,834 weights.
ARCHITECTURE = ConvolutionalNetwork(channels=(8, 16), kernel=(5,), hidden=(200,))
IMAGE_SHAPE: ImageShape = (1, 28, 28)
CLASSES = 10
#: The layers that have weights, in their order.
LAYERS = ("conv1", "conv2", "hidden", "output")
PRETRAINED_FILE = Path(__file__).with_name("pretrained.safetensors")
_TRAINED = ("all", "output")


@register_target("pretrained")
@dataclass(frozen=True)
class Pretrained(Target):
    """The network that has learned MNIST, whose weights start where they are there.

    Images of another size are scaled, bilinearly, to 28 × 28 pixels first; where there are fewer
    than ten classes the first logits are taken.

    Attributes:
        trained: ``"all"`` weights, or those of the ``"output"`` layer alone; the others are
            frozen, buffers instead of parameters.
    """

    trained: str = "all"

    def __post_init__(self) -> None:
        check_types(self)
        check_choice(self.trained, "trained", _TRAINED)

    def build(
        self, image_shape: ImageShape = IMAGE_SHAPE, classes: int = CLASSES, seed: int = 0
    ) -> nn.Sequential:
        """The network, which is the same one for every seed.

        Raises:
            InvalidInput: for images of several channels, or more than ten classes.
        """
        check_seed(seed)
        network = pretrained_network(image_shape, classes)
        if self.trained == "output":
            *hidden, _ = layers_of(network).values()
            replace_layers(network, {layer: FrozenLayer(layer) for layer in hidden})
        return network

    def count_weights(self, image_shape: ImageShape, classes: int) -> int:
        """Number of weights that are trained, found without building the network.

        Raises:
            InvalidInput: as :meth:`build`.

        >>> Pretrained("output").count_weights((1, 28, 28), 10)
        2010
        """
        _, classes = check_images(image_shape, classes)
        if self.trained == "output":
            return classes * (ARCHITECTURE.hidden[-1] + 1)
        return ARCHITECTURE.count_weights(IMAGE_SHAPE, classes)


class FrozenLayer(nn.Module):
    """A convolution without padding, or a linear layer, whose weights are buffers.

    They are no parameters, so that none are generated for them and whatever counts, trains or
    compresses parameters passes them over.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, layer: nn.Conv2d | nn.Linear) -> None:
        super().__init__()
        self.register_buffer("weight", layer.weight.detach().clone())
        self.register_buffer("bias", None if layer.bias is None else layer.bias.detach().clone())

    def get_weight(self) -> Tensor:
        """The weight that the layer works with, of the shape of its own."""
        return self.weight

    def forward(self, inputs: Tensor) -> Tensor:
        weight = self.get_weight()
        apply = conv2d if weight.ndim == 4 else linear
        found: Tensor = apply(inputs, weight, self.bias)
        return found


def pretrained_network(image_shape: ImageShape, classes: int) -> nn.Sequential:
    """The network with its weights from MNIST, all of them parameters.

    Raises:
        InvalidInput: for images of several channels, or more than ten classes, or if the file of
            the weights is damaged.
    """
    image_shape, classes = check_images(image_shape, classes)
    network = ARCHITECTURE.build(IMAGE_SHAPE, classes)
    stored = pretrained_weights()
    output = list(network.state_dict())[-2:]
    network.load_state_dict(
        {name: value[:classes] if name in output else value for name, value in stored.items()}
    )
    if image_shape != IMAGE_SHAPE:
        network.insert(0, nn.Upsample(size=IMAGE_SHAPE[1:], mode="bilinear"))
    return network


@cache
def pretrained_weights() -> dict[str, Tensor]:
    """The weights from MNIST by their names in the architecture; not to be changed.

    They are stored in half precision, which takes half the space; so rounded they are the
    network's, wherever it is used.

    Raises:
        InvalidInput: if the file is damaged.
    """
    what = "the file of the pre-trained weights"
    tensors, _ = read_checkpoint(PRETRAINED_FILE, what, "that of the package")
    return {name: value.float() for name, value in tensors.items()}


def layers_of(network: nn.Sequential) -> dict[str, nn.Conv2d | nn.Linear]:
    """The layers that have weights, by their names."""
    found = [layer for layer in network if isinstance(layer, nn.Conv2d | nn.Linear)]
    return dict(zip(LAYERS, found, strict=True))


def widths_of_layers(classes: int) -> dict[str, int]:
    """Rows and columns together of each layer's matrix: what each rank of a change takes.

    >>> widths_of_layers(10)
    {'conv1': 33, 'conv2': 216, 'hidden': 456, 'output': 210}
    """
    matrices = [value for value in pretrained_weights().values() if value.ndim > 1]
    found = {
        name: len(matrix) + matrix[0].numel() for name, matrix in zip(LAYERS, matrices, strict=True)
    }
    return {**found, LAYERS[-1]: classes + matrices[-1].shape[1]}


def replace_layers(network: nn.Sequential, replacements: dict[nn.Module, nn.Module]) -> None:
    """Put other modules in the place of layers of a sequence."""
    for place, layer in enumerate(network):
        if layer in replacements:
            network[place] = replacements[layer]


def check_images(image_shape: object, classes: object) -> tuple[ImageShape, int]:
    """Shape and classes of images that the network can be adapted to.

    Raises:
        InvalidInput: for images of several channels, or more than ten classes.
    """
    shape = check_image_shape(image_shape)
    if shape[0] != 1:
        raise InvalidInput(
            f"image_shape is {shown(shape)}; allowed with pre-trained weights is 1 channel"
        )
    return shape, whole_number(classes, "classes", 1, CLASSES)


def check_layers(layers: Iterable[str], name: str) -> None:
    """Raises InvalidInput for anything but some of the layers, each once, in their order."""
    given = tuple(layers)
    if not given or given != tuple(layer for layer in LAYERS if layer in given):
        raise InvalidInput(
            f"{name} is {shown(given)}; allowed are some of {', '.join(LAYERS)}, each once and in "
            "this order"
        )
