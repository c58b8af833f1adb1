"""A mesh: one column of cells after the other, only as many columns as half the modes."""

from collections.abc import Sequence

from qcnn.meshes import MeshKind, register_mesh
from qcnn.optics.mesh import Mesh


@register_mesh("example-shallow")
class Shallow(MeshKind):
    def build(self, modes: int, input_state: Sequence[int], layers: int) -> Mesh:
        return Mesh(modes, tuple((upper, True) for upper in _cells(modes)), tuple(range(modes)))

    def count_phases(self, modes: int, photons: int) -> int:
        return 2 * len(_cells(modes))

    def count_cells(self, modes: int, photons: int) -> int:
        return modes * modes // 4 + modes


def _cells(modes: int) -> list[int]:
    return [upper for column in range(modes // 2 + 1) for upper in range(column % 2, modes - 1, 2)]
