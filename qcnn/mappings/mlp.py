"""Source B's earlier mapping: a small dense network of index bits and probability."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from qcnn.checks import LARGEST_MODEL, check_choice, whole_number
from qcnn.mappings._base import (
    Mapping,
    index_bits,
    one_per_weight,
    register_mapping,
    relative,
)
from qcnn.seeds import derive
from qcnn.targets.layout import Placement, WeightLayout


@register_mapping("mlp")
@dataclass(frozen=True)
class MLP(Mapping):
    """Linear(bits + 1 → hidden), Linear(hidden → 1), the mean subtracted.

    The inputs of a weight are the bits of its index as ±1 and p/p̄, p̄ the mean of the
    probabilities that are read. The original
    code has no activation between the two layers.

    Attributes:
        hidden: width of the hidden layer; 8 in the source (14→8→1: 129 parameters).
        activation: ``"none"`` as in the source, or ``"tanh"``.
        placement: ``"fan_in"``, or ``"source"`` for the source's unscaled weights.
    """

    hidden: int = 8
    activation: str = "none"
    placement: Placement = "fan_in"

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number(self.hidden, "hidden", 1, LARGEST_MODEL)
        check_choice(self.activation, "activation", ("none", "tanh"))
        check_choice(self.placement, "placement", ("fan_in", "source"))

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "mapping"))
            return _MLP(layout.weights, self.hidden, self.activation)

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        return (index_bits(layout.weights) + 3) * self.hidden + 1

    def get_placement(self) -> Placement:
        return self.placement


class _MLP(nn.Module):
    def __init__(self, weights: int, hidden: int, activation: str) -> None:
        super().__init__()
        bits = index_bits(weights)
        shifts = torch.arange(bits - 1, -1, -1)
        signs = 2.0 * (torch.arange(weights).unsqueeze(1) >> shifts & 1) - 1
        self.register_buffer("signs", signs, persistent=False)
        self.first = nn.Linear(bits + 1, hidden)
        self.activation = nn.Tanh() if activation == "tanh" else nn.Identity()
        self.second = nn.Linear(hidden, 1)

    def forward(self, distributions: list[Tensor]) -> Tensor:
        signs = self.get_buffer("signs")
        probabilities = relative(one_per_weight(distributions, len(signs))).unsqueeze(1)
        inputs = torch.cat([signs, probabilities.to(signs.dtype)], dim=1)
        numbers: Tensor = self.second(self.activation(self.first(inputs))).squeeze(1)
        return numbers - numbers.mean()
