"""A trainable scale and shift per tensor, of probabilities or of their logarithms."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.mappings._base import (
    Mapping,
    one_per_weight,
    register_mapping,
    relative,
    standardise,
)
from qcnn.targets.layout import WeightLayout


@register_mapping("affine")
@dataclass(frozen=True)
class Affine(Mapping):
    """g = scale·z + shift, z the standardised probabilities, a scale and a shift per tensor."""

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        return _Affine(layout, floor=None)

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        return 2 * layout.tensors


@register_mapping("log_affine")
@dataclass(frozen=True)
class LogAffine(Mapping):
    """As ``affine``, with z the standardised log(p/p̄ + floor), p̄ the mean of those read.

    Attributes:
        floor: keeps the logarithm of a vanishing probability finite, in units of p̄.
    """

    floor: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.floor < float("inf"):
            raise InvalidInput(f"floor is {shown(self.floor)}; allowed are positive numbers")

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        return _Affine(layout, self.floor)

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        return 2 * layout.tensors


class _Affine(nn.Module):
    def __init__(self, layout: WeightLayout, floor: float | None) -> None:
        super().__init__()
        self.weights = layout.weights
        self.floor = floor
        self.scale = nn.Parameter(torch.ones(layout.tensors))
        self.shift = nn.Parameter(torch.zeros(layout.tensors))
        self.register_buffer("tensor_index", layout.tensor_index, persistent=False)

    def forward(self, distributions: list[Tensor]) -> Tensor:
        values = one_per_weight(distributions, self.weights)
        if self.floor is not None:
            values = torch.log(relative(values) + self.floor)
        index = self.get_buffer("tensor_index")
        return self.scale[index] * standardise(values) + self.shift[index]
