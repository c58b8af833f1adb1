"""Marginals: against sums over Fock states, with every derivative and every way of running."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.autograd import functional

from qcnn import (
    PQCNN,
    CoherentLight,
    DistinguishablePhotons,
    InvalidInput,
    QuantumTrain,
    Qubits,
    mapping_names,
)
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.samplers.controls import build_generator
from qcnn.samplers.marginals import Marginals
from qcnn.samplers.pqcnn import MeshSampler
from qcnn.samplers.response import differentiate
from qcnn.samplers.sampler import Sampler
from qcnn.weights.together import run_together

# Torch's forward-mode differentiation uses its own deprecated scripts.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is dep:DeprecationWarning")
DOUBLE = {"dtype": torch.float64, "seed": 3}
LIGHT: dict[str, MeshSampler] = {
    "collision-free": PQCNN(5, 3, **DOUBLE),
    "Fock": PQCNN(4, 3, space="fock", **DOUBLE),
    "more photons than modes": PQCNN(2, 3, space="fock", input_state=[2, 1], **DOUBLE),
    "as many photons as modes": PQCNN(3, 3, **DOUBLE),
    "minimal": PQCNN(5, 2, mesh="minimal", **DOUBLE),
    "distinguishable": DistinguishablePhotons(5, 3, **DOUBLE),
    "coherent": CoherentLight(4, 2, space="fock", **DOUBLE),
}


def sums(light: MeshSampler, order: int, probabilities: Tensor) -> list[float]:
    """Over the Fock states in which every mode of a set holds a photon at least."""
    found = []
    for modes in combinations(range(light.modes), order):
        total = 0.0
        for state, probability in zip(light.states, probabilities.tolist(), strict=True):
            if all(state[mode] >= 1 for mode in modes):
                total += probability
        found.append(total / comb(light.photons, order))
    return found


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", LIGHT)
def test_they_are_sums_over_fock_states(name: str, order: int) -> None:
    light = LIGHT[name]
    marginals = Marginals(light, order)
    found = marginals().detach()
    assert len(found) == marginals.outcomes == comb(light.modes, order)
    np.testing.assert_allclose(found, sums(light, order, light().detach()), atol=1e-15)
    total = float(found.sum())
    if light.space == "unbunched":
        assert total == pytest.approx(1, abs=1e-12)
    else:
        assert total < 1


def test_where_order_and_photons_are_as_many_they_are_the_outcomes() -> None:
    light = LIGHT["collision-free"]
    torch.testing.assert_close(Marginals(light, 3)(), light())


@pytest.mark.parametrize("platform", ["local", "drawn"])
def test_of_shots_they_are_those_of_what_was_measured(platform: str) -> None:
    sampler = PQCNN(5, 2, seed=1)
    noisy = NoisyPQCNN(sampler, Noise(shots=300), seed=2, platform=platform)
    marginals = Marginals(noisy, 1).eval()
    measured = noisy.measure().distribution
    np.testing.assert_allclose(marginals(), sums(sampler, 1, measured), rtol=1e-6)
    assert not torch.allclose(marginals(), Marginals(sampler, 1)(), atol=1e-3)
    trained = Marginals(noisy, 1).train()()
    trained.square().sum().backward()
    assert sampler.trained_phases.grad is not None
    assert float(sampler.trained_phases.grad.abs().sum()) > 0


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", ["collision-free", "Fock", "distinguishable"])
def test_every_derivative_is_that_of_the_sums(name: str, order: int) -> None:
    light = LIGHT[name]
    marginals, happens = Marginals(light, order), Marginals(light, order).get_buffer("_happens")
    at = light.phases.detach().clone()

    def direct(phases: Tensor) -> Tensor:
        return (marginals(phases)).square().sum()

    def summed(phases: Tensor) -> Tensor:
        return (light(phases) @ happens / comb(light.photons, order)).square().sum()

    for derivative in (functional.jacobian, functional.hessian):
        torch.testing.assert_close(derivative(direct, at), derivative(summed, at))
    forward = torch.func.jacfwd(marginals)(at)
    torch.testing.assert_close(forward, torch.func.jacrev(marginals)(at))
    _, by_differences = differentiate(marginals, at)
    torch.testing.assert_close(forward, by_differences, atol=1e-7, rtol=0)
    torch.testing.assert_close(marginals.response()[0], marginals())
    torch.testing.assert_close(marginals.response()[1], by_differences, atol=1e-7, rtol=0)


@pytest.mark.parametrize("trained", [None, 7, 15])
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("space", ["unbunched", "fock"])
def test_effective_phases_are_the_rank_of_the_jacobian(
    space: str, order: int, trained: int | None
) -> None:
    marginals = Marginals(PQCNN(6, 3, space=space, trained=trained, **DOUBLE), order)
    _, jacobian = marginals.response()
    assert marginals.effective_phases == int(torch.linalg.matrix_rank(jacobian, rtol=1e-6))


def test_events_that_add_up_are_not_counted_as_independent() -> None:
    """One-mode marginals sum to the photons where none share a mode, and to less elsewhere."""
    assert Marginals(PQCNN(9, 4), 1).effective_phases == 8
    assert Marginals(PQCNN(9, 4), 2).effective_phases == 35
    assert Marginals(PQCNN(9, 4, space="fock"), 1).effective_phases == 9
    assert Marginals(PQCNN(9, 2), 2).effective_phases == PQCNN(9, 2).effective_phases


def test_equal_ones_run_together() -> None:
    samplers: list[Sampler] = [
        Marginals(PQCNN(5, 2, trained=3 + seed // 2, seed=seed), 1 + seed % 2) for seed in range(4)
    ]
    samplers += [Marginals(PQCNN(5, 2, seed=seed), 2) for seed in range(3)]
    assert len({sampler.batch_key() for sampler in samplers}) == 5
    found = run_together(samplers)
    assert found.stack((4, 5, 6)).shape == (3, 10)
    for row, sampler in zip(found.rows(), samplers, strict=True):
        torch.testing.assert_close(row, sampler())
    alone = Marginals(NoisyPQCNN(PQCNN(5, 2), Noise(shots=10), 0), 1)
    assert alone.batch_key() is None


@pytest.mark.parametrize("mapping", mapping_names())
def test_a_mapping_reads_them(mapping: str) -> None:
    samplers = [Marginals(PQCNN(6, 3, seed=seed), 2) for seed in range(2)]
    model = QuantumTrain(nn.Linear(9, 5), samplers, mapping, seed=0)
    weights = model.generate()
    assert weights.shape == (50,)
    assert bool(weights.isfinite().all())
    (weights * torch.linspace(-1, 1, 50)).sum().backward()
    assert all(sampler.phases.grad is not None for sampler in samplers)
    assert model.parameter_counts().effective_phases == 2 * 14


def test_they_follow_the_precision_of_their_sampler() -> None:
    assert Marginals(PQCNN(4, 2, seed=0), 1)().dtype == torch.float32
    assert Marginals(PQCNN(4, 2, seed=0), 1).double()().dtype == torch.float64
    assert Marginals(PQCNN(4, 2, seed=0, dtype=torch.float64), 1)().dtype == torch.float64


def test_what_has_no_modes_or_too_few_photons_is_refused() -> None:
    sampler = PQCNN(4, 2, seed=0)
    refused: list[object] = [
        Qubits(2, 1),
        build_generator("classical", sampler, 0),
        Marginals(sampler, 1),
        None,
    ]
    for wrong in refused:
        with pytest.raises(InvalidInput, match="^sampler is .*; allowed are a PQCNN, "):
            Marginals(wrong, 1)  # type: ignore[arg-type]
    for order in (0, 3, 1.5):
        with pytest.raises(InvalidInput, match="^order is .*; allowed are whole numbers from 1 to"):
            Marginals(sampler, order)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="^photons is 0 with marginals; allowed are"):
        Marginals(PQCNN(4, 0), 1)
