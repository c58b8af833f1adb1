"""The minimal mesh: as many phases as matter.

The triangular arrangement (Reck et al., PRL 73, 58 (1994)) for the k occupied input modes only,
which a relabelling brings to the modes 0 … k−1. The light passes k diagonals of cells; the last
one is d = 0, and diagonal d holds the cells with upper mode d, d+1, …, m−2. Nothing follows the
upper mode of a cell of the last diagonal, so that its outer phase would be an output phase,
which no probability feels: those m−1 phases are left out. 2mk − k² − k − m + 1 phases remain.
"""

from collections.abc import Sequence

from qcnn.meshes import MeshKind, register_mesh
from qcnn.optics.mesh import Mesh


@register_mesh("minimal")
class Minimal(MeshKind):
    """2mk − k² − k − m + 1 phases for k occupied input modes."""

    universal = True

    def build(self, modes: int, input_state: Sequence[int], layers: int) -> Mesh:
        return minimal(modes, input_state)

    def count_phases(self, modes: int, photons: int) -> int:
        return 2 * modes * photons - photons**2 - photons - modes + 1 if photons else 0

    def count_cells(self, modes: int, photons: int) -> int:
        return modes * min(modes, photons)


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
