"""A fixed random mixing of the roots of the probabilities around the initial weights."""

from collections.abc import Sequence
from dataclasses import dataclass
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
            (:class:`qcnn.targets.layered.LayeredMatrix`).
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
        return _Roots(self, layout, outcomes, generator(seed, "fixed numbers"))

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
        layout: WeightLayout,
        outcomes: tuple[int, ...],
        random: torch.Generator | None,
    ) -> None:
        super().__init__()
        self.floor = options.floor
        layers = [0] * len(outcomes)
        if options.directions == "layered":
            layers = deal(layer_sizes(layout), outcomes)
        #: Places of the PQCNNs, those of one layer next to each other.
        self.places = sorted(range(len(outcomes)), key=lambda place: layers[place])
        alike = groupby(self.places, key=lambda place: outcomes[place])
        #: The same, neighbours with equally many outcomes together.
        self.groups = [list(places) for _, places in alike]

        def make(rows: int, columns: int) -> nn.Module:
            return options.make_matrix(rows, columns, random)

        if options.directions == "normal":
            self.matrix = make(layout.weights, sum(outcomes))
        else:
            columns = [0] * len(layer_sizes(layout))
            for layer, count in zip(layers, outcomes, strict=True):
                columns[layer] += count
            self.matrix = LayeredMatrix(layout, columns, make)

    def calibrate(self, responses: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Take in the distributions at the start."""
        starts = torch.cat([self._roots(responses[place][0]) for place in self.places])
        self.register_buffer("starts", starts.to(torch.get_default_dtype()), persistent=False)

    def forward(self, distributions: list[Tensor] | Distributions) -> Tensor:
        distributions = Distributions.of(distributions)
        roots = [self._roots(distributions.stack(places)).flatten() for places in self.groups]
        moved: Tensor = self.matrix(torch.cat(roots) - self.get_buffer("starts"))
        return moved

    def _roots(self, probabilities: Tensor) -> Tensor:
        return (probabilities * probabilities.shape[-1] + self.floor).sqrt()
