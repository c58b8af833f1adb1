"""The minimal mesh: as many phases as matter, and no distribution lost."""

from collections.abc import Sequence

import numpy as np
import perceval as pcvl
import pytest
import torch
from numpy.typing import ArrayLike, NDArray

from qcnn.engines import fused
from qcnn.meshes.minimal import minimal
from qcnn.meshes.rectangular import rectangular
from qcnn.optics.fock import (
    FockState,
    count_outcomes,
    effective_phases,
    enumerate_states,
    spread_input,
)

SIZES = [
    spread_input(4, 2),
    spread_input(5, 5),
    spread_input(8, 4),
    spread_input(9, 4),
    (1, 1, 1, 0, 0, 0, 0),
    (0, 0, 1, 0, 0, 1),
    (2, 0, 1, 0, 0),
    (0, 3, 0, 0, 1, 1),
    (0, 0, 2),
    spread_input(12, 6),
]


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
    """
    rest = np.array(columns, dtype=np.complex128)
    modes, occupied = len(input_state), sum(count > 0 for count in input_state)
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


def random_phases(count: int, seed: int) -> torch.Tensor:
    fractions = torch.rand(count, generator=torch.Generator().manual_seed(seed))
    return (2 * torch.pi * fractions).double()


def random_unitary(modes: int, seed: int) -> np.ndarray:
    parts = np.random.default_rng(seed).normal(size=(2, modes, modes))
    unitary, _ = np.linalg.qr(parts[0] + 1j * parts[1])
    return unitary


def perceval_probabilities(
    circuit: pcvl.Circuit, input_state: FockState, states: tuple[FockState, ...]
) -> np.ndarray:
    backend = pcvl.BackendFactory.get_backend("SLOS")
    backend.set_circuit(circuit)
    backend.set_input_state(pcvl.BasicState(list(input_state)))
    found = {tuple(state): value for state, value in backend.prob_distribution().items()}
    return np.array([found.get(state, 0.0) for state in states])


@pytest.mark.parametrize("input_state", SIZES)
def test_it_has_exactly_the_phases_that_matter(input_state: FockState) -> None:
    modes = len(input_state)
    k = sum(count > 0 for count in input_state)
    small = minimal(modes, input_state)
    assert small.phases == 2 * modes * k - k * k - k - modes + 1
    assert small.phases == effective_phases(modes, 10**9, input_state)
    numbers = [number for row in small.table() for number in row[1:] if number >= 0]
    assert numbers == list(range(small.phases))


@pytest.mark.parametrize(("modes", "input_state"), [(1, (3,)), (1, (0,)), (4, (0, 0, 0, 0))])
def test_nothing_matters_without_light_or_with_one_mode(modes: int, input_state: FockState) -> None:
    small = minimal(modes, input_state)
    assert small.phases == 0
    assert small.table().shape == (0, 3)
    np.testing.assert_array_equal(fused.unitary(small, []), np.eye(modes))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("input_state", SIZES)
def test_it_reaches_the_distribution_of_any_unitary(input_state: FockState, seed: int) -> None:
    modes, photons = len(input_state), sum(input_state)
    wanted = random_unitary(modes, seed)
    columns = wanted[:, np.array(input_state) > 0]
    phases = decompose(columns, input_state)
    small = minimal(modes, input_state)
    got = fused.build(small, photons, "fock", input_state, torch.float64)(torch.tensor(phases))
    states = enumerate_states(modes, photons, "fock")
    circuit = pcvl.Unitary(pcvl.Matrix(wanted))
    expected = perceval_probabilities(circuit, input_state, states)
    np.testing.assert_allclose(got.numpy(), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("space", ["unbunched", "fock"])
@pytest.mark.parametrize("input_state", [spread_input(9, 4), spread_input(12, 6)])
def test_it_reaches_what_the_rectangular_mesh_reaches(input_state: FockState, space: str) -> None:
    modes, photons = len(input_state), sum(input_state)
    full = rectangular(modes)
    start = random_phases(full.phases, 3)
    columns = fused.unitary(full, start)[:, np.array(input_state) > 0]
    phases = torch.tensor(decompose(columns, input_state))
    small = minimal(modes, input_state)
    expected = fused.build(full, photons, space, input_state, torch.float64)(start)
    got = fused.build(small, photons, space, input_state, torch.float64)(phases)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", ["rectangular", "minimal"])
@pytest.mark.parametrize("space", ["unbunched", "fock"])
@pytest.mark.parametrize(
    "input_state", [(1, 0, 1), (0, 1, 0, 1, 0), (2, 0, 1, 0, 0), (0, 0, 1, 1, 1, 0), (1, 1, 1, 1)]
)
def test_all_its_phases_have_an_effect(input_state: FockState, space: str, kind: str) -> None:
    modes, photons = len(input_state), sum(input_state)
    some_mesh = rectangular(modes) if kind == "rectangular" else minimal(modes, input_state)
    engine = fused.build(some_mesh, photons, space, input_state, torch.float64)
    phases = random_phases(some_mesh.phases, 4)
    jacobian = torch.autograd.functional.jacobian(engine, phases).numpy()
    singular = np.linalg.svd(jacobian, compute_uv=False)
    rank = int((singular > 1e-10).sum())
    outcomes = count_outcomes(modes, photons, space)
    assert rank == effective_phases(modes, outcomes, input_state)


@pytest.mark.parametrize("input_state", [(0, 1, 0, 1, 0), (0, 2, 1), (1, 0, 0, 1, 1, 1)])
def test_its_circuit_takes_the_original_input(input_state: FockState) -> None:
    modes, photons = len(input_state), sum(input_state)
    small = minimal(modes, input_state)
    phases = random_phases(small.phases, 5)
    circuit = small.circuit(phases.tolist())
    np.testing.assert_allclose(
        fused.unitary(small, phases), np.array(circuit.compute_unitary()), atol=1e-12
    )
    states = enumerate_states(modes, photons, "fock")
    expected = perceval_probabilities(circuit, input_state, states)
    got = fused.build(small, photons, "fock", input_state, torch.float64)(phases)
    np.testing.assert_allclose(got.numpy(), expected, rtol=0, atol=1e-12)


def test_symbolic_phases_are_named_in_order() -> None:
    small = minimal(4, (0, 1, 0, 1))
    names = [parameter.name for parameter in small.circuit().get_parameters()]
    assert names == [f"phase_{number:04d}" for number in range(small.phases)]


def test_decompose_handles_light_that_is_nowhere() -> None:
    input_state = (0, 1, 0, 1)
    phases = decompose(np.eye(4)[:, [1, 3]], input_state)
    small = minimal(4, input_state)
    got = fused.build(small, 2, "fock", input_state, torch.float64)(torch.tensor(phases))
    expected = [float(state == input_state) for state in enumerate_states(4, 2, "fock")]
    np.testing.assert_allclose(got.numpy(), expected, atol=1e-12)
