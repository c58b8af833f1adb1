"""How much arithmetic a pass is, and how fast the machine does such arithmetic.

The unit is a complex multiply-add, a ← a + b·c, four real multiplications. Sines and
cosines, the reading of tables and the call itself are no arithmetic in this sense: they
are part of the gap that the report states.
"""

from math import comb

import numpy as np
from numpy.typing import NDArray

from bench.task import Task
from qcnn.engines._compiled import compiled

# A cell multiplies two amplitudes by a 2×2 matrix.
PER_CELL_AND_COLUMN = 4
# The adjoint of a product needs one product for each of its factors.
BACKWARD_PER_FORWARD = 2


def count_mesh(task: Task) -> int:
    """Multiply-adds that bring the light of the occupied input modes through the mesh."""
    occupied = sum(count > 0 for count in task.input_state)
    return PER_CELL_AND_COLUMN * len(task.mesh.cells) * occupied


def count_photons(modes: int, photons: int, space: str) -> int:
    """Multiply-adds of the recursion over photons: every state from those with one less.

    The first photon's amplitudes are the light itself. A collision-free state of k photons
    is the sum of k products, and in Fock space each of the C(m+k−2, k−1) states of k−1
    photons adds to its m children.
    """
    levels = range(2, photons + 1)
    if space == "unbunched":
        return sum(k * comb(modes, k) for k in levels)
    return sum(modes * comb(modes + k - 2, k - 1) for k in levels)


def count_forward(task: Task) -> int:
    """Multiply-adds of a forward pass; a squared modulus counts as one."""
    return count_mesh(task) + count_photons(task.modes, task.photons, task.space) + task.outcomes


def count_forward_backward(task: Task) -> int:
    """Multiply-adds of a forward and a backward pass."""
    return (1 + BACKWARD_PER_FORWARD) * count_forward(task)


@compiled
def _multiply_add(
    target: NDArray[np.float64], source: NDArray[np.float64], u: float, v: float
) -> None:
    for i in range(len(target)):
        real, imag = source[i, 0], source[i, 1]
        target[i, 0] += u * real - v * imag
        target[i, 1] += u * imag + v * real


@compiled
def _repeat(
    target: NDArray[np.float64], source: NDArray[np.float64], u: float, v: float, repeats: int
) -> None:
    for _ in range(repeats):
        _multiply_add(target, source, u, v)


class MultiplyAdd:
    """A compiled loop of complex multiply-adds on arrays that fit into the fastest cache.

    Compiled as the engine's loops are, without their tables.
    """

    LENGTH = 512
    REPEATS = 100

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self._target, self._source = random.normal(size=(2, self.LENGTH, 2))

    def __call__(self) -> None:
        # So small a factor that the sums stay finite however often they grow.
        _repeat(self._target, self._source, 1e-9, 1e-9, self.REPEATS)

    @property
    def operations(self) -> int:
        """Multiply-adds in one call."""
        return self.LENGTH * self.REPEATS
