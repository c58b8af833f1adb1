"""A fixed random mixing of log-probabilities around the target's own initial weights."""

from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.hadamard import DenseMatrix, RandomHadamard, check_matrix, is_dense
from qcnn.machine import check_memory
from qcnn.mappings._base import Mapping, log_probabilities, register_mapping, standardise
from qcnn.mappings._distributions import Distributions
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
        matrix: ``"dense"``, as said; ``"hadamard"``, entries ±1/√outcomes of a random Hadamard
            matrix, which takes no memory (:class:`qcnn.hadamard.RandomHadamard`); or
            ``"automatic"``, dense up to 2²⁶ numbers.
    """

    combinations: ClassVar[tuple[str, ...]] = ("concatenation",)
    one_outcome_per_weight: ClassVar[bool] = False
    floor: float = 0.1
    matrix: str = "automatic"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_matrix(self.matrix)
        if not 0 < self.floor < float("inf"):
            raise InvalidInput(f"floor is {shown(self.floor)}; allowed are positive numbers")

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        random = generator(seed, "fixed numbers")
        if is_dense(self.matrix, layout.weights, sum(outcomes)):
            return _Mixing(self, outcomes, _dense(layout.weights, outcomes, random))
        columns = torch.cat([torch.full((count,), count**-0.5) for count in outcomes])
        matrix = RandomHadamard(torch.ones(layout.weights), columns, random)
        return _Mixing(self, outcomes, matrix)

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        return len(outcomes)

    def count_redundant(self, outcomes: tuple[int, ...], phases: tuple[int, ...]) -> int:
        """A gain for each sampler whose phases reach every distribution there is.

        A standardised distribution has neither mean nor scale, so that all that a sampler can add
        lies in outcomes − 1 directions, its scale among them.
        """
        pairs = zip(outcomes, phases, strict=True)
        return sum(effective >= count - 1 for count, effective in pairs)

    def get_placement(self) -> Placement:
        return "residual"


def _dense(weights: int, outcomes: tuple[int, ...], random: torch.Generator | None) -> DenseMatrix:
    check_memory(2 * 8 * weights * sum(outcomes), "the matrix of mixing")
    blocks = [torch.randn(weights, count, generator=random) / count**0.5 for count in outcomes]
    return DenseMatrix(torch.cat(blocks, dim=1))


class _Mixing(nn.Module):
    reads_batches: Literal[True] = True

    def __init__(self, options: Mixing, outcomes: tuple[int, ...], matrix: nn.Module) -> None:
        super().__init__()
        self.floor = options.floor
        self.gains = nn.Parameter(torch.full((len(outcomes),), len(outcomes) ** -0.5))
        self.matrix = matrix
        alike = groupby(range(len(outcomes)), key=lambda place: outcomes[place])
        #: Places of neighbours with equally many outcomes.
        self.groups = [list(places) for _, places in alike]

    def forward(self, distributions: list[Tensor] | Distributions) -> Tensor:
        distributions = Distributions.of(distributions)
        values = [
            self.gains[places[0] : places[-1] + 1].unsqueeze(1)
            * self._standard(distributions.stack(places))
            for places in self.groups
        ]
        mixed: Tensor = self.matrix(torch.cat([value.flatten() for value in values]))
        return mixed

    def _standard(self, probabilities: Tensor) -> Tensor:
        return standardise(log_probabilities(probabilities, probabilities.shape[1], self.floor))
