"""Interferometer meshes, the order of their phases, and the minimal mesh.

A mesh is a sequence of cells. Each acts on two neighbouring modes (a, a+1) as
BS · PS(θ₀ on a) · BS · PS(θ₁ on a), light passing from left to right, with the
balanced beam splitter (1/√2)·[[1, i], [i, 1]]. θ₀ is the inner and θ₁ the outer phase.
Phases are counted cell by cell, the inner one first; a cell may lack the outer one.

Rectangular mesh: m(m−1)/2 complete cells, column by column, inside a column from the
top. Even columns start at mode 0, odd ones at mode 1; there are m columns.
(Clements et al., Optica 3, 1460 (2016); Perceval's ``GenericInterferometer``.)

Minimal mesh: the triangular arrangement (Reck et al., PRL 73, 58 (1994)) for the k
occupied input modes only, which a relabelling brings to the modes 0 … k−1. The light
passes k diagonals of cells; the last one is d = 0, and diagonal d holds the cells with
upper mode d, d+1, …, m−2. Nothing follows the upper mode of a cell of the last
diagonal, so that its outer phase would be an output phase, which no probability feels:
those m−1 phases are left out. 2mk − k² − k − m + 1 phases remain.

Layers: the cells L times one after another, each time with phases of their own, and a
fixed phase π on every mode in between. That is what the code of arXiv:2505.08474 does
for several layers; it calls the π a non-linear layer. The π is a global phase, which no
probability feels, and one rectangular mesh reaches every unitary already: a second one
adds phases, but no distribution and no effective phase.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcnn.checks import shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.machine import check_large
from qcnn.plotting import import_matplotlib

if TYPE_CHECKING:
    import perceval as pcvl

MESHES = ("rectangular", "minimal")
# A mode's place in the input state and in the entries; a cell as a tuple and as a row of the
# table, its phases, and the light that passes it.
_MODE_BYTES, _CELL_BYTES = 64, 256


@dataclass(frozen=True)
class Mesh:
    """A mesh as data.

    Attributes:
        modes: number of modes m, at least 1.
        cells: for each cell of a layer its upper mode and whether it has an outer phase.
        entries: for each input mode the mode of the mesh that its light enters.
        layers: how often the cells follow one another, at least 1.
    """

    modes: int
    cells: tuple[tuple[int, bool], ...]
    entries: tuple[int, ...]
    layers: int = 1

    @property
    def phases(self) -> int:
        """Number of phases, of all layers."""
        return self.layers * sum(1 + has_outer for _, has_outer in self.cells)

    def table(self) -> NDArray[np.int64]:
        """Upper mode, number of the inner phase, number of the outer phase of each cell.

        Shape ``(layers·cells, 3)``; the outer phase is −1 where it is absent. The phases π
        between the layers are not in it.
        """
        rows = []
        phase = 0
        for upper, has_outer in self.cells * self.layers:
            rows.append((upper, phase, phase + 1 if has_outer else -1))
            phase += 1 + has_outer
        return np.array(rows, dtype=np.int64).reshape(len(rows), 3)

    def circuit(self, phases: Sequence[float] | None = None) -> "pcvl.Circuit":
        """The mesh as a Perceval circuit.

        The relabelling of the input and the phases π between the layers are part of it.

        Args:
            phases: values in radians; symbolic parameters ``phase_0000``, … where absent.
        """
        # Imported here because it takes a second that most runs do not need to spend.
        import_matplotlib()
        import perceval as pcvl
        from perceval.components import BS, PERM, PS

        def phase(number: int) -> "float | pcvl.Parameter":
            return pcvl.P(f"phase_{number:04d}") if phases is None else phases[number]

        circuit = pcvl.Circuit(self.modes)
        if self.entries != tuple(range(self.modes)):
            circuit.add(0, PERM(list(self.entries)))
        layers = self.table().reshape(self.layers, len(self.cells), 3).tolist()
        for number, cells in enumerate(layers):
            for mode in range(self.modes if number > 0 else 0):
                circuit.add(mode, PS(np.pi))
            for upper, inner, outer in cells:
                circuit.add(upper, BS())
                circuit.add(upper, PS(phase(inner)))
                circuit.add(upper, BS())
                if outer >= 0:
                    circuit.add(upper, PS(phase(outer)))
        return circuit


def rectangular(modes: int, layers: int = 1) -> Mesh:
    """The universal rectangular mesh, ``layers`` times.

    >>> rectangular(9).phases, rectangular(9, layers=2).phases
    (72, 144)
    """
    cells = tuple((upper, True) for upper in cell_modes(modes))
    return Mesh(modes, cells, tuple(range(modes)), layers)


def minimal(modes: int, input_state: Sequence[int]) -> Mesh:
    """The smallest mesh that reaches every distribution of the universal one.

    >>> minimal(9, (1, 0, 1, 0, 1, 0, 1, 0, 0)).phases
    44
    """
    occupied = [mode for mode in range(modes) if input_state[mode] > 0]
    empty = [mode for mode in range(modes) if input_state[mode] == 0]
    entries = dict(zip(occupied + empty, range(modes), strict=True))
    cells = tuple(
        (upper, diagonal > 0)
        for diagonal in reversed(range(len(occupied)))
        for upper in range(diagonal, modes - 1)
    )
    return Mesh(modes, cells, tuple(entries[mode] for mode in range(modes)))


def decompose(columns: ArrayLike, input_state: Sequence[int]) -> NDArray[np.float64]:
    """Phases of the minimal mesh that give the same probabilities as a unitary.

    Givens rotations empty one column after the other below the diagonal, from the
    bottom; what is left are phases on the inputs, which no probability feels.

    Args:
        columns: the columns of the unitary at the occupied input modes, in their order;
            shape ``(modes, occupied)``.
        input_state: photon count of each input mode.

    Returns:
        Phases in radians, shape ``(minimal(modes, input_state).phases,)``.

    Raises:
        InvalidInput: if the columns do not fit the input or are not orthonormal.
    """
    rest = np.array(columns, dtype=np.complex128)
    modes, occupied = len(input_state), sum(count > 0 for count in input_state)
    if rest.shape != (modes, occupied):
        raise InvalidInput(
            f"columns has shape {rest.shape}; allowed for this input is {(modes, occupied)}"
        )
    defect = np.abs(rest.conj().T @ rest - np.eye(occupied)).max(initial=0.0)
    if not defect < 1e-8:
        raise InvalidInput(f"columns are {defect:.1e} from orthonormal; allowed are 1e-8")
    found: list[list[float]] = []
    for column in range(occupied):
        for upper in range(modes - 2, column - 1, -1):
            above, below = rest[upper, column], rest[upper + 1, column]
            inner = 2 * np.arctan2(abs(above), abs(below))
            outer = np.angle(above) - np.angle(below)
            pair = _cell(inner, outer).conj().T @ rest[upper : upper + 2]
            rest[upper : upper + 2] = pair
            found.append([inner, outer] if column > 0 else [inner])
    # The last rotation found undoes the first cell that the light meets.
    return np.array([phase for cell in reversed(found) for phase in cell], dtype=np.float64)


def _cell(inner: float, outer: float) -> NDArray[np.complex128]:
    """Matrix of one cell: i·exp(iθ₀/2)·[[exp(iθ₁)·s, exp(iθ₁)·c], [c, −s]]."""
    sine, cosine = np.sin(inner / 2), np.cos(inner / 2)
    turn = np.exp(1j * outer)
    matrix = np.array([[turn * sine, turn * cosine], [cosine, -sine]])
    return np.asarray(1j * np.exp(0.5j * inner) * matrix)


def cell_modes(modes: int) -> list[int]:
    """Upper mode of each cell of the rectangular mesh, in the order of the cells.

    >>> cell_modes(4)
    [0, 2, 1, 0, 2, 1]
    """
    return [upper for column in range(modes) for upper in range(column % 2, modes - 1, 2)]


def count_phases(modes: int, photons: int, mesh: str = "rectangular") -> int:
    """Number of phases of one layer whose input has one photon in each of ``photons`` modes.

    >>> count_phases(9, 4), count_phases(9, 4, "minimal")
    (72, 44)
    """
    if mesh == "rectangular":
        return modes * (modes - 1)
    return 2 * modes * photons - photons**2 - photons - modes + 1 if photons else 0


def make_mesh(name: str, modes: int, input_state: Sequence[int], layers: int = 1) -> Mesh:
    """The mesh called ``name`` for one input.

    Raises:
        InvalidInput: for an unknown name, and for layers that this mesh cannot have.
    """
    check_mesh(name)
    number = check_layers(layers, name)
    return rectangular(modes, number) if name == "rectangular" else minimal(modes, input_state)


def check_mesh_size(name: str, modes: int, photons: int, layers: int = 1) -> None:
    """Refuse a mesh that no memory holds, before anything is built.

    Raises:
        InvalidInput: for such a mesh, an unknown name, and layers that it cannot have.
    """
    check_mesh(name)
    number = check_layers(layers, name)
    diagonals = modes if name == "rectangular" else 2 * min(modes, photons)
    cells = number * modes * diagonals // 2
    check_large(
        _MODE_BYTES * modes + _CELL_BYTES * cells,
        f"a {name} mesh of {shown(modes)} modes and {shown(number)} layers",
    )


def check_mesh(name: str) -> None:
    """Raises InvalidInput for an unknown mesh."""
    if not isinstance(name, str) or name not in MESHES:
        raise InvalidInput(f"mesh is {shown(name)}; allowed are {', '.join(map(repr, MESHES))}")


def check_layers(layers: int, mesh: str) -> int:
    """A number of layers as an int.

    Raises:
        InvalidInput: unless the mesh called ``mesh`` can have that many: any number from 1
            if it is rectangular, else 1.
    """
    number = whole_number(layers, "layers", 1)
    if number > 1 and mesh != "rectangular":
        raise InvalidInput(f"layers is {number} with mesh {mesh!r}; allowed there is 1")
    return number
