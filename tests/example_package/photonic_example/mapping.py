"""A mapping: a power of the probabilities, standardised, times a trained scale."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from qcnn.mappings import Mapping, one_per_weight, register_mapping, relative, standardise
from qcnn.targets.layout import WeightLayout


@register_mapping("example-power")
@dataclass(frozen=True)
class Power(Mapping):
    power: int = 3

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        return _Power(layout.weights, self.power)

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        return 1


class _Power(nn.Module):
    def __init__(self, weights: int, power: int) -> None:
        super().__init__()
        self.weights, self.power = weights, power
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, distributions: list[Tensor]) -> Tensor:
        values = standardise(relative(one_per_weight(distributions, self.weights)))
        return self.scale * values**self.power
