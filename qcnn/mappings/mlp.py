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
        self.weights = weights
        bits = index_bits(weights)
        #: Bits of an index that are read as one number of up to 2^low; the others as another.
        self.low = bits // 2
        self.register_buffer("low_signs", _signs(self.low), persistent=False)
        highest = -(-weights >> self.low)  # as many of the others as there are weights for
        self.register_buffer("high_signs", _signs(bits - self.low)[:highest], persistent=False)
        self.first = nn.Linear(bits + 1, hidden)
        self.activation = nn.Tanh() if activation == "tanh" else nn.Identity()
        self.second = nn.Linear(hidden, 1)

    def forward(self, distributions: list[Tensor]) -> Tensor:
        probabilities = relative(one_per_weight(distributions, self.weights)).unsqueeze(1)
        slope = self.first.weight[:, -1:].T
        hidden = torch.addmm(self._of_index(), probabilities.to(slope.dtype), slope)
        numbers: Tensor = self.second(self.activation(hidden)).squeeze(1)
        return numbers - numbers.mean()

    def _of_index(self) -> Tensor:
        """What the bits of each index add to the hidden layer, shape ``(weights, hidden)``.

        Each half of the bits adds its own, so that no bit is kept of every single weight.
        """
        high_signs, low_signs = self.get_buffer("high_signs"), self.get_buffer("low_signs")
        high, low, _ = self.first.weight.split([high_signs.shape[1], self.low, 1], dim=1)
        of_high = high_signs @ high.T + self.first.bias
        of_both: Tensor = of_high.unsqueeze(1) + (low_signs @ low.T).unsqueeze(0)
        return of_both.flatten(0, 1)[: self.weights]


def _signs(bits: int) -> Tensor:
    """±1 for each bit, the most significant first, of each number of so many bits."""
    shifts = torch.arange(bits - 1, -1, -1)
    return 2.0 * (torch.arange(1 << bits).unsqueeze(1) >> shifts & 1) - 1
