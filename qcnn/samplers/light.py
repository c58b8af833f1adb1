"""Other light through the same meshes: what is left without the interference of photons."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

import torch
from torch import Tensor

from qcnn.engines import Engine
from qcnn.engines._columns import input_columns
from qcnn.engines._phases import check_finite, check_shape
from qcnn.engines._plain import (
    OnDevices,
    Tables,
    particle_tables,
    plain_columns,
    values_are_there,
)
from qcnn.meshes import is_universal
from qcnn.optics.fock import FockState, count_outcomes, effective_phases
from qcnn.optics.mesh import Mesh
from qcnn.samplers.particles import particle_probabilities
from qcnn.samplers.pqcnn import MeshSampler
from qcnn.samplers.response import rank
from qcnn.samplers.sampler import register_sampler


@dataclass(frozen=True)
class _Pass:
    """Maps phases ``(phases,)`` or ``(batch, phases)`` in radians to probabilities.

    The columns of the unitary are computed by the compiled loops, or in plain torch where there
    are several samples, another device or a transformation; in double precision.

    Attributes:
        mesh, photons, space, input_state: of the sampler.
        dtype: of the result.
        coherent: whether the light of all input modes adds up before it is detected.

    Raises:
        InvalidInput: if its tables need more memory than this process can get.
    """

    mesh: Mesh
    photons: int
    space: str
    input_state: FockState
    dtype: torch.dtype
    coherent: bool
    _tables: OnDevices | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        certain = count_outcomes(self.mesh.modes, self.photons, self.space) == 1
        tables = None if certain else particle_tables(self.mesh, self.photons, self.space)
        object.__setattr__(self, "_tables", tables)

    def __reduce__(self) -> tuple[Callable[..., "_Pass"], tuple[Any, ...]]:
        # Without the tables: they are shared, large and quick to rebuild.
        kind = self.mesh, self.photons, self.space, self.input_state, self.dtype, self.coherent
        return _Pass, kind

    def __call__(self, phases: Tensor) -> Tensor:
        check_shape(phases, self.mesh.phases)
        if values_are_there(phases):
            check_finite(phases)
        if self._tables is None:
            # Certain whatever the phases, which keep a zero gradient.
            return (1 + 0 * phases.sum(-1, keepdim=True)).to(self.dtype)
        tables = self._tables.on(phases.device)
        columns = self._of_each_photon(self._columns(phases, tables))
        return particle_probabilities(columns, tables.levels).to(self.dtype)

    def _columns(self, phases: Tensor, tables: Tables) -> Tensor:
        """Those of the unitary at the occupied input modes, shape ``(…, modes, occupied)``."""
        single = phases.ndim == 1 and phases.device.type == "cpu"
        if single and not torch.compiler.is_compiling():
            return input_columns(self.mesh, self.input_state, phases)
        return plain_columns(self.mesh, self.input_state, phases, tables.columns)

    def _of_each_photon(self, columns: Tensor) -> list[Tensor]:
        """Where each photon is found, shape ``(…, modes)`` each."""
        counts = [count for count in self.input_state if count]
        if self.coherent:
            roots = torch.tensor(counts, dtype=torch.float64, device=columns.device).sqrt()
            light = (columns * roots).sum(-1)
            shares = (light.real.square() + light.imag.square()) / sum(counts)
            return [shares] * self.photons
        each = columns.real.square() + columns.imag.square()
        return [each[..., column] for column, count in enumerate(counts) for _ in range(count)]


class _Particles(MeshSampler):
    """Light whose photons do not interfere with one another."""

    engine = "particles"
    _coherent: bool

    def _build(self, dtype: torch.dtype) -> Engine:
        return _Pass(
            cast(Mesh, self.mesh),
            self.photons,
            self.space,
            self.input_state,
            dtype,
            self._coherent,
        )

    def _independent_phases(self) -> int:
        if not is_universal(self._mesh_name):
            return _rank(
                cast(Mesh, self.mesh), self.photons, self.space, self.input_state, self._coherent
            )
        # Nothing enters but columns of numbers that add up to 1; and no light has more effective
        # phases than that whose photons interfere.
        columns = 1 if self._coherent else sum(count > 0 for count in self.input_state)
        most = effective_phases(self.modes, self.outcomes, self.input_state)
        return min(columns * (self.modes - 1), most)


@register_sampler("distinguishable")
class DistinguishablePhotons(_Particles):
    """Photons that can be told apart: each goes its own way through the mesh.

    The probability of an outcome is the permanent of ``|U|²`` between the occupied input modes and
    the outcome's, over the factorials of its counts. That is classical: particles that fall
    independently. Beside a :class:`qcnn.PQCNN` of the same size it shows what the interference
    of photons contributes. It has fewer effective phases: of k photons in m modes, one in each
    input mode, k(m − 1), as many as all the probabilities ``|U|²`` can have, where a PQCNN has up
    to (k − 1)(m − k − 1) more.

    Args, attributes and errors are those of :class:`qcnn.PQCNN`, but for the engine.

    Source: Tichy, J. Phys. B 47, 103001 (2014), Section 3.

    >>> import qcnn
    >>> photons, particles = qcnn.PQCNN(6, 3, seed=1), DistinguishablePhotons(6, 3, seed=1)
    >>> particles().shape, photons.effective_phases, particles.effective_phases
    (torch.Size([20]), 19, 15)
    """

    _coherent = False


@register_sampler("coherent")
class CoherentLight(_Particles):
    """Coherent light (a laser's) through the mesh, counted where n photons are detected in all.

    Its amplitude in an input mode is the root of the photon count there, and adds up in the mesh
    as waves do. What is detected in the modes is then independent (Poissonian), so that of n
    photons the outcome s has the probability n!·Πⱼ Iⱼ^sⱼ/sⱼ!, where Iⱼ is mode j's share of the
    intensity. It has as many outcomes as a :class:`qcnn.PQCNN` of this size and at most m − 1
    effective phases. (A single photon, whose outcomes are the m modes, is ``PQCNN(m, 1)``.)

    Args, attributes and errors are those of :class:`qcnn.PQCNN`, but for the engine; the input
    state says how much light enters each mode.

    Source: Mandel and Wolf, Optical Coherence and Quantum Optics (1995), Section 14.7; Glauber,
    Phys. Rev. 131, 2766 (1963).

    >>> CoherentLight(6, 3, seed=1).effective_phases
    5
    """

    _coherent = True


@lru_cache(maxsize=256)
def _rank(mesh: Mesh, photons: int, space: str, input_state: FockState, coherent: bool) -> int:
    run = _Pass(mesh, photons, space, input_state, torch.float64, coherent)
    return rank(run, mesh.phases)
