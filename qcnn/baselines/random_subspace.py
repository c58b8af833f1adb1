"""Weights in a random subspace through the initial ones."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from qcnn.baselines._base import Baseline, check_count, register_baseline
from qcnn.checks import check_choice
from qcnn.directions import orthogonal_directions
from qcnn.hadamard import DenseMatrix, RandomHadamard, check_matrix, is_dense
from qcnn.machine import check_memory
from qcnn.seeds import generator
from qcnn.targets.layered import LayeredMatrix, deal, layer_sizes
from qcnn.targets.layout import WeightLayout
from qcnn.weights.generated import GeneratedNetwork, ParameterCounts, count_stored


def _normal_directions(weights: int, count: int, random: torch.Generator | None) -> Tensor:
    check_memory(2 * 8 * weights * count, f"directions for {count} numbers of {weights} weights")
    directions = torch.randn(weights, count, generator=random)
    scales: Tensor = (weights / count) ** 0.5 / directions.norm(dim=0)
    return directions * scales


_DIRECTIONS = {"normal": _normal_directions, "orthogonal": orthogonal_directions}
_LAYERED = "layered"


@register_baseline("random_subspace")
@dataclass(frozen=True)
class RandomSubspace(Baseline):
    """w = w₀ + P·θ, θ trained from 0, P fixed and random.

    The columns of P are normal, each normalised to the length √(weights/dimension), and
    its rows are divided by √fan-in. A weight so moves by θ's size over √fan-in, as it does
    for the mapping ``mixing``, whose counterpart this is: both put an offset of unit
    variance over √fan-in on the target's initial weights, and both take rates of about 0.03.

    Attributes:
        dimension: number of entries of θ, the trainable parameters.
        directions: ``"normal"`` as said; ``"orthogonal"``: columns of that length at right
            angles to each other, as those of the mapping ``whitened``, for rates of 0.1 to 0.3; or
            ``"layered"``: such columns for each layer by itself, smooth across the kernels of
            convolutions (:class:`qcnn.targets.layered.LayeredMatrix`), as ``roots`` has them.

    Source: Li, Farkhoor, Liu and Yosinski, ICLR 2018, arXiv:1804.08838 (dense projection,
    there with columns of unit length and without the fan-in).
    """

    dimension: int = 100
    directions: str = "normal"
    matrix: str = "automatic"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.directions, "directions", (*_DIRECTIONS, _LAYERED))
        check_matrix(self.matrix)

    def build(self, target: nn.Module, seed: int) -> nn.Module:
        return _Subspace(target, self, seed)


class _Subspace(GeneratedNetwork):
    def __init__(self, target: nn.Module, options: RandomSubspace, seed: int) -> None:
        super().__init__(target, options)
        dimension, layered = options.dimension, options.directions == _LAYERED
        most = sum(layer_sizes(self.layout)) if layered else self.layout.weights
        check_count(dimension, "dimension", most)
        make = _layered if layered else _matrix
        self.matrix = make(options, self.layout, generator(seed, "fixed numbers"))
        self.register_buffer("initial", self.layout.initial)
        self.coordinates = nn.Parameter(torch.zeros(dimension))

    def generate(self) -> Tensor:
        moved: Tensor = self.matrix(self.coordinates)
        return self.get_buffer("initial") + moved

    def parameter_counts(self) -> ParameterCounts:
        kept = int(self.get_buffer("initial").count_nonzero())
        return ParameterCounts(
            other=self.coordinates.numel(), fixed_numbers=count_stored(self.matrix) + kept
        )


def _matrix(
    options: RandomSubspace, layout: WeightLayout, random: torch.Generator | None
) -> nn.Module:
    scales, dimension = layout.scale, options.dimension
    weights = scales.numel()
    if is_dense(options.matrix, weights, dimension):
        check_memory(3 * 4 * weights * dimension, "the matrix of random_subspace")
        directions = _DIRECTIONS[options.directions](weights, dimension, random)
        return DenseMatrix(scales.unsqueeze(1) * directions)
    return RandomHadamard(scales, torch.full((dimension,), dimension**-0.5), random)


def _layered(
    options: RandomSubspace, layout: WeightLayout, random: torch.Generator | None
) -> nn.Module:
    def make(rows: int, columns: int) -> nn.Module:
        if is_dense(options.matrix, rows, columns):
            return DenseMatrix(orthogonal_directions(rows, columns, random))
        return RandomHadamard(torch.ones(rows), torch.full((columns,), columns**-0.5), random)

    sizes = layer_sizes(layout)
    layers = deal(sizes, [1] * options.dimension)
    columns = [layers.count(layer) for layer in range(len(sizes))]
    return LayeredMatrix(layout, columns, make, layout.scale)
