"""The fused engine: mesh, amplitudes and detection in one compiled call each way.

It runs on the CPU in double precision, applies the mesh to the occupied input columns
only, and has its own backward pass: through the amplitudes level by level, then through
the mesh by undoing its cells. It leaves out the phases π between the layers of a mesh,
which are global. Calls are deterministic, independent of the batch they are part of, and
safe from several threads.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import factorial, prod
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from qcnn.checks import shown
from qcnn.engines import _kernels, register_engine
from qcnn.engines._derivatives import (
    gradient_with_graph,
    is_transformed,
    needs_graph,
    read_numbers,
)
from qcnn.engines._operator import Numbers, fused, numbers_of
from qcnn.engines._phases import check_finite, check_shape, check_single, check_type
from qcnn.engines._plain import TorchPass
from qcnn.engines._rounding import LARGEST_ERROR, LEAST_TOTAL, cancelled
from qcnn.engines._tables import Tables, build_tables, level_starts, position_type
from qcnn.errors import InvalidInput
from qcnn.machine import check_large
from qcnn.optics.fock import FockState, check_input, check_space, count_outcomes
from qcnn.optics.mesh import Mesh

# The factorial of a larger photon count is no double.
_MOST_BUNCHED = 170


@dataclass(frozen=True)
class FusedPass:
    """Maps phases ``(phases,)`` or ``(batch, phases)`` in radians to probabilities.

    The result has shape ``(outcomes,)`` or ``(batch, outcomes)``, the order of
    :func:`qcnn.optics.fock.enumerate_states`, and sums to 1 for each sample. Made by :func:`build`.
    """

    mesh: Mesh
    photons: int
    space: str
    input_state: FockState
    dtype: torch.dtype
    _numbers: Numbers = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # At once, because compilers trace the first call.
        numbers = numbers_of(self.mesh, self.photons, self.space, self.input_state, self.dtype)
        object.__setattr__(self, "_numbers", numbers)

    def __call__(self, phases: Tensor) -> Tensor:
        """
        Raises:
            InvalidInput: for phases of a wrong shape, type or device, phases that are not
                finite, a batch that does not fit into the memory, and where all
                collision-free outcomes have probability 0, so that nothing is left to
                renormalise.
            NotDifferentiable: if the graph of a gradient is asked for at phases that were
                changed in place after the forward pass.
        """
        if torch.compiler.is_compiling():
            compiled: Tensor = fused(phases, *self._numbers)
            return compiled
        self._check(phases)
        if is_transformed(phases):
            return self.in_torch(phases)
        if self._certain:
            return self._only_outcome(phases)
        if torch.is_grad_enabled() and phases.requires_grad:
            result: Tensor = _Differentiable.apply(phases, self)  # type: ignore[no-untyped-call]
            return result
        return self._run(phases, keep=False)[0]

    def __reduce__(self) -> tuple[Callable[..., "FusedPass"], tuple[Any, ...]]:
        # Without the tables: they are shared, large and quick to rebuild.
        return build, (self.mesh, self.photons, self.space, self.input_state, self.dtype)

    def in_torch(self, phases: Tensor) -> Tensor:
        """The same in plain torch operations, which have every derivative."""
        return self._plain(phases.double()).to(self.dtype)

    @cached_property
    def _plain(self) -> TorchPass:
        return TorchPass(self.mesh, self.photons, self.space, self.input_state, torch.float64)

    @cached_property
    def _certain(self) -> bool:
        return count_outcomes(self.mesh.modes, self.photons, self.space) == 1

    @cached_property
    def _count(self) -> int:
        """Counting the phases of a mesh takes longer than a check may."""
        return self.mesh.phases

    @cached_property
    def _sample_bytes(self) -> int:
        """Bytes that each sample of a batch needs besides the tables."""
        return _sample_bytes(self.mesh.modes, self.photons, self.space)

    @cached_property
    def _circuit(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Cells of the mesh, entries of the occupied columns, column of each photon."""
        occupied = [mode for mode, count in enumerate(self.input_state) if count]
        counts = [self.input_state[mode] for mode in occupied]
        entries = np.array([self.mesh.entries[mode] for mode in occupied], dtype=np.int64)
        return self.mesh.table(), entries, np.repeat(np.arange(len(occupied)), counts)

    @cached_property
    def _detection(self) -> tuple[Any, ...]:
        """The arguments that all kernels take behind the circuit."""
        tables: Tables = build_tables(self.mesh.modes, self.photons, self.space)
        scale = 1.0 / prod(float(factorial(count)) for count in self.input_state)
        renormalise = self.space == "unbunched"
        return tables.levels, tables.children, tables.added, tables.weights, scale, renormalise

    @cached_property
    def _bounds(self) -> tuple[Any, ...]:
        """Between these is the sum of all probabilities, before it is made 1."""
        lowest = LEAST_TOTAL if self.space == "unbunched" else 1.0 - LARGEST_ERROR
        return lowest, 1.0 + LARGEST_ERROR

    def _check(self, phases: Tensor) -> None:
        check_shape(phases, self._count)
        if phases.device.type != "cpu":
            raise InvalidInput(
                f"phases is on {phases.device}; allowed for the fused engine is the CPU, "
                'and engine="torch" serves other devices'
            )
        check_type(phases)
        if phases.dim() == 2:
            check_large(len(phases) * self._sample_bytes, f"a batch of {len(phases)}")

    def _only_outcome(self, phases: Tensor) -> Tensor:
        check_finite(phases)
        # Certain whatever the phases, which keep a zero gradient.
        return (1 + 0 * phases.sum(-1, keepdim=True)).to(self.dtype)

    def _run(self, phases: Tensor, *, keep: bool) -> tuple[Tensor, tuple[Any, ...]]:
        """The probabilities, and what the backward pass needs beside its cotangent."""
        # A copy: the phases may change in place before the backward pass.
        values = _as_rows(phases).copy()
        cells, entries, columns = self._circuit
        levels, _, _, weights, *_ = self._detection
        kept = len(values) if keep else 1
        results = (
            np.empty((kept, self.mesh.modes, len(entries), 2)),
            # One more for the gradient, at once: memory that is freed piece by piece goes
            # back to the system each time, and to get it again takes as long as the pass.
            np.empty((kept + keep, levels[-1, 0], 2)),
            np.empty(kept),
        )
        probabilities = np.empty((len(values), len(weights)))
        broken = _kernels.forward(
            values,
            cells,
            entries,
            columns,
            *results,
            probabilities,
            *self._detection,
            *self._bounds,
        )
        if broken >= 0:
            check_finite(phases)
            raise InvalidInput(self._why_broken(probabilities[broken]))
        shaped = probabilities if phases.dim() == 2 else probabilities[0]
        record = (values, cells, columns, *results, *self._detection)
        return _as_tensor(shaped, self.dtype), record

    def _why_broken(self, probabilities: NDArray[np.float64]) -> str:
        """The message for finite phases at which these are no distribution."""
        total = probabilities.sum()
        if self.space == "unbunched" and total < 1:
            return (
                "the collision-free outcomes have probability 0 at these phases; allowed are "
                'phases where one of them is possible, or space="fock"'
            )
        return cancelled(self.photons, total)


class _Differentiable(torch.autograd.Function):
    """The pass for torch's automatic differentiation; what follows a gradient is plain torch."""

    @staticmethod
    def forward(ctx: Any, phases: Tensor, engine: FusedPass) -> Tensor:
        result, ctx.record = engine._run(phases, keep=True)
        # Not by save_for_backward, which forbids that they change in place before the backward
        # pass: their graph is wanted, not their values.
        ctx.phases, ctx.version, ctx.lock = phases, phases._version, Lock()
        ctx.engine = engine
        return result

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> tuple[Tensor, None]:
        if needs_graph(cotangent):
            run = ctx.engine.in_torch
            return gradient_with_graph(run, ctx.phases, ctx.version, cotangent), None
        phases, _, _, light, amplitudes, *_ = ctx.record
        gradient = np.empty_like(phases)
        work = np.empty(light.shape[1:]), np.empty(light.shape[1:]), amplitudes[-1]
        # Two backward passes through one retained graph share the work space.
        with ctx.lock:
            _kernels.backward(_as_rows(cotangent), *work, gradient, *ctx.record)
        return _as_tensor(gradient.reshape(ctx.phases.shape), ctx.phases.dtype), None


@register_engine("fused")
def build(
    mesh: Mesh, photons: int, space: str, input_state: FockState | None, dtype: torch.dtype
) -> FusedPass:
    """The fused engine for one sampler. Its tables are built by its first call.

    Args:
        mesh: any mesh; its ``entries`` say where the light of an input mode enters.
        photons: number of photons; at most 170 in Fock space.
        space: ``"unbunched"`` renormalises the collision-free outcomes.
        input_state: photon count of each mode.
        dtype: of the probabilities, ``torch.float32`` or ``torch.float64``.

    Raises:
        InvalidInput: for values that are not allowed, and if forward and backward
            of one sample need more memory than this process can get.
    """
    check_space(space)
    state = check_input(mesh.modes, photons, space, input_state)
    if dtype not in (torch.float32, torch.float64):
        raise InvalidInput(f"dtype is {shown(dtype)}; allowed are torch.float32 and torch.float64")
    engine = FusedPass(mesh, photons, space, state, dtype)
    if engine._certain:
        return engine
    if space == "fock" and photons > _MOST_BUNCHED:
        raise InvalidInput(
            f"photons is {shown(photons)}; allowed for the fused engine in Fock space are at most "
            f"{_MOST_BUNCHED}"
        )
    needed = _table_bytes(mesh.modes, photons, space) + engine._sample_bytes
    check_large(needed, f"{photons} photons in {mesh.modes} modes with space={space!r}")
    return engine


def unitary(mesh: Mesh, phases: ArrayLike) -> NDArray[np.complex128]:
    """The unitary of a mesh, all of its circuit included; shape ``(modes, modes)``.

    Raises:
        InvalidInput: for phases of a wrong shape or phases that are not finite.
    """
    values = np.ascontiguousarray(phases, dtype=np.float64)
    check_single(torch.from_numpy(values), mesh.phases)
    check_finite(torch.from_numpy(values))
    light = np.empty((mesh.modes, mesh.modes, 2))
    _kernels.pass_cells(values, mesh.table(), np.array(mesh.entries, dtype=np.int64), light)
    between_layers: int = (-1) ** (mesh.layers - 1)
    return between_layers * light.view(np.complex128)[..., 0]


def _as_rows(tensor: Tensor) -> NDArray[np.float64]:
    """A tensor as contiguous float64 rows, shape ``(batch, length)``."""
    # NumPy converts small arrays several times faster than torch.
    rows = np.ascontiguousarray(read_numbers(tensor), dtype=np.float64)
    return rows if rows.ndim == 2 else rows[None]


def _as_tensor(array: NDArray[np.float64], dtype: torch.dtype) -> Tensor:
    """A tensor of the given dtype; it shares the array's memory if that is its own."""
    return torch.from_numpy(array if dtype is torch.float64 else array.astype(np.float32))


def _table_bytes(modes: int, photons: int, space: str) -> int:
    """Bytes of the tables."""
    states, edges = level_starts(modes, photons, space)[-1]
    position_bytes = np.dtype(position_type(states)).itemsize
    outcomes = count_outcomes(modes, photons, space)
    return edges * (position_bytes + np.dtype(np.uint16).itemsize) + 8 * outcomes


def _sample_bytes(modes: int, photons: int, space: str) -> int:
    """Bytes of one sample in forward and backward.

    Amplitudes and their gradients at all levels, real and imaginary; probabilities and
    cotangents as the kernels and as torch hold them.
    """
    states, _ = level_starts(modes, photons, space)[-1]
    return 2 * 16 * states + 4 * 8 * count_outcomes(modes, photons, space)
