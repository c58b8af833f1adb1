"""Light without the interference of photons, and qubits: against sums over all ways."""

from collections.abc import Callable
from copy import deepcopy
from itertools import permutations
from math import factorial, prod
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from qcnn import (
    PQCNN,
    CoherentLight,
    Data,
    DistinguishablePhotons,
    InvalidInput,
    QuantumTrain,
    Qubits,
    TrainConfig,
    mapping_names,
    train,
)
from qcnn.engines.fused import unitary
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.samplers.controls import build_generator
from qcnn.samplers.sampler import Sampler
from qcnn.weights.together import run_together

# Torch's forward-mode differentiation uses its own deprecated scripts.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is dep:DeprecationWarning")
SIZES: list[tuple[int, int, dict[str, Any]]] = [
    (1, 1, {}),
    (4, 0, {}),
    (3, 1, {}),
    (4, 2, {}),
    (5, 3, {"mesh": "minimal"}),
    (5, 4, {}),
    (4, 4, {}),
    (4, 2, {"space": "fock"}),
    (3, 3, {"space": "fock"}),
    (3, 4, {"space": "fock", "input_state": [3, 0, 1]}),
    (5, 3, {"space": "fock", "input_state": [0, 2, 0, 0, 1], "mesh": "minimal"}),
    (6, 3, {"layers": 2}),
]
LIGHT = [DistinguishablePhotons, CoherentLight]


def make(kind: Callable[..., Any], size: tuple[int, int, dict[str, Any]], **more: Any) -> Any:
    modes, photons, options = size
    return kind(modes, photons, **{"seed": 3, "dtype": torch.float64, **options, **more})


def expected(sampler: DistinguishablePhotons | CoherentLight) -> np.ndarray:
    """By the sum over all ways that the photons can go."""
    matrix = unitary(sampler.mesh, sampler.phases.detach().numpy())
    inputs = [mode for mode, count in enumerate(sampler.input_state) for _ in range(count)]
    found = []
    for state in sampler.states:
        modes = [mode for mode, count in enumerate(state) for _ in range(count)]
        ways = prod(factorial(count) for count in state)
        if isinstance(sampler, CoherentLight):
            roots = np.sqrt(np.array(sampler.input_state))
            intensities = np.abs(matrix @ roots) ** 2 / max(1, sum(sampler.input_state))
            found.append(factorial(len(modes)) * prod(intensities[modes]) / ways)
            continue
        chances = np.abs(matrix) ** 2
        found.append(
            sum(
                prod(chances[mode, source] for mode, source in zip(modes, order, strict=True))
                for order in permutations(inputs)
            )
            / ways
        )
    return np.array(found) / sum(found)


@pytest.mark.parametrize("kind", LIGHT)
@pytest.mark.parametrize("size", SIZES)
def test_probabilities_are_the_sum_over_all_ways(
    kind: Any, size: tuple[int, int, dict[str, Any]]
) -> None:
    sampler = make(kind, size)
    found = sampler()
    np.testing.assert_allclose(found.detach().numpy(), expected(sampler), atol=1e-12)
    assert found.shape == (sampler.outcomes,) == (len(sampler.states),)


def test_distinguishable_photons_are_those_of_an_indistinguishability_of_0() -> None:
    photons = PQCNN(6, 3, seed=4, dtype=torch.float64)
    particles = DistinguishablePhotons(6, 3, seed=4, dtype=torch.float64)
    noisy = NoisyPQCNN(photons, Noise(indistinguishability=1e-12), seed=0).eval()
    torch.testing.assert_close(particles().detach(), noisy().double(), rtol=0, atol=1e-6)
    assert (particles() - photons()).abs().sum() > 0.1


@pytest.mark.parametrize("kind", LIGHT)
def test_one_photon_is_one_photon_whatever_the_light(kind: Any) -> None:
    photon, other = (each(7, 1, seed=2, dtype=torch.float64) for each in (PQCNN, kind))
    torch.testing.assert_close(other(), photon())
    assert other.effective_phases == photon.effective_phases == 6


@pytest.mark.parametrize("kind", LIGHT)
@pytest.mark.parametrize("size", SIZES)
def test_every_derivative(kind: Any, size: tuple[int, int, dict[str, Any]]) -> None:
    sampler = make(kind, size)
    phases = sampler.phases.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(sampler, phases)
    if sampler.mesh.phases < 21:
        assert torch.autograd.gradgradcheck(sampler, phases)
        values = phases.detach()
        forward, backward = torch.func.jacfwd(sampler)(values), torch.func.jacrev(sampler)(values)
        torch.testing.assert_close(forward, backward)


@pytest.mark.parametrize("kind", LIGHT)
@pytest.mark.parametrize("size", [size for size in SIZES if size[0] > 1])
def test_effective_phases_are_the_rank_of_the_exact_jacobian(
    kind: Any, size: tuple[int, int, dict[str, Any]]
) -> None:
    sampler = make(kind, size)
    ranks = []
    for seed in range(3):
        random = torch.Generator().manual_seed(seed)
        phases = 6.3 * torch.rand(sampler.mesh.phases, generator=random, dtype=torch.float64)
        jacobian = torch.func.jacrev(sampler)(phases)
        values = torch.linalg.svdvals(jacobian / sampler(phases).sqrt().unsqueeze(1))
        ranks.append(int((values > 1e-11 * max(values.max().item(), 1e-9)).sum()))
    assert sampler.effective_phases == max(ranks)


def test_effective_phases_of_the_sizes_that_are_compared() -> None:
    found = [DistinguishablePhotons(*size).effective_phases for size in ((6, 3), (8, 4), (9, 4))]
    assert found == [15, 28, 32]
    assert DistinguishablePhotons(12, 6).effective_phases == 66
    assert CoherentLight(12, 6).effective_phases == 11


def matrix_of(angles: Tensor, qubits: int, layers: int) -> np.ndarray:
    """The state by Kronecker products of whole matrices."""
    state = np.zeros(2**qubits)
    state[0] = 1
    for row in angles.detach().double().numpy().reshape(layers, qubits):
        turns = np.ones((1, 1))
        for angle in row:
            cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
            turns = np.kron(turns, [[cosine, -sine], [sine, cosine]])
        state = turns @ state
        for control in range(qubits - 1):
            flip = np.array([[0, 1], [1, 0]])
            projected = [np.diag([1, 0]), np.diag([0, 1])]
            gate = sum(
                np.kron(
                    np.kron(np.eye(2**control), np.kron(projected[bit], (np.eye(2), flip)[bit])),
                    np.eye(2 ** (qubits - 2 - control)),
                )
                for bit in (0, 1)
            )
            state = gate @ state
    return state**2


@pytest.mark.parametrize(("qubits", "layers"), [(1, 1), (1, 3), (2, 1), (3, 2), (5, 4)])
def test_qubits_are_products_of_matrices(qubits: int, layers: int) -> None:
    sampler = Qubits(qubits, layers, seed=1, dtype=torch.float64)
    wanted = matrix_of(sampler.phases, qubits, layers)
    np.testing.assert_allclose(sampler().detach().numpy(), wanted, atol=1e-12)
    angles = sampler.phases.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(sampler, angles)
    assert torch.autograd.gradgradcheck(sampler, angles)
    values = angles.detach()
    torch.testing.assert_close(
        torch.func.jacfwd(sampler)(values), torch.func.jacrev(sampler)(values)
    )
    exact = torch.linalg.matrix_rank(torch.func.jacrev(sampler)(values), atol=1e-10)
    assert sampler.effective_phases == exact


ANY: dict[str, Callable[[int], Any]] = {
    "distinguishable": lambda seed: DistinguishablePhotons(6, 3, seed=seed),
    "distinguishable, trained": lambda seed: DistinguishablePhotons(6, 3, trained=9, seed=seed),
    "coherent": lambda seed: CoherentLight(6, 3, mesh="minimal", seed=seed),
    "qubits": lambda seed: Qubits(4, 5, seed=seed),
}


@pytest.mark.parametrize(("batch", "dtype"), [((), torch.float64), ((3,), torch.float32)])
@pytest.mark.parametrize("name", ANY)
def test_they_are_traced_whole(name: str, batch: tuple[int, ...], dtype: torch.dtype) -> None:
    torch.compiler.reset()
    sampler = ANY[name](1).to(dtype)
    traced = torch.compile(sampler, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(traced(), sampler())
    random = torch.Generator().manual_seed(2)
    phases = 6 * torch.rand(*batch, sampler.phases.numel(), generator=random, dtype=dtype)
    phases.requires_grad_()
    weights = torch.linspace(-1, 1, sampler.outcomes, dtype=dtype)
    expected, found = sampler(phases), traced(phases)
    torch.testing.assert_close(found, expected)
    gradients = [torch.autograd.grad((each @ weights).sum(), phases) for each in (expected, found)]
    torch.testing.assert_close(*gradients)
    of_own = [
        torch.autograd.grad(run() @ weights, list(sampler.parameters()))
        for run in (sampler, traced)
    ]
    torch.testing.assert_close(*of_own)


@pytest.mark.parametrize("name", ANY)
def test_they_run_where_their_phases_are(name: str) -> None:
    moved = ANY[name](1).to("meta")
    assert moved().device.type == "meta"
    rows = torch.empty(3, moved.phases.numel(), device="meta")
    assert moved(rows).shape == (3, moved.outcomes)


@pytest.mark.parametrize("name", ANY)
def test_equal_ones_run_together(name: str) -> None:
    samplers: list[Sampler] = [ANY[name](seed) for seed in range(3)]
    assert len({sampler.batch_key() for sampler in samplers}) == 1
    for together, alone in zip(run_together(samplers).rows(), samplers, strict=True):
        torch.testing.assert_close(together, alone())
    other = PQCNN(6, 3, seed=0)
    assert samplers[0].batch_key() != other.batch_key()
    assert samplers[0].distribution_key() != other.distribution_key()


@pytest.mark.parametrize("mapping", mapping_names())
@pytest.mark.parametrize("name", ANY)
def test_they_generate_weights_with_every_mapping(name: str, mapping: str) -> None:
    samplers = [ANY[name](seed) for seed in (1, 2)]
    model = QuantumTrain(nn.Linear(5, 3), samplers, mapping, seed=1)
    counts = model.parameter_counts()
    assert counts.phases == sum(p.numel() for s in samplers for p in s.parameters())
    assert counts.effective_phases == sum(sampler.effective_phases for sampler in samplers)
    copy = deepcopy(model)
    assert torch.equal(copy.generate(), model.generate())
    other = QuantumTrain(nn.Linear(5, 3), [ANY[name](seed) for seed in (5, 6)], mapping, seed=8)
    other.load_state_dict(model.state_dict())
    torch.testing.assert_close(other.generate(), model.generate())
    model.double()
    assert model.generate().dtype == torch.float64


@pytest.mark.parametrize("name", ANY)
def test_a_state_of_another_light_is_refused(name: str) -> None:
    model = QuantumTrain(nn.Linear(5, 3), ANY[name](1), "mixing", seed=1)
    other = QuantumTrain(nn.Linear(5, 3), PQCNN(6, 3, seed=1), "mixing", seed=1)
    with pytest.raises(InvalidInput, match="; allowed"):
        other.load_state_dict(model.state_dict())


@pytest.mark.parametrize("name", ANY)
def test_they_are_trained(name: str) -> None:
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(2, (80,), generator=random)
    images = torch.rand(80, 1, 3, 3, generator=random) * 0.4
    images[labels == 1, 0, 0] += 0.6
    data = Data("rows", images, labels, images, labels, images, labels, classes=2)
    target = nn.Sequential(nn.Flatten(), nn.Linear(9, 2))
    torch.manual_seed(1)
    model = QuantumTrain(target, [ANY[name](seed) for seed in range(3)], "whitened", seed=2)
    result = train(model, data, TrainConfig(epochs=15, batch_size=20))
    assert result.last.validation.accuracy > 0.9


@pytest.mark.parametrize("name", ANY)
def test_noise_and_controls_are_those_of_photons_that_interfere(name: str) -> None:
    for use in (
        lambda sampler: NoisyPQCNN(sampler, Noise(phase_error=0.1), seed=0),
        lambda sampler: build_generator("classical", sampler, 0),
    ):
        with pytest.raises(InvalidInput, match="allowed is a PQCNN"):
            use(ANY[name](1))


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: Qubits(0, 1), "qubits is 0; allowed are whole numbers"),
        (lambda: Qubits(25, 1), "qubits is 25; allowed are whole numbers"),
        (lambda: Qubits(3, 0), "layers is 0; allowed are whole numbers from 1"),
        (lambda: Qubits(3, 1, dtype=torch.int64), "dtype is torch.int64; allowed are"),
        (lambda: Qubits(3, 1)(torch.zeros(4)), "phases .*; allowed"),
        (lambda: Qubits(3, 1)(torch.full((3,), torch.nan)), "phases? .*; allowed"),
        (lambda: Qubits(3, 1)("up"), "phases is 'up'; allowed is a tensor of 3 angles"),
        (lambda: DistinguishablePhotons(3, 4), "; allowed"),
        (lambda: CoherentLight(6, 3, trained=6), "trained is 6; allowed for this size are 1 to 5"),
        (lambda: CoherentLight(1, 1, trained=1), "trained is 1; allowed where no .* is None"),
        (lambda: PQCNN(4, 0, trained=1), "trained is 1; allowed where no phase .* is None"),
        (lambda: CoherentLight(4, 2)(torch.full((12,), torch.inf)), "; allowed"),
        (lambda: DistinguishablePhotons(4, 2)(torch.zeros(3)), "; allowed"),
        (lambda: DistinguishablePhotons(4, 2, mesh="round"), "mesh is 'round'; allowed are"),
    ],
)
def test_what_cannot_be_is_one_sentence(build: Callable[[], object], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        build()


def test_outcomes_that_are_impossible_leave_no_distribution() -> None:
    """All coherent light of two modes in one of them: no two photons without a collision."""
    sampler = CoherentLight(3, 2, input_state=[1, 1, 0], seed=1, dtype=torch.float64)
    phases = torch.zeros(6, dtype=torch.float64)
    phases[0] = torch.pi / 2  # a balanced first cell
    worst = min(
        (
            phases.index_fill(0, torch.tensor([place]), angle)
            for place in range(6)
            for angle in (0.0, torch.pi / 2, torch.pi, 3 * torch.pi / 2)
        ),
        key=lambda each: _collision_free(sampler, each),
    )
    assert _collision_free(sampler, worst) < 1e-12
    with pytest.raises(InvalidInput, match="the collision-free outcomes have probability 0"):
        sampler(worst)


def _collision_free(sampler: CoherentLight, phases: Tensor) -> float:
    field = unitary(sampler.mesh, phases.numpy()) @ np.sqrt(np.array(sampler.input_state))
    shares = np.abs(field) ** 2 / 2
    return float(1 - (shares**2).sum())
