"""The rectangular mesh, which reaches every unitary.

m(m−1)/2 complete cells, column by column, inside a column from the top. Even columns start at
mode 0, odd ones at mode 1; there are m columns. (Clements et al., Optica 3, 1460 (2016);
Perceval's ``GenericInterferometer``.)

Layers: the cells L times one after another, each time with phases of their own, and a
fixed phase π on every mode in between. That is what the code of arXiv:2505.08474 does
for several layers; it calls the π a non-linear layer. The π is a global phase, which no
probability feels, and one rectangular mesh reaches every unitary already: a second one
adds phases, but no distribution and no effective phase.
"""

from collections.abc import Sequence

from qcnn.meshes import MeshKind, register_mesh
from qcnn.optics.mesh import Mesh


@register_mesh("rectangular")
class Rectangular(MeshKind):
    """m(m−1) phases in each layer."""

    has_layers = True
    universal = True

    def build(self, modes: int, input_state: Sequence[int], layers: int) -> Mesh:
        return rectangular(modes, layers)

    def count_phases(self, modes: int, photons: int) -> int:
        return modes * (modes - 1)

    def count_cells(self, modes: int, photons: int) -> int:
        return modes * modes // 2


def rectangular(modes: int, layers: int = 1) -> Mesh:
    """The universal rectangular mesh, ``layers`` times.

    >>> rectangular(9).phases, rectangular(9, layers=2).phases
    (72, 144)
    """
    cells = tuple((upper, True) for upper in cell_modes(modes))
    return Mesh(modes, cells, tuple(range(modes)), layers)


def cell_modes(modes: int) -> list[int]:
    """Upper mode of each cell of the rectangular mesh, in the order of the cells.

    >>> cell_modes(4)
    [0, 2, 1, 0, 2, 1]
    """
    return [upper for column in range(modes) for upper in range(column % 2, modes - 1, 2)]
