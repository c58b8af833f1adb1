"""Adam in natural coordinates: the metric, what it changes, and what it refuses."""

from pathlib import Path

import pytest
import torch
from torch import nn

from qcnn import (
    PQCNN,
    EpochRecord,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
    load_data,
    natural_adam,
    train,
)
from qcnn.samplers.controls import build_generator
from qcnn.training.phases.natural import inverse_root_of_information


def model_of(mapping: str = "mixing", count: int = 2) -> QuantumTrain:
    samplers = [PQCNN(5, 2, space="fock", mesh="minimal", seed=seed) for seed in range(count)]
    torch.manual_seed(0)
    return QuantumTrain(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), samplers, mapping)


def test_the_metric_is_fishers() -> None:
    """The Hessian of the relative entropy between neighbours, F by its textbook definition."""
    sampler = PQCNN(4, 2, space="fock", mesh="minimal", dtype=torch.float64, seed=3)
    here = sampler.phases.detach()
    base = sampler(here)

    def divergence(phases: torch.Tensor) -> torch.Tensor:
        return (base * (base / sampler(phases)).log()).sum()

    information = torch.autograd.functional.hessian(divergence, here)
    turn = inverse_root_of_information(sampler)
    damped = torch.linalg.inv(turn @ turn)
    raised = 1e-3 * torch.linalg.eigvalsh(information).max() * torch.eye(len(here)).double()
    torch.testing.assert_close(damped, information + raised, rtol=1e-6, atol=1e-8)


def test_a_first_step_goes_as_far_in_every_natural_coordinate() -> None:
    """Adam's first step is the sign of the gradient, whatever its size."""
    model = model_of()
    first = model.phase_parameters()[0]
    before = first.detach().clone()
    turn = inverse_root_of_information(model.pqcnns()[0]).float()
    optimiser = natural_adam(model)([{"params": list(model.parameters()), "lr": 0.01}])
    model.generate().square().sum().backward()
    gradient = first.grad
    assert gradient is not None
    optimiser.step()
    expected = -0.01 * turn @ (turn @ gradient).sign()
    torch.testing.assert_close(first.detach() - before, expected, rtol=1e-3, atol=1e-6)


def test_other_parameters_are_changed_as_by_adam() -> None:
    ours, theirs = model_of(), model_of()
    for model, make in ((ours, natural_adam(ours)), (theirs, torch.optim.Adam)):
        optimiser = make([{"params": list(model.parameters()), "lr": 0.01}])
        for _ in range(2):
            optimiser.zero_grad()
            model.get_parameter("mapping.gains").square().sum().backward()
            optimiser.step()
    gains = [model.get_parameter("mapping.gains") for model in (ours, theirs)]
    torch.testing.assert_close(*gains)


class Stopped(Exception):
    pass


def test_it_trains_and_goes_on_from_a_checkpoint_as_if_never_stopped(tmp_path: Path) -> None:
    data = load_data("digits")
    config = TrainConfig(epochs=3, learning_rate=0.02)

    def stop(record: EpochRecord) -> None:
        if record.epoch == 2:
            raise Stopped

    whole, parts = model_of("roots", count=10), model_of("roots", count=10)
    result = train(whole, data, config, optimiser=natural_adam(whole))
    assert result.last.train.accuracy > 0.3  # three times chance
    path = tmp_path / "state"
    with pytest.raises(Stopped):
        train(parts, data, config, stop, optimiser=natural_adam(parts), checkpoint=path)
    again = model_of("roots", count=10)
    train(again, data, config, optimiser=natural_adam(again), checkpoint=path)
    assert torch.equal(again.generate(), whole.generate())


def test_what_it_cannot_train() -> None:
    with pytest.raises(InvalidInput, match="model is Linear"):
        natural_adam(nn.Linear(2, 2))
    frozen = [build_generator("frozen", PQCNN(5, 2, seed=0), 0)]
    with pytest.raises(InvalidInput, match="the model has 0 trained phases; allowed is at least 1"):
        natural_adam(QuantumTrain(nn.Linear(2, 2), frozen, "mixing"))
