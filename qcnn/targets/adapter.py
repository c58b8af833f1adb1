"""Low-rank adapters of a network that has learned MNIST: the factors are the weights to generate.

Weights of adapters are what papers on quantum parameter generation propose to generate for large
networks: QPA (Liu, Yang, Goan and Hsieh, arXiv:2410.09846) and HPQS (Liu, arXiv:2505.16676)
generate LoRA's factors for GPT-2 and Gemma-2. Here the network is small, and its baselines are
there: ``direct`` on this target is LoRA itself. ``random_subspace`` with ``directions=layered``
is what NOLA does (Koohpayegani, Navaneet, Nooralinejad, Kolouri and Pirsiavash, arXiv:2310.02556):
each factor of each layer is a combination of fixed random matrices of its shape with coefficients
of its own. It differs in that A's fixed start A₀ stays beside the combination, so that all
coefficients start at 0 and the network where it was; in that the random matrices of a factor are
at right angles; and in that factors get coefficients by the roots of their sizes. With other
directions the coefficients of all factors are the same ones.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from qcnn.checks import check_types, number_between, whole_number
from qcnn.seeds import generator
from qcnn.targets._base import ImageShape, Target, register_target
from qcnn.targets.pretrained import (
    CLASSES,
    IMAGE_SHAPE,
    LAYERS,
    FrozenLayer,
    check_images,
    check_layers,
    layers_of,
    pretrained_network,
    replace_layers,
    widths_of_layers,
)

LARGEST_RANK = 4
_LARGEST_ALPHA = 1000.0


@register_target("adapter")
@dataclass(frozen=True)
class Adapter(Target):
    """The network that has learned MNIST, frozen, with low-rank changes: W = W₀ + α/rank · B·A.

    A layer's weight is a matrix of outputs × inputs, a convolution's of output channels × (input
    channels · kernel area). A starts normal with variance 1/inputs and B with zeros, so that the
    network starts as it is on MNIST. The factors, A and B of each layer, are all that is trained.

    They belong to no layer: a mapping's number for an entry of A is divided by √inputs and for one
    of B by √rank, beside the initial value with every mapping but those with
    ``placement=source``. With mappings that begin at 0 (``roots``, ``whitened``) the network so
    starts unchanged; ``mixing`` begins with numbers of variance 1, and changes it by as much as
    ``alpha`` lets it. The pre-trained weights are in the package, and count nowhere.

    Images and classes are those of :class:`qcnn.targets.pretrained.Pretrained`.

    Attributes:
        rank: of the change of each layer, 1 to 4.
        layers: that are changed, of conv1, conv2, hidden and output.
        alpha: the change in units of what B·A is at rank 1.

    Source: Hu et al., "LoRA: low-rank adaptation of large language models", arXiv:2106.09685.
    """

    rank: int = LARGEST_RANK
    layers: tuple[str, ...] = LAYERS
    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_types(self)
        whole_number(self.rank, "rank", 1, LARGEST_RANK)
        check_layers(self.layers, "layers")
        number_between(self.alpha, "alpha", 0, _LARGEST_ALPHA)

    def build(
        self, image_shape: ImageShape = IMAGE_SHAPE, classes: int = CLASSES, seed: int = 0
    ) -> nn.Sequential:
        """The network, whose factors A are drawn reproducibly for ``seed``.

        Raises:
            InvalidInput: for images of several channels, or more than ten classes.
        """
        network = pretrained_network(image_shape, classes)
        replacements: dict[nn.Module, nn.Module] = {}
        for name, layer in layers_of(network).items():
            random = generator(seed, "target", name)
            replacements[layer] = (
                _AdaptedLayer(layer, self, random) if name in self.layers else FrozenLayer(layer)
            )
        replace_layers(network, replacements)
        return network

    def count_weights(self, image_shape: ImageShape, classes: int) -> int:
        """Number of entries of the factors, found without building the network.

        Raises:
            InvalidInput: as :meth:`build`.

        >>> Adapter(rank=1).count_weights((1, 28, 28), 10)
        915
        """
        _, classes = check_images(image_shape, classes)
        widths = widths_of_layers(classes)
        return self.rank * sum(widths[name] for name in self.layers)


class _AdaptedLayer(FrozenLayer):
    """A frozen layer whose weight is changed by the product of two factors."""

    def __init__(
        self, layer: nn.Conv2d | nn.Linear, options: Adapter, random: torch.Generator | None
    ) -> None:
        super().__init__(layer)
        rows, columns = len(layer.weight), layer.weight[0].numel()
        self.factor = options.alpha / options.rank
        down = torch.randn(options.rank, columns, generator=random) / columns**0.5
        # Modules of their own: what treats layers one by one treats factors one by one.
        self.down = _Factor(down)
        self.up = _Factor(torch.zeros(rows, options.rank))

    def get_weight(self) -> Tensor:
        change = self.factor * (self.up.values @ self.down.values)
        return self.weight + change.view_as(self.weight)


class _Factor(nn.Module):
    """B or A of one layer."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.values = nn.Parameter(values)
