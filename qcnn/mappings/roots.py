"""A fixed random mixing of the roots of the probabilities around the initial weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from qcnn.checks import check_choice, shown
from qcnn.errors import InvalidInput
from qcnn.hadamard import DenseMatrix, RandomHadamard, check_matrix, is_dense
from qcnn.machine import check_memory
from qcnn.mappings._base import Mapping, register_mapping
from qcnn.mappings._distributions import Distributions
from qcnn.seeds import generator
from qcnn.targets.layered import LayeredMatrix, deal, layer_sizes
from qcnn.targets.layout import Placement, WeightLayout

DIRECTIONS = ("normal", "layered")


@register_mapping("roots")
@dataclass(frozen=True)
class Roots(Mapping):
    """g = gain·Σ Rₛ·(zₛ − zₛ⁰) over the PQCNNs, added to the target's initial weights w₀.

    zₛ = √(p·outcomes + floor) of one PQCNN and zₛ⁰ the same at the initial phases, so that
    training starts at w₀; Rₛ is a fixed matrix of normal random numbers with variance
    1/all outcomes. Nothing is trained but phases. The roots are those whose distances are
    Fisher's (and Rao's) metric of distributions. Where the gain is large phases move little, and
    the weights follow them nearly linearly; but other than ``whitened`` the mapping does not undo
    that some phases move the distribution further than others.

    Attributes:
        gain: of all PQCNNs.
        floor: keeps the slope of the root of a vanishing probability finite, in units of the
            uniform probability.
        directions: ``"normal"``, as said; or ``"layered"``: each PQCNN moves one layer's weights,
            and those of a convolution smoothly across its kernels
            (:class:`qcnn.targets.layered.LayeredMatrix`). Layers get PQCNNs by how many phases
            these have, none more than it has changes, as far as whole PQCNNs allow; the variance
            is then 1/the outcomes of the layer's PQCNNs.
        matrix: as of ``mixing``.
    """

    combinations: ClassVar[tuple[str, ...]] = ("concatenation",)
    one_outcome_per_weight: ClassVar[bool] = False
    gain: float = 10.0
    floor: float = 0.01
    directions: str = "normal"
    matrix: str = "automatic"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_matrix(self.matrix)
        check_choice(self.directions, "directions", DIRECTIONS)
        for name in ("gain", "floor"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise InvalidInput(f"{name} is {shown(value)}; allowed are positive numbers")

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        return _Roots(self, outcomes, partial(self.make_directions, layout, outcomes, seed))

    def make_directions(
        self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int, phases: Sequence[int]
    ) -> tuple[list[int], nn.Module]:
        """The PQCNNs in the order of the layers that they move, and gain·R.

        Args:
            layout: of the weights.
            outcomes: of each PQCNN.
            seed: fixes the random numbers.
            phases: in how many directions each PQCNN can go, at most.
        """
        random = generator(seed, "fixed numbers")

        def make(rows: int, columns: int) -> nn.Module:
            return self.make_matrix(rows, columns, random)

        if self.directions == "normal":
            return list(range(len(outcomes))), make(layout.weights, sum(outcomes))
        sizes = layer_sizes(layout)
        layers = deal(sizes, phases)
        columns = [0] * len(sizes)
        for layer, count in zip(layers, outcomes, strict=True):
            columns[layer] += count
        places = sorted(range(len(layers)), key=lambda place: layers[place])
        return places, LayeredMatrix(layout, columns, make)

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        return 0

    def get_placement(self) -> Placement:
        return "residual"

    def make_matrix(self, rows: int, columns: int, random: torch.Generator | None) -> nn.Module:
        """gain·R of some weights and outcomes."""
        scale = self.gain * columns**-0.5
        if not is_dense(self.matrix, rows, columns):
            return RandomHadamard(torch.ones(rows), torch.full((columns,), scale), random)
        check_memory(2 * 8 * rows * columns, "the matrix of roots")
        return DenseMatrix(scale * torch.randn(rows, columns, generator=random))


class _Roots(nn.Module):
    reads_batches: Literal[True] = True

    def __init__(
        self,
        options: Roots,
        outcomes: tuple[int, ...],
        make_directions: Callable[[Sequence[int]], tuple[list[int], nn.Module]],
    ) -> None:
        super().__init__()
        self.floor, self.outcomes = options.floor, outcomes
        #: Until the PQCNNs are known: what it is made from is no part of a model.
        self._make_directions = make_directions
        #: Places of the PQCNNs, neighbours with equally many outcomes together.
        self.groups: list[list[int]] = []

    def calibrate(self, responses: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Take in the distributions at the start, and how many phases each PQCNN has."""
        # Not their rank, which a start can lower: models of all seeds have the same layers.
        phases = [min(jacobian.shape[1], len(jacobian) - 1) for _, jacobian in responses]
        places, self.matrix = self._make_directions(phases)
        del self._make_directions
        alike = groupby(places, key=lambda place: self.outcomes[place])
        self.groups = [list(of_group) for _, of_group in alike]
        starts = torch.cat([self._roots(responses[place][0]) for place in places])
        self.register_buffer("starts", starts.to(torch.get_default_dtype()), persistent=False)

    def forward(self, distributions: list[Tensor] | Distributions) -> Tensor:
        distributions = Distributions.of(distributions)
        roots = [self._roots(distributions.stack(places)).flatten() for places in self.groups]
        moved: Tensor = self.matrix(torch.cat(roots) - self.get_buffer("starts"))
        return moved

    def _roots(self, probabilities: Tensor) -> Tensor:
        return (probabilities * probabilities.shape[-1] + self.floor).sqrt()
