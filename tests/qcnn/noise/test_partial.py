"""Partially distinguishable photons, against Perceval and MerLin."""

from collections.abc import Sequence

import merlin as ML
import numpy as np
import pytest
import torch
from processors import perceval_probabilities
from torch import Tensor

from qcnn import PQCNN, InvalidInput
from qcnn.engines._columns import input_columns
from qcnn.engines.fused import unitary
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.noise.partial import probabilities

SIZES: list[tuple[int, int, Sequence[int] | None]] = [
    (4, 2, None),
    (6, 3, None),
    (9, 4, None),
    (5, 3, (2, 0, 1, 0, 0)),
    (4, 4, (2, 0, 2, 0)),
    (1, 1, None),
    (3, 0, None),
]


def from_subsets(sampler: PQCNN, phases: Tensor, indistinguishability: float) -> Tensor:
    columns = input_columns(sampler.mesh, sampler.input_state, phases)
    occupied = [count for count in sampler.input_state if count]
    photons = [column for column, count in enumerate(occupied) for _ in range(count)]
    return probabilities(columns, photons, sampler.space, indistinguishability**0.5)


@pytest.mark.parametrize("space", ["unbunched", "fock"])
@pytest.mark.parametrize(("modes", "photons", "state"), SIZES)
@pytest.mark.parametrize("indistinguishability", [1.0, 0.9, 0.5, 0.0])
def test_agrees_with_a_processor(
    modes: int, photons: int, state: Sequence[int] | None, space: str, indistinguishability: float
) -> None:
    sampler = PQCNN(modes, photons, space=space, input_state=state, dtype=torch.float64, seed=modes)
    found = from_subsets(sampler, sampler.phases, indistinguishability).detach()
    expected = perceval_probabilities(sampler, indistinguishability=indistinguishability)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


def test_the_minimal_mesh_agrees_with_a_processor() -> None:
    sampler = PQCNN(9, 4, mesh="minimal", dtype=torch.float64, seed=0)
    found = from_subsets(sampler, sampler.phases, 0.8).detach()
    expected = perceval_probabilities(sampler, indistinguishability=0.8)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


def test_indistinguishable_photons_are_the_engines() -> None:
    sampler = PQCNN(9, 4, dtype=torch.float64, seed=0)
    found = from_subsets(sampler, sampler.phases, 1.0)
    torch.testing.assert_close(found / found.sum(), sampler(), atol=1e-12, rtol=0)


def test_values_and_gradients_are_those_of_merlin() -> None:
    sampler = PQCNN(4, 2, dtype=torch.float64, seed=1)
    noise = Noise(indistinguishability=0.8)
    layer = ML.QuantumLayer(
        input_size=sampler.mesh.phases,
        circuit=sampler.mesh.circuit(),
        trainable_parameters=[],
        input_parameters=["phase_"],
        input_state=list(sampler.input_state),
        measurement_strategy=ML.MeasurementStrategy.probs(
            computation_space=ML.ComputationSpace.FOCK
        ),
        dtype=torch.float64,
        noise=noise.to_perceval(),
    )
    phases = sampler.phases.detach().clone().requires_grad_()
    place = [tuple(key) for key in layer.output_keys]
    kept = layer(phases).reshape(-1)[[place.index(state) for state in sampler.states]]
    expected = kept / kept.sum()
    found = NoisyPQCNN(sampler, noise, seed=0)()
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
    cotangent = torch.arange(6, dtype=torch.float64)
    (reference,) = torch.autograd.grad(expected, phases, cotangent)
    (gradient,) = torch.autograd.grad(found, sampler.phases, cotangent)
    torch.testing.assert_close(gradient, reference, atol=1e-10, rtol=0)
    assert gradient.abs().max() > 0.1


@pytest.mark.parametrize("space", ["unbunched", "fock"])
def test_gradient_is_the_derivative(space: str) -> None:
    sampler = PQCNN(5, 3, space=space, dtype=torch.float64, seed=1)
    assert torch.autograd.gradcheck(lambda p: from_subsets(sampler, p, 0.7), (sampler.phases,))


@pytest.mark.parametrize("mesh", ["rectangular", "minimal"])
def test_columns_are_those_of_the_unitary(mesh: str) -> None:
    sampler = PQCNN(6, 3, mesh=mesh, seed=0)
    phases = sampler.phases.detach().numpy()
    whole = unitary(sampler.mesh, phases)[:, np.flatnonzero(sampler.input_state)]
    columns = input_columns(sampler.mesh, sampler.input_state, sampler.phases)
    np.testing.assert_allclose(columns.detach().numpy(), whole, atol=1e-12)


def test_phases_that_cannot_be_used() -> None:
    sampler = PQCNN(4, 2, seed=0)
    with pytest.raises(InvalidInput, match=r"phases has shape \(3,\); allowed is \(12,\)"):
        input_columns(sampler.mesh, sampler.input_state, torch.zeros(3))
    with pytest.raises(InvalidInput, match="phases has (nan|inf) at"):
        input_columns(sampler.mesh, sampler.input_state, torch.full((12,), torch.nan))


def test_a_size_that_does_not_fit_into_memory() -> None:
    sampler = PQCNN(24, 12, seed=0)
    message = "12 partially distinguishable photons in 24 modes with space='unbunched' needs"
    with pytest.raises(InvalidInput, match=message):
        NoisyPQCNN(sampler, Noise(indistinguishability=0.9), seed=0)()
