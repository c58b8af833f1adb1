"""The task that every simulator of the comparison gets."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qcnn import PQCNN
from qcnn.machine import check_large
from qcnn.meshes.rectangular import rectangular
from qcnn.optics.fock import FockState, count_outcomes, enumerate_states, spread_input
from qcnn.optics.mesh import Mesh

#: What reports and figures call the sets of outcomes.
SPACE_NAMES = {"unbunched": "collision-free outcomes", "fock": "all Fock outcomes"}

#: A state is a tuple of counts; the second number is of each count.
_STATE_BYTES, _COUNT_BYTES = 64, 8


@dataclass(frozen=True)
class Task:
    """Probabilities of one circuit and the gradient of their weighted sum.

    The circuit is the rectangular mesh of :mod:`qcnn.meshes` with random phases; the photons
    enter in the default input state. The weights (the cotangent) are random and fixed.
    """

    modes: int
    photons: int
    space: str
    seed: int = 0

    def check_memory(self) -> None:
        """Raises InvalidInput if no memory holds the task; no outcome is enumerated."""
        check_large(
            self.outcomes * (_STATE_BYTES + _COUNT_BYTES * self.modes),
            f"sizes holds {self.modes}x{self.photons}, which with {SPACE_NAMES[self.space]}",
        )
        # A sampler's tables come later than it, and it says at once whether they fit.
        PQCNN(self.modes, self.photons, space=self.space, seed=0)

    @cached_property
    def mesh(self) -> Mesh:
        """The cells and the numbering of their phases."""
        return rectangular(self.modes)

    @cached_property
    def input_state(self) -> FockState:
        """Photon count of each mode."""
        return spread_input(self.modes, self.photons)

    @cached_property
    def states(self) -> tuple[FockState, ...]:
        """The outcomes, in the order in which probabilities are compared."""
        return enumerate_states(self.modes, self.photons, self.space)

    @property
    def outcomes(self) -> int:
        """Number of outcomes."""
        return count_outcomes(self.modes, self.photons, self.space)

    @cached_property
    def phases(self) -> NDArray[np.float64]:
        """Phases in radians."""
        return 2 * np.pi * np.random.default_rng([self.seed, 0]).random(self.mesh.phases)

    @cached_property
    def cotangent(self) -> NDArray[np.float64]:
        """One normal random number for each outcome."""
        return np.random.default_rng([self.seed, 1]).normal(size=self.outcomes)

    def __str__(self) -> str:
        return f"({self.modes},{self.photons}) {self.space}"
