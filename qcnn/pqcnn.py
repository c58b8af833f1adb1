"""A boson sampler with trainable phases (PQCNN)."""

from collections.abc import Sequence

import perceval as pcvl
import torch
from torch import Tensor, nn

from qcnn.engines import ENGINES, build_engine
from qcnn.errors import InvalidInput
from qcnn.fock import (
    FockState,
    check_input,
    check_space,
    count_outcomes,
    effective_phases,
    enumerate_states,
    whole_number,
)
from qcnn.mesh import build_circuit, count_phases
from qcnn.seeds import generator


class PQCNN(nn.Module):
    """Photons in a rectangular interferometer mesh; its output is the outcome distribution.

    Args:
        modes: number of modes m, at least 1.
        photons: number of photons n, at least 0. More photons than modes are possible
            only in Fock space with an explicit ``input_state``.
        space: ``"unbunched"`` keeps the collision-free outcomes (at most one photon in
            a mode) and renormalises them; ``"fock"`` keeps all outcomes.
        input_state: photon count of each mode; by default one photon in each mode
            ⌊i·m/n⌋. (The reference notebook fills the first n modes.)
        engine: what computes the pass; ``"merlin"``.
        dtype: ``torch.float32`` or ``torch.float64``.
        seed: fixes the initial phases; drawn from torch's global state when absent.

    Attributes:
        phases: trainable, shape ``(m(m−1),)``, radians, initially uniform in [0, 2π).
        states: the outcomes as tuples of photon counts, in the order of the
            probabilities: descending lexicographic.
        input_state: the input Fock state in use.

    Raises:
        InvalidInput: one sentence that names the value and what is allowed.

    Source: arXiv:2505.08474, Section II; reference notebook of MerLin.

    >>> sampler = PQCNN(4, 2, seed=1)
    >>> sampler().shape, sampler.states[0], sampler.effective_phases
    (torch.Size([6]), (1, 1, 0, 0), 5)
    """

    def __init__(
        self,
        modes: int,
        photons: int,
        *,
        space: str = "unbunched",
        input_state: Sequence[int] | None = None,
        engine: str = "merlin",
        dtype: torch.dtype = torch.float32,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.modes = whole_number(modes, "modes", 1)
        self.photons = whole_number(photons, "photons", 0)
        check_space(space)
        self.space = space
        self.input_state: FockState = check_input(self.modes, self.photons, space, input_state)
        if dtype not in (torch.float32, torch.float64):
            raise InvalidInput(f"dtype is {dtype}; allowed are torch.float32 and torch.float64")
        if engine not in ENGINES:
            raise InvalidInput(f"engine is {engine!r}; allowed are {', '.join(map(repr, ENGINES))}")
        self.engine = engine
        fractions = torch.rand(
            count_phases(self.modes), generator=generator(seed, "phases"), dtype=dtype
        )
        self.phases = nn.Parameter(2 * torch.pi * fractions)
        self._pass = (
            None
            if self.outcomes == 1
            else build_engine(engine, self.modes, self.photons, space, self.input_state, dtype)
        )

    @property
    def outcomes(self) -> int:
        """Number of outcomes, the length of what ``forward`` returns."""
        return count_outcomes(self.modes, self.photons, self.space)

    @property
    def states(self) -> tuple[FockState, ...]:
        """The outcomes in the order of the probabilities."""
        return enumerate_states(self.modes, self.photons, self.space)

    @property
    def effective_phases(self) -> int:
        """Rank of the Jacobian of the probabilities at generic phases."""
        return effective_phases(self.modes, self.outcomes, self.input_state)

    def forward(self) -> Tensor:
        """Probabilities of the outcomes, shape ``(outcomes,)``, non-negative, sum 1."""
        if self._pass is None:
            # A single outcome is certain whatever the phases; they keep a zero gradient.
            return self.phases.new_ones(1) + 0 * self.phases.sum()
        return self._pass(self.phases)

    def circuit(self) -> pcvl.Circuit:
        """The mesh as a Perceval circuit with the current phases."""
        return build_circuit(self.modes, self.phases.detach().tolist())

    def extra_repr(self) -> str:
        return (
            f"modes={self.modes}, photons={self.photons}, space={self.space!r}, "
            f"input_state={self.input_state}, engine={self.engine!r}"
        )
