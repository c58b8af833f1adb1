"""The pass in plain torch operations: any device, every derivative, every transformation.

Nothing in it hides from torch, so that it can be differentiated any number of times and in both
modes, mapped (``torch.func.vmap``), compiled (``torch.compile(fullgraph=True)``) and exported.
Real and imaginary parts are kept apart, because compilers know real numbers only.

The cells of a mesh that act on different modes are applied at once; the amplitudes of n photons
are built photon by photon, as in the fused engine, but normalised: the amplitude of a state t of
level k is Σⱼ √tⱼ·U[j, columnₖ]·(amplitude of t without a photon in j), so that numbers stay of
order 1 in single precision too. (SLOS: Heurtel et al., Comput. Phys. Commun. 291, 108848 (2023).)
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qcnn.engines._derivatives import outside_transformations
from qcnn.engines._phases import check_finite, check_shape
from qcnn.engines._rounding import LARGEST_ERROR, LEAST_TOTAL, cancelled
from qcnn.engines._tables import build_tables, level_starts
from qcnn.errors import InvalidInput
from qcnn.machine import check_large
from qcnn.optics.circuit import LinearCircuit
from qcnn.optics.fock import FockState, count_outcomes
from qcnn.optics.mesh import Mesh

#: How far the sum of all outcomes may be from 1, and the least sum of the collision-free ones.
LARGEST_ERRORS = {torch.float32: 1e-4, torch.float64: LARGEST_ERROR}
#: Of each edge: both indices and the factor, and in a pass six products and their gradients.
_EDGE_BYTES = 15 * 8
_LEAST_TOTALS = {torch.float32: 1e-10, torch.float64: LEAST_TOTAL}


@dataclass(frozen=True)
class _Columns:
    """The cells of a mesh as columns of cells that act at once.

    Attributes:
        inner, outer: number of a mode's inner and outer phase, ``phases`` where it has none;
            shape ``(columns, modes)``.
        partner: the other mode of a mode's cell, itself where it is in none.
        sign: 1 for the upper mode of a cell, −1 for the lower one, 0 where there is none.
    """

    inner: Tensor
    outer: Tensor
    partner: Tensor
    sign: Tensor


@dataclass(frozen=True)
class _Entries:
    """The entries of a circuit's components (:class:`qcnn.optics.circuit.LinearCircuit`).

    A complex matrix is a real one of twice the size, [[Re, −Im], [Im, Re]], that acts on real
    parts above imaginary ones.

    Attributes:
        scale: factor of each entry.
        half, angle: half angle and angle by the parameters, shape ``(entries, parameters)``.
        half_start, angle_start: their constants.
        places: where each entry stands in all steps' matrices laid out one after another, four
            times: real part, minus the imaginary part, imaginary part, real part.
        untouched: the matrices without any entry, 1 where a mode passes a step untouched; shape
            ``(steps, 2·modes, 2·modes)``.
    """

    scale: Tensor
    half: Tensor
    angle: Tensor
    half_start: Tensor
    angle_start: Tensor
    places: Tensor
    untouched: Tensor


@dataclass(frozen=True)
class Level:
    """How the states of one more photon follow from those before.

    Attributes:
        parents: for each state and each of its occupied modes the state without a photon there;
            shape ``(states, most occupied modes)``.
        modes: that mode.
        factors: the root of the mode's photon count; 0 where a state has fewer modes.
    """

    parents: Tensor
    modes: Tensor
    factors: Tensor


@dataclass(frozen=True)
class Tables:
    """What a pass reads beside the phases.

    Attributes:
        columns: of the mesh.
        levels: of two and more photons.
    """

    columns: _Columns | _Entries
    levels: tuple[Level, ...]

    @outside_transformations()
    def to(self, device: torch.device) -> "Tables":
        """A copy on another device."""
        return Tables(
            type(self.columns)(
                *(getattr(self.columns, f.name).to(device) for f in fields(self.columns))
            ),
            tuple(
                Level(*(getattr(level, f.name).to(device) for f in fields(Level)))
                for level in self.levels
            ),
        )


class OnDevices:
    """Tables on every device that asks; to be made before the first call, as compilers trace it."""

    def __init__(self, tables: Tables) -> None:
        self._found = {torch.device("cpu"): tables}

    def on(self, device: torch.device) -> Tables:
        """The tables on a device."""
        if device not in self._found:
            moved = self._found[torch.device("cpu")].to(device)
            if torch.compiler.is_compiling():
                return moved
            self._found[device] = moved
        return self._found[device]


class TorchPass:
    """Maps phases ``(phases,)`` or ``(batch, phases)`` in radians to probabilities.

    The result has shape ``(outcomes,)`` or ``(batch, outcomes)``, the order of
    :func:`qcnn.optics.fock.enumerate_states`, and sums to 1 for each sample. It is on the device
    of the phases. Made by :func:`qcnn.engines.torch.build`.

    Raises:
        InvalidInput: if the pass of one sample needs more memory than this process can get.
    """

    def __init__(
        self,
        mesh: Mesh | LinearCircuit,
        photons: int,
        space: str,
        input_state: FockState,
        dtype: torch.dtype,
    ) -> None:
        self.mesh, self.photons, self.space = mesh, photons, space
        self.input_state, self.dtype = input_state, dtype
        self._certain = count_outcomes(mesh.modes, photons, space) == 1
        _, edges = level_starts(mesh.modes, photons, space)[-1]
        check_large(_EDGE_BYTES * edges, f"{photons} photons in {mesh.modes} modes in plain torch")
        if not self._certain:
            levels = _levels(mesh.modes, photons, space, dtype)
            self._tables = OnDevices(Tables(_of_mesh(mesh, dtype), levels))

    def __call__(self, phases: Tensor) -> Tensor:
        """
        Raises:
            InvalidInput: for phases of a wrong shape, phases that are not finite, and where
                the probabilities are none: all collision-free outcomes have probability 0, or
                large amplitudes cancel. In a transformation of torch or in compiled code, where
                values cannot be looked at, they are NaN then.
        """
        check_shape(phases, self.mesh.phases)
        if self._certain:
            if values_are_there(phases):
                check_finite(phases)
            # Certain whatever the phases, which keep a zero gradient.
            return (1 + 0 * phases.sum(-1, keepdim=True)).to(self.dtype)
        tables = self._tables.on(phases.device)
        light = _pass_light(phases.to(self.dtype), tables.columns, self._entries)
        real, imaginary = self._amplitudes(*light, tables.levels)
        probabilities = real**2 + imaginary**2
        total = probabilities.sum(-1, keepdim=True)
        error, least = LARGEST_ERRORS[self.dtype], _LEAST_TOTALS[self.dtype]
        lowest = least if self.space == "unbunched" else 1 - error
        sound = (total > lowest) & (total < 1 + error)
        if values_are_there(phases) and not bool(sound.all()):
            self._refuse(phases, total[~sound][0].item())
        if self.space == "unbunched":
            probabilities = probabilities / total
        return torch.where(sound, probabilities, torch.nan)

    def __reduce__(self) -> tuple[Callable[..., "TorchPass"], tuple[Any, ...]]:
        return TorchPass, (self.mesh, self.photons, self.space, self.input_state, self.dtype)

    @property
    def _entries(self) -> list[int]:
        return _entries(self.mesh, self.input_state)

    def _amplitudes(
        self, real: Tensor, imaginary: Tensor, levels: tuple[Level, ...]
    ) -> tuple[Tensor, Tensor]:
        """Normalised amplitudes of the outcomes, shape ``(…, outcomes)``."""
        counts = [count for count in self.input_state if count]
        # Each photon with the column that it comes from, and how many came from there before.
        photons = [
            (column, before) for column, count in enumerate(counts) for before in range(count)
        ]
        above, beside = real[..., photons[0][0]], imaginary[..., photons[0][0]]
        for (column, before), level in zip(photons[1:], levels, strict=True):
            factors = level.factors / (before + 1) ** 0.5
            u = take(real[..., column], level.modes) * factors
            v = take(imaginary[..., column], level.modes) * factors
            x, y = take(above, level.parents), take(beside, level.parents)
            above, beside = (u * x - v * y).sum(-1), (u * y + v * x).sum(-1)
        return above, beside

    def _refuse(self, phases: Tensor, total: float) -> None:
        check_finite(phases)
        if self.space == "unbunched" and total < 1:
            raise InvalidInput(
                "the collision-free outcomes have probability 0 at these phases; allowed are "
                'phases where one of them is possible, or space="fock"'
            )
        raise InvalidInput(cancelled(self.photons, total, LARGEST_ERRORS[self.dtype]))


def particle_tables(mesh: Mesh, photons: int, space: str) -> OnDevices:
    """What photons read that do not interfere, in double precision.

    Raises:
        InvalidInput: if they need more memory than this process can get.
    """
    _, edges = level_starts(mesh.modes, photons, space)[-1]
    check_large(_EDGE_BYTES * edges, f"{photons} photons in {mesh.modes} modes in plain torch")
    levels = _occupied_levels(mesh.modes, photons, space)
    return OnDevices(Tables(_of_mesh(mesh, torch.float64), levels))


def plain_columns(
    mesh: Mesh | LinearCircuit,
    input_state: FockState,
    phases: Tensor,
    columns: _Columns | _Entries | None = None,
) -> Tensor:
    """The columns of the unitary at the occupied input modes, in their order.

    Without the phases π between the layers of a mesh.

    Args:
        mesh: any mesh.
        input_state: photon count of each input mode.
        phases: radians, shape ``(…, phases)``, on the CPU where there are no ``columns``.
        columns: of the mesh, on the device of the phases; made here where absent.

    Returns:
        complex128, shape ``(…, modes, occupied)``.
    """
    if columns is None:
        columns = _of_mesh(mesh, torch.float64)
    return torch.complex(*_pass_light(phases.double(), columns, _entries(mesh, input_state)))


def _entries(mesh: Mesh | LinearCircuit, input_state: FockState) -> list[int]:
    """Where the light of the occupied input modes enters the mesh."""
    return [mesh.entries[mode] for mode, count in enumerate(input_state) if count]


def _of_mesh(mesh: Mesh | LinearCircuit, dtype: torch.dtype) -> _Columns | _Entries:
    return _entries_of(mesh, dtype) if isinstance(mesh, LinearCircuit) else _columns(mesh, dtype)


def _pass_light(
    phases: Tensor, columns: _Columns | _Entries, entries: list[int]
) -> tuple[Tensor, Tensor]:
    """Real and imaginary part of the occupied input columns, shape ``(…, modes, columns)``."""
    if isinstance(columns, _Entries):
        return _pass_circuit(phases, columns, entries)
    return _pass_mesh(phases, columns, entries)


def _pass_circuit(phases: Tensor, circuit: _Entries, entries: list[int]) -> tuple[Tensor, Tensor]:
    half = phases @ circuit.half.T + circuit.half_start
    angle = phases @ circuit.angle.T + circuit.angle_start
    amplitude = circuit.scale * half.cos()
    real, imaginary = amplitude * angle.cos(), amplitude * angle.sin()
    values = torch.cat([real, -imaginary, imaginary, real], dim=-1)
    untouched = circuit.untouched.flatten().expand(*phases.shape[:-1], -1)
    matrices = untouched.index_copy(-1, circuit.places, values)
    matrices = matrices.unflatten(-1, circuit.untouched.shape)
    size = circuit.untouched.shape[-1]
    light = torch.eye(size, dtype=phases.dtype, device=phases.device)[:, entries]
    light = light.expand(*phases.shape[:-1], size, len(entries))
    for step in range(len(circuit.untouched)):
        light = matrices[..., step, :, :] @ light
    return light[..., : size // 2, :], light[..., size // 2 :, :]


def _pass_mesh(phases: Tensor, columns: _Columns, entries: list[int]) -> tuple[Tensor, Tensor]:
    """Real and imaginary part of the occupied input columns, shape ``(…, modes, columns)``."""
    missing = torch.zeros_like(phases[..., :1])
    known = torch.cat([phases, missing], dim=-1)
    half = take(known, columns.inner) / 2
    angle = half + take(known, columns.outer)
    sign, touched = columns.sign, columns.sign.abs()
    # i·exp(i·angle), times the rotation [[sin, cos], [cos, −sin]].
    turn_real, turn_imaginary = -angle.sin(), angle.cos()
    own, other = sign * half.sin(), touched * half.cos()
    own_real = (own * turn_real + (1 - touched)).unsqueeze(-1)
    own_imaginary = (own * turn_imaginary).unsqueeze(-1)
    other_real = (other * turn_real).unsqueeze(-1)
    other_imaginary = (other * turn_imaginary).unsqueeze(-1)
    modes = columns.partner.shape[-1]
    real = torch.eye(modes, dtype=phases.dtype, device=phases.device)[:, entries]
    imaginary = torch.zeros_like(real)
    for column in range(len(columns.partner)):
        partner = columns.partner[column]
        there = real.index_select(-2, partner), imaginary.index_select(-2, partner)
        a, b = own_real[..., column, :, :], own_imaginary[..., column, :, :]
        c, d = other_real[..., column, :, :], other_imaginary[..., column, :, :]
        real, imaginary = (
            a * real - b * imaginary + c * there[0] - d * there[1],
            a * imaginary + b * real + c * there[1] + d * there[0],
        )
    return real, imaginary


def take(values: Tensor, index: Tensor) -> Tensor:
    """``values[..., index]``, in the one form that every transformation of torch knows."""
    taken: Tensor = values.index_select(-1, index.flatten()).unflatten(-1, index.shape)
    return taken


def values_are_there(phases: Tensor) -> bool:
    """Whether numbers can be looked at: not while torch traces or transforms."""
    return not (
        torch.compiler.is_compiling()
        or torch._C._functorch.peek_interpreter_stack() is not None
        or phases.is_meta
    )


@lru_cache(maxsize=64)
@outside_transformations()
def _columns(mesh: Mesh, dtype: torch.dtype) -> _Columns:
    columns: list[list[tuple[int, int, int]]] = []
    free = [0] * mesh.modes
    for upper, inner, outer in mesh.table().tolist():
        # Behind everything that acts on one of its modes.
        place = max(free[upper], free[upper + 1])
        free[upper] = free[upper + 1] = place + 1
        if place == len(columns):
            columns.append([])
        columns[place].append((upper, inner, outer))
    shape = len(columns), mesh.modes
    inner_phase, outer_phase = (np.full(shape, mesh.phases) for _ in range(2))
    partner = np.tile(np.arange(mesh.modes), (len(columns), 1))
    sign = np.zeros(shape)
    for number, cells in enumerate(columns):
        for upper, inner, outer in cells:
            inner_phase[number, upper : upper + 2] = inner
            if outer >= 0:
                outer_phase[number, upper] = outer
            partner[number, upper : upper + 2] = upper + 1, upper
            sign[number, upper : upper + 2] = 1, -1
    return _Columns(
        inner=torch.from_numpy(inner_phase),
        outer=torch.from_numpy(outer_phase),
        partner=torch.from_numpy(partner),
        sign=torch.from_numpy(sign).to(dtype),
    )


@lru_cache(maxsize=64)
@outside_transformations()
def _entries_of(circuit: LinearCircuit, dtype: torch.dtype) -> _Entries:
    modes, size = circuit.modes, 2 * circuit.modes
    step, row, column = circuit.places.T
    below = row + modes, column + modes
    corners = ((row, column), (row, below[1]), (below[0], column), below)
    places = np.concatenate([(step * size + down) * size + right for down, right in corners])
    untouched = np.tile(np.eye(size), (circuit.steps, 1, 1))
    for mode in (row, row + modes):
        untouched[step, mode, mode] = 0

    def tensor(values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(dtype)

    return _Entries(
        tensor(circuit.scale),
        tensor(circuit.half[:, 1:]),
        tensor(circuit.angle[:, 1:]),
        tensor(circuit.half[:, 0]),
        tensor(circuit.angle[:, 0]),
        torch.from_numpy(places),
        tensor(untouched),
    )


@lru_cache(maxsize=16)
@outside_transformations()
def _occupied_levels(modes: int, photons: int, space: str) -> tuple[Level, ...]:
    """The levels of two and more photons, each factor 1 where the state has that mode, or 0."""
    return tuple(
        Level(level.parents, level.modes, (level.factors > 0).double())
        for level in _levels(modes, photons, space, torch.float64)
    )


@lru_cache(maxsize=16)
@outside_transformations()
def _levels(modes: int, photons: int, space: str, dtype: torch.dtype) -> tuple[Level, ...]:
    """The levels of two and more photons."""
    tables = build_tables(modes, photons, space)
    counts = np.eye(modes, dtype=np.int64)
    found = []
    for level in range(1, photons):
        (first, edge), (start, end) = tables.levels[level - 1], tables.levels[level]
        children = tables.children[edge:end].astype(np.int64) - start
        added = tables.added[edge:end].astype(np.int64)
        parents = np.repeat(np.arange(start - first), (end - edge) // (start - first))
        order = np.argsort(children, kind="stable")
        children, added, parents = children[order], added[order], parents[order]
        in_mode = counts[parents, added] + 1
        states, begins, widths = np.unique(children, return_index=True, return_counts=True)
        place = np.arange(len(children)) - np.repeat(begins, widths)
        width = widths.max()
        found.append(
            Level(
                parents=_padded(parents, children, place, width),
                modes=_padded(added, children, place, width),
                factors=_padded(in_mode**0.5, children, place, width).to(dtype),
            )
        )
        counts = counts[parents[begins]]
        counts[np.arange(len(states)), added[begins]] += 1
    return tuple(found)


def _padded(
    values: NDArray[Any], rows: NDArray[np.int64], places: NDArray[np.int64], width: int
) -> Tensor:
    """Values in rows of one width, zeros where a row has fewer."""
    padded = np.zeros((rows.max() + 1, width), dtype=values.dtype)
    padded[rows, places] = values
    return torch.from_numpy(padded)
