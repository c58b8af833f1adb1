"""Qubits: the generator of the original quantum-train."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, Self

import torch
from torch import Tensor, nn

from qcnn.checks import fit_stored, shown, whole_number
from qcnn.engines._phases import check_finite, check_shape
from qcnn.engines._plain import values_are_there
from qcnn.errors import InvalidInput
from qcnn.machine import check_large
from qcnn.samplers.response import differentiate, rank
from qcnn.samplers.sampler import Sampler, register_sampler
from qcnn.seeds import generator

_DTYPES = (torch.float32, torch.float64)


@register_sampler("qubits")
class Qubits(Sampler):
    """n qubits in layers of RY rotations and CNOTs; all 2ⁿ probabilities of the basis states.

    A layer turns every qubit by an angle of its own about y, then entangles each with the next by
    a CNOT (control i, target i + 1). All amplitudes are real.

    Args:
        qubits: number of qubits n, 1 to 24.
        layers: number of layers, at least 1; n angles in each.
        dtype: ``torch.float32`` or ``torch.float64``.
        seed: fixes the initial angles; drawn from torch's global state when absent.

    Attributes:
        phases: the angles, radians, initially uniform in [0, 2π), shape ``(layers·qubits,)``,
            layer by layer.
        outcomes: 2ⁿ, in the order of the binary numbers, the first qubit the most significant.

    Raises:
        InvalidInput: one sentence that names the value and what is allowed.

    Source: Liu et al., Quantum-Train, arXiv:2405.11304 (the generator's ansatz).

    >>> sampler = Qubits(3, 2, seed=1)
    >>> sampler().shape, sampler.effective_phases
    (torch.Size([8]), 6)
    """

    engine = "statevector"
    phases: nn.Parameter

    def __init__(
        self,
        qubits: int,
        layers: int,
        *,
        dtype: torch.dtype = torch.float32,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.qubits = whole_number(qubits, "qubits", 1, 24)
        self.layers = whole_number(layers, "layers", 1)
        if not isinstance(dtype, torch.dtype) or dtype not in _DTYPES:
            raise InvalidInput(
                f"dtype is {shown(dtype)}; allowed are torch.float32 and torch.float64"
            )
        count = self.qubits * self.layers
        # The states of every gate are kept for the gradient.
        check_large(3 * 8 * count << self.qubits, f"{self.layers} layers of {self.qubits} qubits")
        drawn = torch.rand(count, generator=generator(seed, "phases"), dtype=dtype)
        self.phases = nn.Parameter(2 * torch.pi * drawn)

    @property
    def outcomes(self) -> int:
        """Number of basis states."""
        return 1 << self.qubits

    @property
    def effective_phases(self) -> int:
        """Rank of the Jacobian of the probabilities by the angles, at generic ones."""
        return _rank(self.qubits, self.layers)

    @property
    def fixed_numbers(self) -> int:
        """Angles that are not trained."""
        return 0 if self.phases.requires_grad else self.phases.numel()

    def forward(self, phases: Tensor | None = None) -> Tensor:
        """Probabilities of the basis states, non-negative, summing to 1.

        Args:
            phases: other angles than the sampler's own, radians, of shape ``(angles,)`` or
                ``(batch, angles)``.

        Returns:
            shape ``(outcomes,)`` or ``(batch, outcomes)``.

        Raises:
            InvalidInput: for angles that are no tensor, not finite or of another shape.
        """
        angles = self.phases if phases is None else phases
        if not isinstance(angles, Tensor):
            raise InvalidInput(
                f"phases is {shown(angles)}; allowed is a tensor of {self.phases.numel()} angles "
                "in radians, or of rows of them"
            )
        check_shape(angles, self.phases.numel())
        if values_are_there(angles):
            check_finite(angles)
        return _probabilities(angles.to(self.phases.dtype), self.qubits, self.layers)

    def response(self) -> tuple[Tensor, Tensor]:
        """The probabilities and their Jacobian by the angles, float64, 1/radian."""
        return differentiate(
            lambda angles: _probabilities(angles, self.qubits, self.layers),
            self.phases.detach().double(),
        )

    def batch_key(self) -> Hashable:
        """Equal ones go through their layers together."""
        return type(self), self.qubits, self.layers, self.phases.dtype

    def distribution_key(self) -> Hashable:
        """As of every sampler."""
        return type(self), self.qubits, self.layers

    def describe(self) -> dict[str, Any]:
        """Everything that decides which distribution belongs to the angles."""
        return {"qubits": self.qubits, "layers": self.layers}

    def configuration(self) -> dict[str, Any]:
        """As of every sampler."""
        return self.describe()

    @classmethod
    def from_configuration(cls, options: object, source: Sampler | None) -> Self:
        """As of every sampler."""
        return cls(**fit_stored(options, {"qubits": int, "layers": int}, "qubits"), seed=0)

    def extra_repr(self) -> str:
        return f"qubits={self.qubits}, layers={self.layers}, phases={self.phases.numel()}"


def _probabilities(angles: Tensor, qubits: int, layers: int) -> Tensor:
    half = angles.unflatten(-1, (layers, qubits)) / 2
    cosines, sines = half.cos(), half.sin()
    state = torch.zeros(1 << qubits, dtype=angles.dtype, device=angles.device)
    state = torch.cat([torch.ones_like(state[:1]), state[1:]])
    order = _before_cnots(qubits, angles.device)
    for layer in range(layers):
        for qubit in range(qubits):
            pairs = state.unflatten(-1, (1 << qubit, 2, -1))
            cosine, sine = (values[..., layer, qubit, None, None] for values in (cosines, sines))
            low, high = pairs[..., 0, :], pairs[..., 1, :]
            turned = torch.stack([cosine * low - sine * high, sine * low + cosine * high], dim=-2)
            state = turned.flatten(-3)
        state = state.index_select(-1, order)
    return state.square() / state.square().sum(-1, keepdim=True)


def _before_cnots(qubits: int, device: torch.device) -> Tensor:
    """Where the amplitude of each basis state has been before the CNOTs of a layer.

    After them a qubit is the sum, modulo 2, of itself and all before it; so it was the sum of two
    neighbours. It is computed at every pass: compilers trace no table that is kept.
    """
    after = torch.arange(1 << qubits, device=device)
    return after ^ (after >> 1)


@lru_cache(maxsize=64)
def _rank(qubits: int, layers: int) -> int:
    return rank(lambda angles: _probabilities(angles, qubits, layers), qubits * layers)
