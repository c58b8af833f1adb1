"""Light without interference of photons: particles, each with probabilities of its own.

A particle of input column k is found in mode j with probability A[j, k]. Together they give
the permanents of A, built particle by particle as the amplitudes of the other engines are:
the probability of a state t of level k is Σⱼ A[j, columnₖ]·(probability of t without a particle in
j). Distinguishable photons have A = |U|². The photons of coherent light, counted where n are found
in all, all have the same column, the intensities that leave the mesh.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from qcnn.engines._columns import input_columns
from qcnn.engines._phases import check_finite, check_shape
from qcnn.engines._plain import occupied_levels, plain_columns, take, values_are_there
from qcnn.engines._rounding import LEAST_TOTAL
from qcnn.errors import InvalidInput
from qcnn.optics.fock import FockState, count_outcomes
from qcnn.optics.mesh import Mesh


class ParticlePass:
    """Maps phases ``(phases,)`` or ``(batch, phases)`` in radians to probabilities.

    The columns of the unitary are computed by the compiled loops, or in plain torch where there are
    several samples, another device or a transformation; all else is plain torch, in float64. So
    every derivative and every transformation of ``torch.func`` is there.

    Args:
        mesh: any mesh.
        photons: number of photons, at least 0.
        space: of the outcomes, as of a PQCNN.
        input_state: photon count of each input mode; of coherent light the mean count.
        dtype: of the result.
        coherent: whether the light of all input modes adds up before it is detected.
    """

    def __init__(
        self,
        mesh: Mesh,
        photons: int,
        space: str,
        input_state: FockState,
        dtype: torch.dtype,
        *,
        coherent: bool,
    ) -> None:
        self.mesh, self.photons, self.space = mesh, photons, space
        self.input_state, self.dtype, self.coherent = input_state, dtype, coherent
        self._certain = count_outcomes(mesh.modes, photons, space) == 1
        self._levels = () if self._certain else occupied_levels(mesh.modes, photons, space)

    def __call__(self, phases: Tensor) -> Tensor:
        """
        Raises:
            InvalidInput: for phases of a wrong shape, phases that are not finite, and where all
                collision-free outcomes have probability 0. In a transformation of torch, where
                values cannot be looked at, they are NaN then.
        """
        check_shape(phases, self.mesh.phases)
        there = values_are_there(phases)
        if there:
            check_finite(phases)
        if self._certain:
            # Certain whatever the phases, which keep a zero gradient.
            return (1 + 0 * phases.sum(-1, keepdim=True)).to(self.dtype)
        probabilities = self._recursion(self._of_each_photon(phases))
        total = probabilities.sum(-1, keepdim=True)
        sound = total > LEAST_TOTAL
        if there and not bool(sound.all()):
            raise InvalidInput(
                "the collision-free outcomes have probability 0 at these phases; allowed are "
                'phases where one of them is possible, or space="fock"'
            )
        return torch.where(sound, probabilities / total, torch.nan).to(self.dtype)

    def __reduce__(self) -> tuple[Callable[..., "ParticlePass"], tuple[Any, ...]]:
        return _again, (
            (self.mesh, self.photons, self.space, self.input_state, self.dtype),
            self.coherent,
        )

    def _of_each_photon(self, phases: Tensor) -> list[Tensor]:
        """A's column of each photon, shape ``(…, modes)`` each."""
        single = phases.ndim == 1 and phases.device.type == "cpu"
        columns = (input_columns if single else plain_columns)(self.mesh, self.input_state, phases)
        counts = [count for count in self.input_state if count]
        if self.coherent:
            roots = torch.tensor(counts, dtype=torch.float64, device=phases.device).sqrt()
            light = (columns * roots).sum(-1)
            intensities = (light.real.square() + light.imag.square()) / sum(counts)
            return [intensities] * self.photons
        each = columns.real.square() + columns.imag.square()
        return [each[..., column] for column, count in enumerate(counts) for _ in range(count)]

    def _recursion(self, photons: list[Tensor]) -> Tensor:
        found = photons[0]
        for column, level in zip(photons[1:], self._levels, strict=True):
            before = take(found, level.parents.to(column.device))
            entering = take(column, level.modes.to(column.device))
            found = (level.factors.to(column.device) * entering * before).sum(-1)
        return found


def _again(arguments: tuple[Any, ...], coherent: bool) -> ParticlePass:
    return ParticlePass(*arguments, coherent=coherent)
