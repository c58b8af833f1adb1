"""A boson sampler with trainable phases (PQCNN)."""

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self, cast

import torch
from torch import Tensor, nn

from qcnn.checks import shown, whole_number
from qcnn.engines import Engine, build_engine
from qcnn.errors import InvalidInput
from qcnn.machine import check_large
from qcnn.meshes import check_mesh_size, is_universal, make_mesh
from qcnn.optics.fock import (
    FockState,
    check_input,
    check_space,
    count_outcomes,
    effective_phases,
    enumerate_states,
)
from qcnn.optics.mesh import Mesh
from qcnn.samplers.response import differentiate, most_independent, rank
from qcnn.samplers.sampler import Sampler
from qcnn.seeds import generator

if TYPE_CHECKING:
    import perceval as pcvl

_DTYPES = (torch.float32, torch.float64)


class MeshSampler(Sampler):
    """Light in an interferometer mesh with trainable phases, and its outcome distribution.

    Which light it is, and so how the outcomes are distributed, says the subclass: it has a
    ``_build`` that makes the pass, and counts its effective phases. For arguments and attributes
    see :class:`PQCNN`.
    """

    trained_phases: nn.Parameter
    _initial: Tensor | None
    _places: Tensor | None

    def __init__(
        self,
        modes: int,
        photons: int,
        *,
        space: str = "unbunched",
        input_state: Sequence[int] | None = None,
        mesh: str = "rectangular",
        layers: int = 1,
        trained: int | None = None,
        dtype: torch.dtype = torch.float32,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.modes = whole_number(modes, "modes", 1)
        self.photons = whole_number(photons, "photons", 0)
        check_space(space)
        check_mesh_size(mesh, self.modes, self.photons, layers)
        self.space = space
        self.input_state: FockState = check_input(self.modes, self.photons, space, input_state)
        if not isinstance(dtype, torch.dtype) or dtype not in _DTYPES:
            raise InvalidInput(
                f"dtype is {shown(dtype)}; allowed are torch.float32 and torch.float64"
            )
        # Before the mesh, which takes longer to build than to count.
        check_large(
            8 * count_outcomes(self.modes, self.photons, space),
            f"{self.photons} photons in {self.modes} modes with space={space!r}",
        )
        self.mesh = make_mesh(mesh, self.modes, self.input_state, layers)
        self._mesh_name = mesh
        self._dtype = dtype
        self._pass = self._build(dtype)
        fractions = torch.rand(self.mesh.phases, generator=generator(seed, "phases"), dtype=dtype)
        phases = 2 * torch.pi * fractions
        self.trained = trained
        places = None if trained is None else self._choose(trained, phases)
        self.register_buffer("_places", places)
        self.register_buffer("_initial", None if places is None else phases)
        self.trained_phases = nn.Parameter(phases if places is None else phases[places])

    def _build(self, dtype: torch.dtype) -> Engine:
        raise NotImplementedError

    def _independent_phases(self) -> int:
        """As many as are effective where all are trained."""
        raise NotImplementedError

    def _choose(self, trained: int, phases: Tensor) -> Tensor:
        most = self._independent_phases()
        if whole_number(trained, "trained", 1) > most:
            raise InvalidInput(
                f"trained is {shown(trained)}; allowed for this size are 1 to {most}"
            )
        return most_independent(*self._respond(phases), trained)

    def _respond(self, phases: Tensor) -> tuple[Tensor, Tensor]:
        return differentiate(self._build(torch.float64), phases.double())

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # What .double() and .float() do to the phases is meant for the probabilities too.
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        own = self.trained_phases.dtype
        if own != self._dtype and own in _DTYPES:
            self._dtype = own
            self._pass = self._build(own)
        return self

    @property
    def phases(self) -> Tensor:
        """All phases, radians, initially uniform in [0, 2π).

        Shape ``(L·m(m−1),)`` in the rectangular mesh, layer by layer.
        """
        if self._initial is None or self._places is None:
            return self.trained_phases
        return self._initial.index_copy(0, self._places, self.trained_phases)

    @property
    def outcomes(self) -> int:
        """Number of outcomes, the length of what ``forward`` returns."""
        return count_outcomes(self.modes, self.photons, self.space)

    @property
    def states(self) -> tuple[FockState, ...]:
        """The outcomes in the order of the probabilities."""
        return enumerate_states(self.modes, self.photons, self.space)

    @property
    def fixed_numbers(self) -> int:
        """Phases that are not trained: fixed random numbers then."""
        trained = self.trained_phases.numel() if self.trained_phases.requires_grad else 0
        return self.mesh.phases - trained

    @property
    def effective_phases(self) -> int:
        """Rank of the Jacobian of the probabilities by the trained phases, at generic ones."""
        if self.trained is not None:
            return self.trained
        return self._independent_phases()

    def forward(self, phases: Tensor | None = None) -> Tensor:
        """Probabilities of the outcomes, non-negative, summing to 1.

        Args:
            phases: other phases than the sampler's own, in radians, of shape
                ``(phases,)`` or ``(batch, phases)``.

        Returns:
            shape ``(outcomes,)`` or ``(batch, outcomes)``.

        Raises:
            InvalidInput: for phases that are no tensor, not finite or of another shape.
        """
        if phases is not None and not isinstance(phases, Tensor):
            raise InvalidInput(
                f"phases is {shown(phases)}; allowed is a tensor of {self.mesh.phases} numbers in "
                "radians, or of rows of them"
            )
        return self._pass(self.phases if phases is None else phases)

    def response(self) -> tuple[Tensor, Tensor]:
        """The probabilities and their Jacobian by the trained phases, at the present phases.

        Returns:
            float64 of shapes ``(outcomes,)`` and ``(outcomes, trained phases)``, 1/radian.
        """
        probabilities, jacobian = self._respond(self.phases.detach())
        return probabilities, jacobian if self._places is None else jacobian[:, self._places]

    def batch_key(self) -> Hashable:
        """PQCNNs that differ in nothing but their phases go through their engine together."""
        kind = self.mesh, self.space, self.input_state, self.engine, self.trained_phases.dtype
        return type(self), *kind, self.trained

    def stack_phases(self, alike: Sequence[Sampler]) -> Tensor:
        """As of every sampler; in a few operations where phases are trained in part, too."""
        samplers = cast(Sequence[MeshSampler], alike)
        trained = torch.stack([sampler.trained_phases for sampler in samplers])
        if self.trained is None:
            return trained
        places = torch.stack([sampler.get_buffer("_places") for sampler in samplers])
        initial = torch.stack([sampler.get_buffer("_initial") for sampler in samplers])
        return initial.scatter(1, places, trained)

    def distribution_key(self) -> Hashable:
        """As of every sampler; what is trained in part is like no other."""
        alike = self.trained is None
        return (type(self), self.mesh, self.space, self.input_state) if alike else id(self)

    def circuit(self) -> "pcvl.Circuit":
        """The mesh as a Perceval circuit with the current phases; takes ``input_state``."""
        return self.mesh.circuit(self.phases.detach().tolist())

    def describe(self) -> dict[str, Any]:
        """Everything that decides which distribution belongs to the phases."""
        return {
            "modes": self.modes,
            "photons": self.photons,
            "space": self.space,
            "input_state": self.input_state,
            "mesh": self._mesh_name,
            "layers": self.mesh.layers,
            "trained": self.trained,
        }

    def extra_repr(self) -> str:
        return (
            f"modes={self.modes}, photons={self.photons}, space={self.space!r}, "
            f"input_state={self.input_state}, phases={self.mesh.phases}, "
            f"trained={self.trained_phases.numel()}, engine={self.engine!r}"
        )


class PQCNN(MeshSampler):
    """Photons in an interferometer mesh; its output is the outcome distribution.

    Args:
        modes: number of modes m, at least 1.
        photons: number of photons n, at least 0. More photons than modes are possible
            only in Fock space with an explicit ``input_state``.
        space: ``"unbunched"`` keeps the collision-free outcomes (at most one photon in
            a mode) and renormalises them; ``"fock"`` keeps all outcomes.
        input_state: photon count of each mode; by default one photon in each mode
            ⌊i·m/n⌋. (The reference notebook fills the first n modes.)
        engine: ``"fused"``, compiled, on the CPU; ``"merlin"``, the reference, for other
            devices too.
        mesh: ``"rectangular"``, all m(m−1) phases; ``"minimal"``, the 2mk − k² − k − m + 1
            of them (k occupied input modes) that reach every distribution.
        layers: number L of rectangular meshes one after another, with a fixed phase π on
            every mode in between, as in the code of arXiv:2505.08474, which calls it a
            non-linear layer. It is a global phase and does nothing, and a second
            universal mesh adds phases but no effective ones. The minimal mesh has 1.
        trained: number of phases to train, at most the effective ones; the others keep their
            initial values. Taken are, one after another, those that move the distribution
            furthest in a direction of their own (:func:`qcnn.samplers.response.most_independent`).
            All where absent.
        dtype: ``torch.float32`` or ``torch.float64``.
        seed: fixes the initial phases; drawn from torch's global state when absent.

    Attributes:
        trained_phases: the trainable ones among the phases, in their order.
        states: the outcomes as tuples of photon counts, in the order of the
            probabilities: descending lexicographic.
        input_state: the input Fock state in use.

    Raises:
        InvalidInput: one sentence that names the value and what is allowed.

    Source: arXiv:2505.08474, Section II; reference notebook of MerLin.

    >>> sampler = PQCNN(4, 2, seed=1)
    >>> sampler().shape, sampler.states[0], sampler.effective_phases
    (torch.Size([6]), (1, 1, 0, 0), 5)
    >>> deeper = PQCNN(4, 2, layers=3, seed=1)
    >>> deeper.phases.shape, deeper.effective_phases
    (torch.Size([36]), 5)
    >>> few = PQCNN(4, 2, trained=3, seed=1)
    >>> few.phases.shape, few.trained_phases.shape, few.effective_phases
    (torch.Size([12]), torch.Size([3]), 3)
    """

    def __init__(
        self,
        modes: int,
        photons: int,
        *,
        space: str = "unbunched",
        input_state: Sequence[int] | None = None,
        engine: str = "fused",
        mesh: str = "rectangular",
        layers: int = 1,
        trained: int | None = None,
        dtype: torch.dtype = torch.float32,
        seed: int | None = None,
    ) -> None:
        self.engine = engine
        super().__init__(
            modes,
            photons,
            space=space,
            input_state=input_state,
            mesh=mesh,
            layers=layers,
            trained=trained,
            dtype=dtype,
            seed=seed,
        )

    def _build(self, dtype: torch.dtype) -> Engine:
        return build_engine(
            self.engine, self.mesh, self.photons, self.space, self.input_state, dtype
        )

    def _independent_phases(self) -> int:
        """As many as are effective where all are trained."""
        if is_universal(self._mesh_name):
            return effective_phases(self.modes, self.outcomes, self.input_state)
        return _rank(self.engine, self.mesh, self.photons, self.space, self.input_state)


@lru_cache(maxsize=256)
def _rank(engine: str, mesh: Mesh, photons: int, space: str, input_state: FockState) -> int:
    run = build_engine(engine, mesh, photons, space, input_state, torch.float64)
    return rank(run, mesh.phases)


def check_pqcnn(sampler: object) -> None:
    """Raises InvalidInput for anything but a PQCNN."""
    if not isinstance(sampler, PQCNN):
        raise InvalidInput(f"sampler is {shown(sampler)}; allowed is a PQCNN")
