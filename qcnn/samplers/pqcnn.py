"""A boson sampler with trainable phases (PQCNN)."""

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import torch
from torch import Tensor, nn

from qcnn.checks import check_choice, fit_stored, shown, whole_number
from qcnn.engines import Engine, build_engine, engine_names
from qcnn.errors import InvalidInput
from qcnn.machine import check_large
from qcnn.meshes import check_mesh_size, is_universal, make_mesh
from qcnn.optics.circuit import LinearCircuit, counts_of, read_circuit
from qcnn.optics.fock import (
    FockState,
    check_input,
    check_space,
    count_outcomes,
    effective_phases,
    enumerate_states,
)
from qcnn.optics.mesh import Mesh
from qcnn.optics.stored import build_circuit, store_circuit
from qcnn.samplers.response import differentiate, most_independent, rank
from qcnn.samplers.sampler import Sampler, register_sampler
from qcnn.seeds import generator

if TYPE_CHECKING:
    import perceval as pcvl

_DTYPES = (torch.float32, torch.float64)
#: What is stored of a PQCNN that was made of a circuit, beside that.
_OF_CIRCUIT = ("input_state", "space", "trained")


class MeshSampler(Sampler):
    """Light in an interferometer mesh with trainable phases, and its outcome distribution.

    Which light it is, and so how the outcomes are distributed, says the subclass: it has a
    ``_build`` that makes the pass, and counts its effective phases. For arguments and attributes
    see :class:`PQCNN`.
    """

    #: What is stored of one, with the types.
    _stored: ClassVar[dict[str, Any]] = {
        "modes": int,
        "photons": int,
        "space": str,
        "input_state": tuple[int, ...],
        "mesh": str,
        "layers": int,
        "trained": int | None,
    }
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
        check_space(space)
        modes, photons = whole_number(modes, "modes", 1), whole_number(photons, "photons", 0)
        check_mesh_size(mesh, modes, photons, layers)
        state = check_input(modes, photons, space, input_state)
        _check_outcomes(modes, photons, space)  # before the mesh, which takes longer to build
        self._mesh_name = mesh
        self._set_up(make_mesh(mesh, modes, state, layers), space, state, trained, dtype, seed)

    def _set_up(
        self,
        mesh: Mesh | LinearCircuit,
        space: str,
        input_state: FockState,
        trained: int | None,
        dtype: torch.dtype,
        seed: int | None,
    ) -> None:
        if not isinstance(dtype, torch.dtype) or dtype not in _DTYPES:
            raise InvalidInput(
                f"dtype is {shown(dtype)}; allowed are torch.float32 and torch.float64"
            )
        self.modes, self.photons, self.space = mesh.modes, sum(input_state), space
        self.mesh, self.input_state, self._dtype = mesh, input_state, dtype
        self._pass = self._build(dtype)
        fractions = torch.rand(mesh.phases, generator=generator(seed, "phases"), dtype=dtype)
        phases = 2 * torch.pi * fractions
        if isinstance(mesh, LinearCircuit):
            for place, value in enumerate(mesh.start):
                if value is not None:
                    phases[place] = value
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
        if most == 0:
            raise InvalidInput(
                f"trained is {shown(trained)}; allowed where no phase has an effect is None"
            )
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
        """Phases that are not trained, and which ones are, where these were chosen."""
        trained = self.trained_phases.numel() if self.trained_phases.requires_grad else 0
        chosen = trained if self.trained is not None else 0
        return self.mesh.phases - trained + chosen

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
        places = torch.stack([cast(Tensor, sampler._places) for sampler in samplers])
        initial = torch.stack([cast(Tensor, sampler._initial) for sampler in samplers])
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
            "mesh": self.mesh.digest if isinstance(self.mesh, LinearCircuit) else self._mesh_name,
            "layers": self.mesh.layers,
            "trained": self.trained,
        }

    def configuration(self) -> dict[str, Any]:
        """As of every sampler."""
        return self.describe()

    @classmethod
    def from_configuration(cls, options: object, source: Sampler | None) -> Self:
        """As of every sampler."""
        return cls(**fit_stored(options, cls._stored, f"a {cls.__name__}"), seed=0)

    def extra_repr(self) -> str:
        return (
            f"modes={self.modes}, photons={self.photons}, space={self.space!r}, "
            f"input_state={self.input_state}, phases={self.mesh.phases}, "
            f"trained={self.trained_phases.numel()}, engine={self.engine!r}"
        )


@register_sampler("pqcnn")
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

    _stored = MeshSampler._stored | {"engine": str}

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
        check_choice(engine, "engine", engine_names())
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

    @classmethod
    def from_circuit(
        cls,
        circuit: "pcvl.Circuit",
        input_state: "Sequence[int] | pcvl.BasicState",
        *,
        space: str = "unbunched",
        trained: int | None = None,
        dtype: torch.dtype = torch.float32,
        seed: int | None = None,
    ) -> Self:
        """Photons in any linear circuit of Perceval's; its free parameters are the phases.

        Args:
            circuit: beam splitters of every convention, phase shifters, permutations, fixed
                unitaries, barriers and circuits of these. The phases are its free parameters, in
                the order of ``circuit.get_parameters()``; one may stand in several places, and in
                expressions that are sums of multiples of parameters. Errors of the phases
                (:mod:`qcnn.noise`) are one for each of them, wherever it stands.
            input_state: photon count of each mode.
            space: as of every PQCNN.
            trained: as of every PQCNN.
            dtype: as of every PQCNN.
            seed: fixes the initial phases, uniform in [0, 2π); those that have a value in the
                circuit begin there.

        Returns:
            a PQCNN with ``engine="torch"``, plain torch with every derivative.

        Raises:
            InvalidInput: for other components, by name, for parameters of other forms or of
                numbers that are not finite and real, and for states that do not fit.

        >>> import perceval as pcvl
        >>> a, b = pcvl.P("a"), pcvl.P("b")
        >>> circuit = pcvl.Circuit(3) // pcvl.BS(theta=a) // (1, pcvl.BS.H(theta=a, phi_tl=b))
        >>> sampler = PQCNN.from_circuit(circuit, [1, 1, 0], seed=1)
        >>> sampler.phases.shape, sampler().shape, sampler.effective_phases
        (torch.Size([2]), torch.Size([3]), 1)
        """
        mesh, counts = read_circuit(circuit), counts_of(input_state)
        return cls._of_circuit(mesh, counts, space, trained, dtype, seed)

    @classmethod
    def _of_circuit(
        cls,
        mesh: LinearCircuit,
        counts: Sequence[int],
        space: str,
        trained: int | None,
        dtype: torch.dtype,
        seed: int | None,
    ) -> Self:
        check_space(space)
        state = check_input(mesh.modes, sum(counts), space, counts)
        _check_outcomes(mesh.modes, sum(state), space)
        sampler = cls.__new__(cls)
        super(MeshSampler, sampler).__init__()
        sampler.engine, sampler._mesh_name = "torch", "circuit"
        sampler._set_up(mesh, space, state, trained, dtype, seed)
        return sampler

    def configuration(self) -> dict[str, Any]:
        """As of every sampler; a circuit's entries instead of a mesh where it was made of one."""
        if isinstance(self.mesh, LinearCircuit):
            stored = store_circuit(self.mesh)
            return {name: getattr(self, name) for name in _OF_CIRCUIT} | {"circuit": stored}
        return {**self.describe(), "engine": self.engine}

    @classmethod
    def from_configuration(cls, options: object, source: Sampler | None) -> Self:
        """As of every sampler."""
        if not isinstance(options, dict) or "circuit" not in options:
            return super().from_configuration(options, source)
        hints = {name: MeshSampler._stored[name] for name in _OF_CIRCUIT} | {"circuit": dict}
        found = fit_stored(options, hints, "a PQCNN")
        state, space, trained = (found[name] for name in _OF_CIRCUIT)
        circuit = build_circuit(found["circuit"])
        return cls._of_circuit(circuit, state, space, trained, torch.float32, seed=0)

    def _build(self, dtype: torch.dtype) -> Engine:
        # A circuit is for the engine in plain torch alone.
        mesh = cast(Mesh, self.mesh)
        return build_engine(self.engine, mesh, self.photons, self.space, self.input_state, dtype)

    def _independent_phases(self) -> int:
        """As many as are effective where all are trained."""
        mesh = cast(Mesh, self.mesh)
        if not isinstance(self.mesh, LinearCircuit) and is_universal(self._mesh_name):
            return effective_phases(self.modes, self.outcomes, self.input_state)
        return _rank(self.engine, mesh, self.photons, self.space, self.input_state)


@lru_cache(maxsize=256)
def _rank(engine: str, mesh: Mesh, photons: int, space: str, input_state: FockState) -> int:
    run = build_engine(engine, mesh, photons, space, input_state, torch.float64)
    return rank(run, mesh.phases)


def _check_outcomes(modes: int, photons: int, space: str) -> None:
    what = f"{photons} photons in {modes} modes with space={space!r}"
    check_large(8 * count_outcomes(modes, photons, space), what)


def check_pqcnn(sampler: object) -> None:
    """Raises InvalidInput for anything but a PQCNN."""
    if not isinstance(sampler, PQCNN):
        raise InvalidInput(f"sampler is {shown(sampler)}; allowed is a PQCNN")
