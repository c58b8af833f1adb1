"""A random subspace by construction, read from a device: its coordinates are phases' own turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from qcnn.checks import shown
from qcnn.directions import orthogonal_directions
from qcnn.errors import InvalidInput
from qcnn.hadamard import DenseMatrix, RandomHadamard, check_matrix, is_dense
from qcnn.machine import check_memory
from qcnn.mappings._base import Mapping, register_mapping
from qcnn.mappings._distributions import Distributions
from qcnn.seeds import generator
from qcnn.targets.layout import Placement, WeightLayout


@register_mapping("whitened")
@dataclass(frozen=True)
class Whitened(Mapping):
    """A random subspace by construction, whose coordinates are read from a device.

    g = scale·P·u, added to the target's initial weights w₀; uₛ = Kₛ·(zₛ(φ) − zₛ(φ₀)).

    zₛ = √(p·outcomes + floor) of one PQCNN and Kₛ the damped pseudo-inverse of its Jacobian
    by the trained phases at their initial values φ₀. So u is φ − φ₀ to first order, however
    unequal the phases' effects on the distribution are, and bends where the distribution
    does. The columns of P are random, orthogonal directions among the weights. Nothing but
    phases is trained.

    But for the floor, z is √p, whose Jacobian is a root of the Fisher information: the whole is
    a natural gradient (Amari, Neural Comput. 10, 251 (1998)) that stays as it is at the start.
    For small turns of the phases a random subspace of as many dimensions does the same (Li et
    al., ICLR 2018), without a device: what is linearised says little of what photons are good for.

    Kₛ and zₛ(φ₀) follow from a simulation of the device at the start, and no seed gives them
    without one: they count among the model's fixed numbers.

    Attributes:
        scale: weights per radian, in units of 1/√fan-in. The larger, the less the phases
            have to turn, and the more exactly they have to be set.
        damping: singular values of the Jacobian below this fraction of the largest one are
            not inverted fully (Tikhonov).
        floor: keeps the derivative of the root of a vanishing probability finite, in units
            of the uniform probability.
        matrix: how P is kept: ``"dense"``; ``"hadamard"``, a random Hadamard matrix, which takes
            no memory and whose columns are orthogonal but for a few hundredths
            (:class:`qcnn.hadamard.RandomHadamard`); or ``"automatic"``, dense up to 2²⁶ numbers.
    """

    combinations: ClassVar[tuple[str, ...]] = ("concatenation",)
    one_outcome_per_weight: ClassVar[bool] = False
    scale: float = 30.0
    damping: float = 0.01
    floor: float = 0.01
    matrix: str = "automatic"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_matrix(self.matrix)
        for name in ("scale", "floor"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise InvalidInput(f"{name} is {shown(value)}; allowed are positive numbers")
        if not 0 <= self.damping < float("inf"):
            raise InvalidInput(f"damping is {shown(self.damping)}; allowed are numbers from 0")

    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        return _Whitened(self, layout.weights, seed)

    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        return 0

    def get_placement(self) -> Placement:
        return "residual"

    def read_out(self, probabilities: Tensor, jacobian: Tensor) -> Tensor:
        """K of one PQCNN, shape ``(phases, outcomes)``, from its response at the start."""
        count = len(probabilities)
        slope = count / (2 * self.features(probabilities))
        left, values, right = torch.linalg.svd(slope.unsqueeze(1) * jacobian, full_matrices=False)
        least = self.damping * values.max()
        inverse = torch.where(values > 0, values / (values.square() + least.square()), 0.0)
        read_out: Tensor = right.T @ (inverse.unsqueeze(1) * left.T)
        return read_out

    def features(self, probabilities: Tensor) -> Tensor:
        """z, of the shape of ``probabilities``, the last dimension being the outcomes."""
        return (probabilities * probabilities.shape[-1] + self.floor).sqrt()


class _Whitened(nn.Module):
    reads_batches: Literal[True] = True

    def __init__(self, options: Whitened, weights: int, seed: int) -> None:
        super().__init__()
        self.options, self.weights, self.seed = options, weights, seed
        #: Places of the PQCNNs of each shape.
        self.groups: list[list[int]] = []

    def calibrate(self, responses: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Take in how each distribution responds to its phases at the start.

        Raises:
            InvalidInput: if there are no phases.
        """
        shapes: dict[torch.Size, list[int]] = {}
        for place, (_, jacobian) in enumerate(responses):
            if jacobian.shape[1]:
                shapes.setdefault(jacobian.shape, []).append(place)
        if not shapes:
            raise InvalidInput("the samplers have 0 phases; allowed with whitened is at least 1")
        self.groups = list(shapes.values())
        for number, places in enumerate(self.groups):
            starts = torch.stack([self.options.features(responses[i][0]) for i in places])
            read_outs = torch.stack([self.options.read_out(*responses[i]) for i in places])
            # They follow from the initial phases: no random numbers of the mapping.
            own = torch.get_default_dtype()  # as that of the directions
            self.register_buffer(f"starts_{number}", starts.to(own), persistent=False)
            self.register_buffer(f"read_outs_{number}", read_outs.to(own), persistent=False)
        phases = sum(jacobian.shape[1] for _, jacobian in responses)
        self.matrix = self._directions(phases)

    def forward(self, distributions: list[Tensor] | Distributions) -> Tensor:
        distributions = Distributions.of(distributions)
        turned = [
            self._turned(number, distributions.stack(places))
            for number, places in enumerate(self.groups)
        ]
        moved: Tensor = self.matrix(torch.cat(turned))
        return moved

    def _directions(self, phases: int) -> nn.Module:
        random = generator(self.seed, "fixed numbers")
        if is_dense(self.options.matrix, self.weights, phases):
            check_memory(3 * 4 * self.weights * phases, "the matrix of whitened")
            directions = orthogonal_directions(self.weights, phases, random)
            return DenseMatrix(self.options.scale * directions)
        columns = torch.full((phases,), self.options.scale * phases**-0.5)
        return RandomHadamard(torch.ones(self.weights), columns, random)

    def _turned(self, number: int, probabilities: Tensor) -> Tensor:
        """u of the PQCNNs of one shape, one after another."""
        moved = self.options.features(probabilities) - self.get_buffer(f"starts_{number}")
        read_outs = self.get_buffer(f"read_outs_{number}")
        # Row by matrix for each PQCNN: as matrix by column it takes ten times as long.
        return (moved.unsqueeze(1) @ read_outs.transpose(1, 2)).flatten()
