"""Kinds of interferometer meshes: how many cells there are, and where.

One file, one kind: a :class:`MeshKind` under :func:`register_mesh`, dropped into this folder, is
found by itself, as is one of an installed package (:mod:`qcnn.registry`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import ClassVar, TypeVar

from qcnn.checks import check_choice, shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.machine import check_large
from qcnn.optics.mesh import Mesh
from qcnn.registry import Registry

#: A mode's place in the input state and in the entries; a cell as a tuple and as a row of the
#: table, its phases, and the light that passes it.
_MODE_BYTES, _CELL_BYTES = 64, 256


class MeshKind(ABC):
    """An arrangement of cells for any number of modes and any input."""

    #: Whether its cells may follow one another several times.
    has_layers: ClassVar[bool] = False
    #: Whether it reaches every distribution that any mesh reaches. Its effective phases are
    #: counted by a formula then, and otherwise by the rank of a Jacobian.
    universal: ClassVar[bool] = False

    @abstractmethod
    def build(self, modes: int, input_state: Sequence[int], layers: int) -> Mesh:
        """The mesh for one input.

        Args:
            modes: number of modes, at least 1.
            input_state: photon count of each mode.
            layers: 1 unless the kind has layers.
        """

    @abstractmethod
    def count_phases(self, modes: int, photons: int) -> int:
        """Phases of one layer whose input has one photon in each of ``photons`` modes."""

    @abstractmethod
    def count_cells(self, modes: int, photons: int) -> int:
        """About as many cells as one layer has, not fewer; found without building it."""


registered: Registry[type[MeshKind]] = Registry("mesh", "qcnn.meshes")
MeshType = TypeVar("MeshType", bound=type[MeshKind])


def register_mesh(name: str) -> Callable[[MeshType], MeshType]:
    """Class decorator that offers a kind of mesh under ``name``.

    Raises:
        InvalidInput: for a name that is taken, or is none (see
            :meth:`qcnn.registry.Registry.enter`).
    """
    return registered.register(name)


def mesh_names() -> tuple[str, ...]:
    """Names of all kinds of meshes, sorted."""
    return tuple(registered)


def count_phases(modes: int, photons: int, mesh: str = "rectangular") -> int:
    """Number of phases of one layer whose input has one photon in each of ``photons`` modes.

    >>> count_phases(9, 4), count_phases(9, 4, "minimal")
    (72, 44)
    """
    return registered[mesh]().count_phases(modes, photons)


def is_universal(mesh: str) -> bool:
    """Whether the mesh of this name reaches every distribution."""
    return registered[mesh].universal


def make_mesh(name: str, modes: int, input_state: Sequence[int], layers: int = 1) -> Mesh:
    """The mesh called ``name`` for one input.

    Raises:
        InvalidInput: for an unknown name, and for layers that this mesh cannot have.
    """
    check_mesh(name)
    return _build(registered[name], modes, tuple(input_state), check_layers(layers, name))


@lru_cache(maxsize=64)
def _build(kind: type[MeshKind], modes: int, input_state: tuple[int, ...], layers: int) -> Mesh:
    # Samplers of one kind share their mesh, which is never changed.
    return kind().build(modes, input_state, layers)


def check_mesh_size(name: str, modes: int, photons: int, layers: int = 1) -> None:
    """Refuse a mesh that no memory holds, before anything is built.

    Raises:
        InvalidInput: for such a mesh, an unknown name, and layers that it cannot have.
    """
    check_mesh(name)
    number = check_layers(layers, name)
    cells = number * registered[name]().count_cells(modes, photons)
    check_large(
        _MODE_BYTES * modes + _CELL_BYTES * cells,
        f"a {name} mesh of {shown(modes)} modes and {shown(number)} layers",
    )


def check_mesh(name: str) -> None:
    """Raises InvalidInput for an unknown mesh."""
    check_choice(name, "mesh", registered)


def check_layers(layers: int, mesh: str) -> int:
    """A number of layers as an int.

    Raises:
        InvalidInput: unless the mesh called ``mesh`` can have that many: any number from 1
            if it has layers, else 1.
    """
    number = whole_number(layers, "layers", 1)
    if number > 1 and not (mesh in registered and registered[mesh].has_layers):
        raise InvalidInput(f"layers is {shown(number)} with mesh {mesh!r}; allowed there is 1")
    return number
