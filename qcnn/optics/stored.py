"""A linear circuit as data that a file can hold, and from there again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcnn.checks import fit_stored, shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.machine import check_large
from qcnn.optics.circuit import LinearCircuit, check_unitary, digest_of

#: An entry in all steps' matrices in plain torch: four places, with the gradients of each.
_PLACE_BYTES = 10 * 4 * 8
_STORED = {
    "modes": int,
    "parameters": tuple[str, ...],
    "places": tuple[tuple[int, ...], ...],
    "scale": tuple[float, ...],
    "half": tuple[tuple[float, ...], ...],
    "angle": tuple[tuple[float, ...], ...],
}


def store_circuit(circuit: LinearCircuit) -> dict[str, Any]:
    """What :func:`build_circuit` makes the circuit of; anything that JSON can hold."""
    return {
        "modes": circuit.modes,
        "parameters": circuit.parameters,
        "places": circuit.places.tolist(),
        "scale": circuit.scale.tolist(),
        "half": _without_zeros(circuit.half),
        "angle": _without_zeros(circuit.angle),
    }


def build_circuit(stored: object) -> LinearCircuit:
    """The circuit, but for the values that its parameters began with.

    Raises:
        InvalidInput: for anything that :func:`store_circuit` does not return.

    >>> import perceval as pcvl
    >>> from qcnn.optics.circuit import read_circuit
    >>> circuit = read_circuit(pcvl.Circuit(2) // pcvl.BS(theta=pcvl.P("a")))
    >>> build_circuit(store_circuit(circuit)) == circuit
    True
    """
    found = fit_stored(stored, _STORED, "a circuit")
    modes, count = whole_number(found["modes"], "modes of a circuit", 1), len(found["places"])
    for place in found["places"]:
        _check_indices(place, (count, modes, modes), "place")
    steps = 1 + max((step for step, _, _ in found["places"]), default=-1)
    check_large(_PLACE_BYTES * steps * modes**2, f"a circuit of {modes} modes and {steps} steps")
    if len(found["scale"]) != count:
        raise InvalidInput(
            f"the number of factors of a circuit is {len(found['scale'])}; allowed are {count}, as "
            "many as it has entries"
        )
    places = np.array(found["places"], dtype=np.int64).reshape(-1, 3)
    shape = count, 1 + len(found["parameters"])
    check_large(8 * shape[0] * shape[1], f"a circuit of {shape[1] - 1} parameters")
    half, angle = (_with_zeros(found[name], shape) for name in ("half", "angle"))
    parts = places, np.array(found["scale"], dtype=np.float64), half, angle
    start = (None,) * len(found["parameters"])
    parameters = found["parameters"]
    made = LinearCircuit(modes, parameters, digest_of(*parts), *parts, steps=steps, start=start)
    check_unitary(made)
    return made


def _without_zeros(rows: NDArray[np.float64]) -> list[list[float]]:
    """Row, column and value of all that is not 0."""
    return [[*map(int, place), float(rows[tuple(place)])] for place in np.argwhere(rows)]


def _with_zeros(
    values: tuple[tuple[float, ...], ...], shape: tuple[int, int]
) -> NDArray[np.float64]:
    rows = np.zeros(shape)
    for value in values:
        _check_indices(value[:2], shape, "term")
        if len(value) != 3:
            raise InvalidInput(f"a term of a circuit is {shown(value)}; allowed are three numbers")
        rows[int(value[0]), int(value[1])] = value[2]
    return rows


def _check_indices(found: tuple[float, ...], sizes: tuple[int, ...], what: str) -> None:
    fits = len(found) == len(sizes) and all(
        isinstance(index, int) and 0 <= index < size
        for index, size in zip(found, sizes, strict=True)
    )
    if not fits:
        raise InvalidInput(
            f"the {what} of a circuit's entry is {shown(found)}; allowed are {len(sizes)} whole "
            f"numbers from 0, below {', '.join(map(str, sizes))}"
        )
