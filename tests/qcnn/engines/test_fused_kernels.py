"""The fused engine against Perceval, MerLin, finite differences, and itself."""

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import merlin as ML
import numpy as np
import perceval as pcvl
import psutil
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from qcnn.engines import fused
from qcnn.errors import InvalidInput
from qcnn.meshes.minimal import minimal
from qcnn.meshes.rectangular import rectangular
from qcnn.optics.fock import FockState, count_outcomes, enumerate_states, spread_input

SPACES = ("unbunched", "fock")


def random_phases(count: int, seed: int, batch: int | None = None) -> Tensor:
    shape = (count,) if batch is None else (batch, count)
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.pi * torch.rand(shape, generator=generator, dtype=torch.float64)


def build(
    input_state: FockState,
    space: str,
    kind: str = "rectangular",
    dtype: torch.dtype = torch.float64,
) -> fused.FusedPass:
    modes = len(input_state)
    chosen = rectangular(modes) if kind == "rectangular" else minimal(modes, input_state)
    return fused.build(chosen, sum(input_state), space, input_state, dtype)


def value_and_gradient(engine: fused.FusedPass, phases: Tensor) -> tuple[Tensor, Tensor]:
    leaf = phases.clone().requires_grad_()
    probabilities = engine(leaf)
    (probabilities * cotangent_like(probabilities)).sum().backward()
    assert leaf.grad is not None
    return probabilities.detach(), leaf.grad


def cotangent_like(probabilities: Tensor) -> Tensor:
    outcomes = torch.arange(probabilities.shape[-1], dtype=probabilities.dtype)
    return torch.sin(1.0 + outcomes).expand_as(probabilities)


def perceval_probabilities(circuit: pcvl.Circuit, input_state: FockState, space: str) -> np.ndarray:
    backend = pcvl.BackendFactory.get_backend("SLOS")
    backend.set_circuit(circuit)
    backend.set_input_state(pcvl.BasicState(list(input_state)))
    found = {tuple(state): value for state, value in backend.prob_distribution().items()}
    states = enumerate_states(len(input_state), sum(input_state), space)
    selected = np.array([found.get(state, 0.0) for state in states])
    return selected / selected.sum() if space == "unbunched" else selected


def merlin_pass(
    input_state: FockState, space: str, dtype: torch.dtype
) -> tuple[ML.QuantumLayer, Tensor]:
    """A MerLin layer, and the positions of our outcomes among its own."""
    spaces = {"unbunched": ML.ComputationSpace.UNBUNCHED, "fock": ML.ComputationSpace.FOCK}
    modes = len(input_state)
    layer = ML.QuantumLayer(
        input_size=rectangular(modes).phases,
        circuit=rectangular(modes).circuit(),
        trainable_parameters=[],
        input_parameters=["phase_"],
        input_state=list(input_state),
        measurement_strategy=ML.MeasurementStrategy.probs(computation_space=spaces[space]),
        dtype=dtype,
    )
    position = {tuple(key): index for index, key in enumerate(layer.output_keys)}
    states = enumerate_states(modes, sum(input_state), space)
    return layer, torch.tensor([position[state] for state in states])


@st.composite
def samplers(draw: st.DrawFn) -> tuple[FockState, str]:
    """An input state of up to 10 modes and 5 photons, bunched or not, and a space."""
    space = draw(st.sampled_from(SPACES))
    modes = draw(st.integers(1, 10))
    photons = draw(st.integers(0, min(5, modes) if space == "unbunched" else 5))
    places = draw(st.lists(st.integers(0, modes - 1), min_size=photons, max_size=photons))
    return tuple(places.count(mode) for mode in range(modes)), space


@given(samplers(), st.integers(0, 1000), st.sampled_from(["rectangular", "minimal"]))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_probabilities_are_those_of_perceval(
    sampler: tuple[FockState, str], seed: int, kind: str
) -> None:
    engine = build(*sampler, kind)
    phases = random_phases(engine.mesh.phases, seed)
    expected = perceval_probabilities(engine.mesh.circuit(phases.tolist()), *sampler)
    got = engine(phases)
    assert got.shape == (count_outcomes(engine.mesh.modes, engine.photons, engine.space),)
    np.testing.assert_allclose(got.numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize(("modes", "photons"), [(2, 1), (4, 3), (6, 3), (8, 4), (10, 5)])
def test_probabilities_and_gradients_are_those_of_merlin(
    modes: int, photons: int, space: str
) -> None:
    input_state = spread_input(modes, photons)
    layer, order = merlin_pass(input_state, space, torch.float64)
    phases = random_phases(rectangular(modes).phases, 7)
    leaf = phases.clone().requires_grad_()
    expected = layer(leaf).reshape(-1)[order]
    expected = expected / expected.sum()
    (expected * cotangent_like(expected)).sum().backward()
    got, gradient = value_and_gradient(build(input_state, space), phases)
    torch.testing.assert_close(got, expected.detach(), rtol=0, atol=1e-12)
    torch.testing.assert_close(gradient, leaf.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("kind", ["rectangular", "minimal"])
@pytest.mark.parametrize(
    "input_state", [(1, 0, 1, 0, 1, 0), (2, 0, 1, 0, 0), (0, 1), (0, 0, 3, 0), spread_input(9, 4)]
)
def test_gradient_is_that_of_central_differences(
    input_state: FockState, kind: str, space: str
) -> None:
    engine = build(input_state, space, kind)
    phases = random_phases(engine.mesh.phases, 11)
    _, gradient = value_and_gradient(engine, phases)
    expected = torch.stack([_slope(engine, phases, number) for number in range(len(phases))])
    # A vanishing gradient (the total probability of two modes) still has rounding errors.
    largest = max(float(expected.abs().max()), 1e-3)
    assert float((gradient - expected).abs().max()) < 1e-8 * largest


def _slope(engine: fused.FusedPass, phases: Tensor, number: int) -> Tensor:
    """Central differences of two widths, combined so that the error is of fourth order."""

    def loss(shift: float) -> Tensor:
        moved = phases.clone()
        moved[number] += shift
        probabilities = engine(moved)
        return (probabilities * cotangent_like(probabilities)).sum()

    width = 1e-3
    near = (loss(width) - loss(-width)) / (2 * width)
    far = (loss(2 * width) - loss(-2 * width)) / (4 * width)
    return (4 * near - far) / 3


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("batch", [None, 3])
def test_gradcheck(space: str, batch: int | None) -> None:
    engine = build((1, 0, 2, 0), space) if space == "fock" else build((1, 0, 1, 1, 0), space)
    phases = random_phases(engine.mesh.phases, 13, batch).requires_grad_()
    assert torch.autograd.gradcheck(engine, (phases,), atol=1e-7)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_batch_is_the_loop_bit_for_bit(space: str, dtype: torch.dtype) -> None:
    engine = build(spread_input(7, 3), space, dtype=dtype)
    phases = random_phases(engine.mesh.phases, 17, batch=5).to(dtype)
    together, gradients = value_and_gradient(engine, phases)
    without_gradient = engine(phases)
    assert together.dtype == gradients.dtype == dtype
    for sample in range(len(phases)):
        alone, gradient = value_and_gradient(engine, phases[sample])
        assert torch.equal(together[sample], alone)
        assert torch.equal(without_gradient[sample], alone)
        assert torch.equal(gradients[sample], gradient)


def test_an_empty_batch_is_empty() -> None:
    engine = build((1, 0, 1, 0), "unbunched")
    probabilities, gradient = value_and_gradient(engine, torch.empty(0, 12, dtype=torch.float64))
    assert probabilities.shape == (0, 6)
    assert gradient.shape == (0, 12)


@pytest.mark.parametrize("space", SPACES)
def test_several_threads_get_what_one_gets(space: str) -> None:
    engine = build(spread_input(10, 5), space)
    inputs = [random_phases(engine.mesh.phases, seed) for seed in range(16)]
    alone = [value_and_gradient(engine, phases) for phases in inputs]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            together = list(pool.map(lambda phases: value_and_gradient(engine, phases), inputs))
            for (p, g), (q, h) in zip(alone, together, strict=True):
                assert torch.equal(p, q)
                assert torch.equal(g, h)


def test_threads_can_differentiate_one_retained_graph() -> None:
    engine = build(spread_input(12, 6), "fock")
    phases = random_phases(engine.mesh.phases, 19).requires_grad_()
    probabilities = engine(phases)

    def gradient(shift: int) -> Tensor:
        cotangent = torch.sin(shift + torch.arange(len(probabilities), dtype=torch.float64))
        return torch.autograd.grad(probabilities, phases, cotangent, retain_graph=True)[0]

    alone = [gradient(shift) for shift in range(100)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(gradient, range(100)))
    assert all(torch.equal(g, h) for g, h in zip(alone, together, strict=True))


def test_phases_changed_in_place_do_not_change_the_gradient_of_before() -> None:
    engine = build(spread_input(5, 2), "unbunched")
    phases = random_phases(engine.mesh.phases, 23)
    _, expected = value_and_gradient(engine, phases)
    leaf = phases.clone().requires_grad_()
    loss = (engine(leaf) * cotangent_like(torch.empty(10, dtype=torch.float64))).sum()
    with torch.no_grad():
        leaf.add_(1.0)
    loss.backward()
    torch.testing.assert_close(leaf.grad, expected, rtol=0, atol=0)


_OTHER_PROCESS = """
import sys, torch
from qcnn.meshes.minimal import minimal
from qcnn.meshes.rectangular import rectangular
from qcnn.engines import fused
phases = torch.linspace(0, 6, 42, dtype=torch.float64, requires_grad=True)
probabilities = fused.build(rectangular(7), 3, sys.argv[1], None, torch.float64)(phases)
(probabilities * torch.sin(torch.arange(len(probabilities)))).sum().backward()
print([x.hex() for x in probabilities.tolist() + phases.grad.tolist()])
"""


@pytest.mark.parametrize("space", SPACES)
def test_other_processes_get_the_same(space: str) -> None:
    command = [sys.executable, "-c", _OTHER_PROCESS, space]
    answers = {
        subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)
    }
    phases = torch.linspace(0, 6, 42, dtype=torch.float64, requires_grad=True)
    probabilities = build(spread_input(7, 3), space)(phases)
    (probabilities * torch.sin(torch.arange(len(probabilities)))).sum().backward()
    assert phases.grad is not None
    numbers = [x.hex() for x in probabilities.tolist() + phases.grad.tolist()]
    assert answers == {f"{numbers}\n"}


@pytest.mark.parametrize(
    ("input_state", "space"),
    [
        ((0,), "unbunched"),
        ((0,), "fock"),
        ((1,), "unbunched"),
        ((3,), "fock"),
        ((0, 0, 0, 0, 0), "unbunched"),
        ((0, 0, 0, 0, 0), "fock"),
        ((1, 1, 1), "unbunched"),
    ],
)
def test_a_single_outcome_is_certain_and_stays_connected(
    input_state: FockState, space: str
) -> None:
    engine = build(input_state, space, dtype=torch.float32)
    phases = random_phases(engine.mesh.phases, 29, batch=2).requires_grad_()
    probabilities = engine(phases)
    assert torch.equal(probabilities, torch.ones(2, 1))
    probabilities.sum().backward()
    torch.testing.assert_close(phases.grad, torch.zeros_like(phases), rtol=0, atol=0)
    assert engine(phases[0]).shape == (1,)


def test_more_photons_than_modes() -> None:
    engine = build((9, 6), "fock")
    phases = random_phases(2, 31)
    expected = perceval_probabilities(engine.mesh.circuit(phases.tolist()), (9, 6), "fock")
    np.testing.assert_allclose(engine(phases).numpy(), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("size", [(20, 1), (40, 2), (300, 1)])
def test_many_modes(size: tuple[int, int]) -> None:
    modes, photons = size
    engine = build(spread_input(modes, photons), "fock")
    phases = random_phases(engine.mesh.phases, 37)
    columns = fused.unitary(engine.mesh, phases)[:, np.array(engine.input_state) > 0]
    got = engine(phases)
    assert float(got.sum()) == pytest.approx(1, abs=1e-12)
    both_in_first = np.prod(np.abs(columns[0]) ** 2) * (2 if photons == 2 else 1)
    assert float(got[0]) == pytest.approx(both_in_first, rel=1e-10)


@pytest.mark.parametrize("kind", ["rectangular", "minimal"])
def test_unitary_is_that_of_the_circuit(kind: str) -> None:
    chosen = rectangular(6) if kind == "rectangular" else minimal(6, (0, 1, 0, 1, 1, 0))
    phases = random_phases(chosen.phases, 41)
    expected = np.array(chosen.circuit(phases.tolist()).compute_unitary())
    np.testing.assert_allclose(fused.unitary(chosen, phases), expected, atol=1e-13)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("input_state", [(1, 0, 1), (1, 1, 1)])
def test_phases_that_are_not_finite_are_refused(input_state: FockState, value: float) -> None:
    engine = build(input_state, "unbunched")
    phases = random_phases(6, 43, batch=2)
    phases[1, 5] = value
    with pytest.raises(InvalidInput, match=rf"phases has {value} at \(1, 5\); allowed are finite"):
        engine(phases)
    with pytest.raises(InvalidInput, match=rf"phases has {value} at \(5,\); allowed are finite"):
        engine(phases[1].requires_grad_())
    with pytest.raises(InvalidInput, match="allowed are finite"):
        fused.unitary(engine.mesh, phases[1].detach().numpy())


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        (torch.zeros(5), r"phases has shape \(5,\); allowed are \(6,\) and \(batch, 6\)"),
        (torch.zeros(1, 2, 6), r"phases has shape \(1, 2, 6\); allowed"),
        (torch.zeros(()), r"phases has shape \(\); allowed"),
        (torch.zeros(6, device="meta"), r'phases is on meta; .* the CPU, and engine="torch"'),
        (torch.zeros(6, dtype=torch.int64), r"phases has dtype torch.int64; allowed are"),
    ],
)
def test_other_phases_are_refused(phases: Tensor, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        build((1, 0, 1), "fock")(phases)


@pytest.mark.parametrize("inner", [0.0, torch.pi])
def test_impossible_collision_free_outcomes_are_named(inner: float) -> None:
    # Each cell swaps its modes or sends the light straight through: the pair stays together.
    phases = torch.tensor([inner, 1.0] * 3, dtype=torch.float64)
    assert float(build((2, 0, 0), "fock")(phases).max()) == pytest.approx(1)
    with pytest.raises(InvalidInput, match="collision-free outcomes have probability 0"):
        build((2, 0, 0), "unbunched")(phases)


def test_what_does_not_fit_is_refused_before_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match=r"40 photons in 80 modes .* needs .* GiB .*; allowed"):
        build(spread_input(80, 40), "unbunched")
    engine = build(spread_input(12, 6), "fock")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 2**20}))
    with pytest.raises(InvalidInput, match=r"needs .* GiB .* allowed are at most the 0.000977"):
        build(spread_input(20, 8), "fock")
    assert build(spread_input(8, 4), "fock")  # what is small is taken to be there
    engine(random_phases(engine.mesh.phases, 47))
    with pytest.raises(InvalidInput, match="a batch of 200 needs"):
        engine(random_phases(engine.mesh.phases, 47, batch=200))


def test_too_many_photons_for_double_precision_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"photons is 171; allowed .* at most 170"):
        build((171, 0), "fock")
    assert float(build((170, 0), "fock")(torch.ones(2)).sum()) == pytest.approx(1)


def test_other_types_of_result_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"dtype is torch.float16; allowed are"):
        build((1, 0), "fock", dtype=torch.float16)


def test_a_pickled_engine_is_small_and_gives_the_same() -> None:
    engine = build(spread_input(8, 4), "fock")
    phases = random_phases(engine.mesh.phases, 53)
    expected = engine(phases)
    stored = pickle.dumps(engine)
    assert len(stored) < 2000
    assert torch.equal(pickle.loads(stored)(phases), expected)


@pytest.mark.parametrize("space", SPACES)
def test_tables_are_shared_and_hold_each_state_once(space: str) -> None:
    first, second = build((1, 0, 1, 1, 0, 0), space), build((0, 2, 0, 0, 1, 0), space)
    assert first._detection[1] is second._detection[1]
    levels, children, added, *_ = first._detection
    states = [state for photons in (1, 2, 3) for state in enumerate_states(6, photons, space)]
    edge = 0
    for level, (start, stop) in enumerate(pairwise(levels[:, 0].tolist()), start=1):
        for parent in states[start:stop] if level < 3 else []:
            for mode in range(6):
                if space == "unbunched" and parent[mode]:
                    continue
                child = tuple(count + (place == mode) for place, count in enumerate(parent))
                assert states[children[edge]] == child
                assert added[edge] == mode
                edge += 1
    assert edge == len(children)
