"""Any linear circuit of Perceval's as data: its unitary as entries that depend on its parameters.

Every entry of every component is scale·cos(half)·exp(i·angle), where half and angle are sums of
multiples of the circuit's free parameters: a beam splitter's are cos and sin of θ/2 with the phases
of its corners, a phase shifter's is exp(iφ), and those of fixed components are numbers. Components
on different modes are one step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import isfinite, nan, pi
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qcnn.checks import shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.plotting import import_matplotlib

if TYPE_CHECKING:
    import perceval as pcvl

#: A constant, and the multiple of each parameter by its number.
Linear = tuple[float, dict[int, float]]
_ZERO: Linear = (0.0, {})
#: How far a circuit's matrix may be from a unitary one.
_UNITARY = 1e-6
#: Fixed phases of a beam splitter's four entries in each convention, row by row.
_BEAM_SPLITTERS = {
    "Rx": (0.0, pi / 2, pi / 2, 0.0),
    "Ry": (0.0, pi, 0.0, 0.0),
    "H": (0.0, 0.0, 0.0, pi),
}


@dataclass(frozen=True)
class LinearCircuit:
    """A linear circuit as data; takes a :class:`qcnn.optics.mesh.Mesh`'s place.

    Attributes:
        modes: number of modes m, at least 1.
        parameters: names of the free parameters, in the order of the phases.
        digest: of everything else, which it stands for when two circuits are compared.
        places: step, row and column of each entry, shape ``(entries, 3)``.
        scale: factor of each entry.
        half: its half angle, radians, by constant and parameters, shape
            ``(entries, 1 + parameters)``.
        angle: its angle, likewise.
        steps: number of steps.
        start: values that the parameters have in the circuit, radians; None where they have none.
    """

    modes: int
    parameters: tuple[str, ...]
    digest: str
    places: NDArray[np.int64] = field(compare=False, repr=False)
    scale: NDArray[np.float64] = field(compare=False, repr=False)
    half: NDArray[np.float64] = field(compare=False, repr=False)
    angle: NDArray[np.float64] = field(compare=False, repr=False)
    steps: int = field(compare=False)
    start: tuple[float | None, ...] = field(compare=False, repr=False)

    layers = 1

    @property
    def phases(self) -> int:
        """Number of free parameters."""
        return len(self.parameters)

    @property
    def entries(self) -> tuple[int, ...]:
        """For each input mode the mode that its light enters, which is itself."""
        return tuple(range(self.modes))

    def unitary(self, phases: Sequence[float]) -> NDArray[np.complex128]:
        """The unitary at these values of the parameters, radians; shape ``(modes, modes)``."""
        values = np.concatenate([[1.0], np.asarray(phases, dtype=np.float64)])
        entries = self.scale * np.cos(self.half @ values) * np.exp(1j * (self.angle @ values))
        found = np.eye(self.modes, dtype=np.complex128)
        for step in range(self.steps):
            chosen = self.places[:, 0] == step
            matrix = np.eye(self.modes, dtype=np.complex128)
            touched = np.unique(self.places[chosen, 1])
            matrix[touched, touched] = 0
            matrix[self.places[chosen, 1], self.places[chosen, 2]] = entries[chosen]
            found = matrix @ found
        return found

    def circuit(self, phases: Sequence[float]) -> "pcvl.Circuit":
        """A Perceval circuit of one component with the unitary at these values."""
        import_matplotlib()
        import perceval as pcvl

        unitary = pcvl.Unitary(pcvl.Matrix(self.unitary(phases)))
        return pcvl.Circuit(self.modes).add(0, unitary)


@dataclass
class _Entry:
    row: int
    column: int
    scale: float = 1.0
    half: Linear = _ZERO
    angle: Linear = _ZERO


def read_circuit(circuit: "pcvl.Circuit") -> LinearCircuit:
    """A Perceval circuit as data.

    Args:
        circuit: of beam splitters of every convention, phase shifters, permutations, fixed
            unitaries, barriers and circuits of these. Its free parameters may stand in several
            places, and in expressions that are sums of multiples of them.

    Raises:
        InvalidInput: for anything else, by name, for numbers that are not finite and real, and
            for a matrix that is off a unitary one.
    """
    import_matplotlib()
    from perceval.components import ACircuit

    if not isinstance(circuit, ACircuit):
        raise InvalidInput(f"circuit is {shown(circuit)}; allowed is a Perceval circuit")
    # Perceval lists those with a value for good too where they stand in an expression.
    free = {each.name: each for each in circuit.get_parameters() if not each.fixed}
    numbers = {name: number for number, name in enumerate(free)}
    steps, entries = [0] * circuit.m, []
    for modes, component in _components(circuit):
        step = max((steps[mode] for mode in modes), default=0)
        found = _entries(component, numbers)
        if not found:
            continue
        for mode in modes:
            steps[mode] = step + 1
        entries += [(step, modes[each.row], modes[each.column], each) for each in found]
    places = np.array([entry[:3] for entry in entries], dtype=np.int64).reshape(-1, 3)
    scale = np.array([each.scale for *_, each in entries], dtype=np.float64)
    half, angle = (
        _rows([getattr(each, name) for *_, each in entries], len(numbers))
        for name in ("half", "angle")
    )
    parts = (places, scale, half, angle)
    made = LinearCircuit(
        circuit.m,
        tuple(numbers),
        digest_of(*parts),
        *parts,
        steps=max(steps),
        start=tuple(_real(each, each.spv) if each.defined else None for each in free.values()),
    )
    # Perceval's own check lets pass what no file is read with.
    check_unitary(made)
    return made


def digest_of(*parts: NDArray[Any]) -> str:
    """A hash of the arrays of a circuit; −0.0 is 0.0 in it, as no file tells them apart."""
    return sha256(b"".join((part + 0).tobytes() for part in parts)).hexdigest()


def check_unitary(circuit: LinearCircuit) -> None:
    """Raises InvalidInput unless light is neither lost nor won, whatever the parameters."""
    values = np.random.default_rng(0).uniform(0, 2 * np.pi, circuit.phases)
    with np.errstate(all="ignore"):
        found = circuit.unitary(values.tolist())
        error = np.abs(found @ found.conj().T - np.eye(circuit.modes)).max()
    if not error < _UNITARY:
        raise InvalidInput(
            f"the matrix of a circuit is off a unitary one by {error:.3g}; allowed are {_UNITARY:g}"
        )


def counts_of(state: "Sequence[int] | pcvl.BasicState") -> list[int]:
    """Photon count of each mode of a list or of a Perceval state.

    Raises:
        InvalidInput: for a state whose photons are told apart, or anything else.
    """
    try:
        counts = [whole_number(count, "a photon count of the input state", 0) for count in state]
    except TypeError:
        raise InvalidInput(
            f"the input state is {shown(state)}; allowed are photon counts of the modes"
        ) from None
    if "{" in str(state):
        raise InvalidInput(
            f"the input state is {shown(str(state))}; allowed are photons without annotations, "
            "and distinguishable ones by qcnn.noise or qcnn.DistinguishablePhotons"
        )
    return counts


def _components(circuit: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The components with their modes, in the order in which light passes them."""
    from perceval.components import Circuit

    if isinstance(circuit, Circuit):
        yield from ((tuple(modes), component) for modes, component in circuit)
    else:
        yield tuple(range(circuit.m)), circuit


def _entries(component: Any, numbers: dict[str, int]) -> list[_Entry]:
    from perceval.components import BS, PERM, PS, Barrier, Unitary

    def value(name: str) -> Linear:
        # Perceval's compute_unitary reads the attributes. Its inverse writes there; what it leaves
        # in component.param may be as it was before, or of another place.
        return _multiples_of(getattr(component, f"_{name}"), numbers)

    def is_a(kind: Any) -> bool:
        # What has a unitary of its own is another component, whatever it is derived from.
        own = getattr(type(component), "_compute_unitary", None)
        return isinstance(component, kind) and own is kind._compute_unitary

    if is_a(Barrier):
        return []
    if not component.requires_polarization:
        if is_a(BS):
            corners = {name: value(f"phi_{name}") for name in ("tl", "bl", "tr", "br")}
            return _beam_splitter(component.convention.name, value("theta"), corners)
        if is_a(PS):
            _check_error(component._max_error)
            return [_Entry(0, 0, angle=value("phi"))]
        if is_a(PERM):
            return [_Entry(row, column) for column, row in enumerate(component.perm_vector)]
        if is_a(Unitary):
            matrix = np.array(component.compute_unitary(), dtype=np.complex128)
            return [
                _Entry(row, column, abs(entry), angle=(float(np.angle(entry)), {}))
                for (row, column), entry in np.ndenumerate(matrix)
            ]
    raise InvalidInput(
        f"a component of the circuit is a {type(component).__name__}; allowed are BS, PS, PERM, "
        "Unitary and Barrier, without polarisation, and circuits of these"
    )


def _check_error(error: Any) -> None:
    """Raises InvalidInput for the error of a phase shifter, a parameter of Perceval's, unless 0."""
    found = error.name if error.is_variable else _real(error, error.spv)
    if found != 0:
        raise InvalidInput(
            f"max_error of a phase shifter is {shown(found)}; allowed is 0, and errors of the "
            "phases by qcnn.noise"
        )


def _beam_splitter(convention: str, theta: Linear, corners: dict[str, Linear]) -> list[_Entry]:
    """Phases on both inputs, the splitter, phases on both outputs: top and bottom."""
    cosine = _sum((0.5, theta))
    sine = _sum((1.0, cosine), (1.0, (-pi / 2, {})))
    fixed = iter(_BEAM_SPLITTERS[convention])
    return [
        _Entry(
            row,
            column,
            half=cosine if row == column else sine,
            angle=_sum(
                (1.0, (next(fixed), {})),
                (1.0, corners["tr" if row == 0 else "br"]),
                (1.0, corners["tl" if column == 0 else "bl"]),
            ),
        )
        for row in (0, 1)
        for column in (0, 1)
    ]


def _real(number: Any, parameter: object) -> float:
    """A number of Perceval's or SymPy's as a float; the parameter that it is of is named."""
    try:
        found = float(number)
    except (OverflowError, TypeError, ValueError):
        found = nan
    if not isfinite(found):
        raise InvalidInput(
            f"a parameter of the circuit is {shown(parameter)}; allowed are finite real numbers, "
            "and sums of such multiples of parameters"
        )
    return found


def _multiples_of(parameter: Any, numbers: dict[str, int]) -> Linear:
    """A parameter, a number or an expression as a sum of multiples of free parameters."""
    if not parameter.is_variable:
        return _real(parameter, parameter.spv), {}
    if parameter.name in numbers:
        return 0.0, {numbers[parameter.name]: 1.0}
    expression = _without_fixed(parameter)
    free = sorted(expression.free_symbols, key=str)
    if not free:
        return _real(expression, parameter.name), {}
    polynomial = expression.as_poly(*free)
    if polynomial is None or polynomial.total_degree() > 1:
        raise InvalidInput(
            f"a parameter of the circuit is {shown(parameter.name)}; allowed are sums of "
            "multiples of parameters"
        )
    constant, *multiples = (
        _real(polynomial.coeff_monomial(each), parameter.name) for each in (1, *free)
    )
    places = [numbers[symbol.name] for symbol in free]
    return constant, dict(zip(places, multiples, strict=True))


def _without_fixed(parameter: Any) -> Any:
    """An expression with numbers in the place of those parameters that have them for good."""
    fixed = {each.name: _real(each, each.spv) for each in parameter.parameters if each.fixed}
    expression = parameter.spv
    return expression.subs({s: fixed[s.name] for s in expression.free_symbols if s.name in fixed})


def _sum(*terms: tuple[float, Linear]) -> Linear:
    """The sum of multiples of such sums."""
    multiples: dict[int, float] = {}
    for factor, (_, of_parameters) in terms:
        for number, multiple in of_parameters.items():
            multiples[number] = multiples.get(number, 0.0) + factor * multiple
    return sum(factor * constant for factor, (constant, _) in terms), multiples


def _rows(values: Sequence[Linear], parameters: int) -> NDArray[np.float64]:
    rows = np.zeros((len(values), 1 + parameters))
    for row, (constant, multiples) in zip(rows, values, strict=True):
        row[0] = constant
        for number, multiple in multiples.items():
            row[1 + number] = multiple
    return rows
