"""A fixed random mixing of log-probabilities around the target's own initial weights."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.machine import check_memory
from qcnn.mappings._base import Mapping, log_probabilities, register_mapping, standardise
from qcnn.seeds import generator
from qcnn.targets.layout import Placement, WeightLayout


@register_mapping("mixing")
@dataclass(frozen=True)
class Mixing(Mapping):
    """g = Σ gainₛ·Rₛ·zₛ over the PQCNNs, added to the target's initial weights w₀.

    zₛ is the standardised log(p·outcomes + floor) of one PQCNN, Rₛ a fixed matrix of
    normal random numbers with variance 1/outcomes, gainₛ trainable. There may be more
    weights than outcomes. (The random subspace of Li et al., ICLR 2018, is the classical
    counterpart.)

    Attributes:
        floor: keeps the logarithm of a vanishing probability finite, in units of the
            uniform probability.
    """

    combinations: ClassVar[tuple[str, ...]] = ("concatenation",)
    one_outcome_per_weight: ClassVar[bool] = False
    floor: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.floor < float("inf"):
            raise InvalidInput(f"floor is {shown(self.floor)}; allowed are positive numbers")

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        check_memory(2 * 4 * layout.weights * sum(outcomes), "the matrix of mixing")
        return _Mixing(layout.weights, outcomes, self.floor, seed)

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        return len(outcomes)

    def get_placement(self) -> Placement:
        return "residual"


class _Mixing(nn.Module):
    def __init__(self, weights: int, outcomes: tuple[int, ...], floor: float, seed: int) -> None:
        super().__init__()
        self.floor = floor
        self.gains = nn.Parameter(torch.full((len(outcomes),), len(outcomes) ** -0.5))
        check_memory(2 * 8 * weights * sum(outcomes), f"a mixing of {sum(outcomes)} outcomes")
        random = generator(seed, "fixed numbers")
        self.register_buffer(
            "mixing",
            torch.cat(
                [torch.randn(weights, k, generator=random) / k**0.5 for k in outcomes], dim=1
            ),
        )

    def forward(self, distributions: list[Tensor]) -> Tensor:
        values = [
            gain * standardise(log_probabilities(p, p.numel(), self.floor))
            for gain, p in zip(self.gains, distributions, strict=True)
        ]
        return self.get_buffer("mixing") @ torch.cat(values)
