"""An interferometer mesh as data, and the order of its phases.

A mesh is a sequence of cells. Each acts on two neighbouring modes (a, a+1) as
BS · PS(θ₀ on a) · BS · PS(θ₁ on a), light passing from left to right, with the
balanced beam splitter (1/√2)·[[1, i], [i, 1]]. θ₀ is the inner and θ₁ the outer phase.
Phases are counted cell by cell, the inner one first; a cell may lack the outer one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qcnn.plotting import import_matplotlib

if TYPE_CHECKING:
    import perceval as pcvl


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
