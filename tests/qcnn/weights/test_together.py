"""Samplers that have their phases in common: run together, each number counted once."""

import pytest
import torch
from torch import Tensor, nn

from qcnn import PQCNN, Data, ParameterCounts, QuantumTrain, TrainConfig, train
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.samplers.controls import build_generator
from qcnn.samplers.marginals import Marginals
from qcnn.samplers.sampler import Sampler
from qcnn.training.optimiser import split_parameters
from qcnn.weights.generated import count_stored
from qcnn.weights.together import run_together


def counts(*samplers: Sampler, mapping: str = "mixing") -> ParameterCounts:
    model = QuantumTrain(nn.Linear(20, 5), samplers, mapping)
    found = model.parameter_counts()
    phases, others = split_parameters(model)
    assert found.phases == sum(p.numel() for p in phases)
    assert found.mapping == sum(p.numel() for p in others)
    return found


def tied(first: PQCNN, second: PQCNN) -> tuple[PQCNN, PQCNN]:
    second.trained_phases = first.trained_phases
    return first, second


def test_a_sampler_that_is_listed_twice_is_counted_once() -> None:
    sampler = PQCNN(9, 4, seed=0)
    once, twice = counts(sampler), counts(sampler, sampler)
    assert (once.phases, twice.phases) == (72, 72)
    assert (once.effective_phases, twice.effective_phases) == (44, 44)
    # A random matrix and a gain for each place, the initial weights once.
    assert twice.fixed_numbers - once.fixed_numbers == 105 * 126
    assert (once.mapping, twice.mapping) == (1, 2)


def test_a_sampler_under_several_noises_is_counted_once() -> None:
    sampler = PQCNN(6, 3, trained=5, seed=0)
    devices = [NoisyPQCNN(sampler, Noise(phase_error=error), 0) for error in (0.1, 0.2)]
    found = counts(*devices, sampler)
    assert (found.phases, found.effective_phases) == (5, 5)
    assert found.fixed_numbers - counts(sampler).fixed_numbers == 2 * 105 * 20


def test_a_distribution_that_is_read_in_several_ways_is_counted_once() -> None:
    sampler = PQCNN(6, 3, trained=10, seed=0)
    one, two = Marginals(sampler, 1), Marginals(sampler, 2)
    noisy = Marginals(NoisyPQCNN(sampler, Noise(phase_error=0.1), 0), 1)
    assert [counts(each).effective_phases for each in (one, two, noisy)] == [5, 10, 5]
    assert counts(one, noisy).effective_phases == 5
    found = counts(one, two, noisy, sampler)
    assert (found.phases, found.effective_phases) == (10, 10)
    # A random matrix for each reading, and what the PQCNN itself has once.
    matrices = 105 * (6 + 15 + 6)
    assert found.fixed_numbers - counts(sampler).fixed_numbers == matrices


def test_frozen_samplers_and_controls_that_are_listed_twice() -> None:
    frozen = PQCNN(6, 3, seed=0).requires_grad_(False)
    once, twice = counts(frozen), counts(frozen, frozen)
    assert (twice.phases, twice.effective_phases) == (0, 0)
    assert twice.fixed_numbers - once.fixed_numbers == 105 * 20
    control = build_generator("classical", PQCNN(6, 3, seed=0), 0)
    once, twice = counts(control), counts(control, control)
    assert (twice.phases, twice.effective_phases) == (30, 19)
    assert twice.fixed_numbers - once.fixed_numbers == 105 * 20


def test_phases_that_different_samplers_have_in_common() -> None:
    """The same interferometer read twice, or from two inputs: 30 phases all the same."""
    assert counts(*tied(PQCNN(6, 3), PQCNN(6, 3))).effective_phases == 19
    inputs = (1, 1, 1, 0, 0, 0), (0, 0, 0, 1, 1, 1)
    found = counts(*tied(*(PQCNN(6, 3, input_state=state) for state in inputs)))
    assert (found.phases, found.effective_phases) == (30, 30)
    alike = tied(PQCNN(6, 3), PQCNN(6, 3))
    frozen = counts(*(sampler.requires_grad_(False) for sampler in alike))
    assert frozen.fixed_numbers == counts(PQCNN(6, 3), PQCNN(6, 3)).fixed_numbers + 30


def test_a_mapping_s_tied_tensors_are_counted_once() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.again = nn.Linear(3, 3), nn.Linear(3, 3)
            self.again.weight = self.first.weight
            self.register_buffer("fixed", torch.zeros(7))
            self.again.register_buffer("fixed", self.get_buffer("fixed"))
            self.register_buffer("derived", torch.zeros(5), persistent=False)

    assert count_stored(Tied()) == 7


def test_a_sampler_that_is_listed_twice_gives_what_two_equal_ones_give() -> None:
    def gradients(samplers: list[PQCNN]) -> tuple[list[Tensor], list[Tensor]]:
        found = run_together(samplers).rows()
        sum((k + 1) * p.square().sum() for k, p in enumerate(found)).backward()  # type: ignore[union-attr]
        return found, [s.trained_phases.grad for s in samplers if s.trained_phases.grad is not None]

    one = PQCNN(5, 2, seed=0, dtype=torch.float64)
    shared, (total, _) = gradients([one, one])
    parts, (first, second) = gradients([PQCNN(5, 2, seed=0, dtype=torch.float64) for _ in "ab"])
    assert all(torch.equal(a, b) for a, b in zip(shared, parts, strict=True))
    torch.testing.assert_close(total, first + second)


def test_a_sampler_that_is_listed_twice_is_trained() -> None:
    sampler = PQCNN(6, 3, seed=0)
    model = QuantumTrain(nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), [sampler, sampler], "mixing")
    before = sampler.phases.detach().clone()
    images, labels = torch.rand(30, 1, 2, 2), torch.arange(30) % 3
    data = Data("noise", images, labels, images, labels, images, labels, classes=3)
    train(model, data, TrainConfig(epochs=1))
    assert not torch.equal(sampler.phases, before)


@pytest.mark.parametrize("mapping", ["mixing", "whitened"])
def test_samplers_in_any_order_are_read_in_theirs(mapping: str) -> None:
    """Batches of those that are equal do not change whose distribution is whose."""
    sizes = ((5, 2), (6, 3), (5, 2), (4, 2), (6, 3), (5, 2))
    samplers = [PQCNN(*size, seed=s, trained=4 if s % 2 else None) for s, size in enumerate(sizes)]
    model = QuantumTrain(nn.Linear(6, 5), samplers, mapping, seed=2)
    with torch.no_grad():
        for values in model.parameters():
            values.add_(torch.linspace(0.1, 0.3, values.numel()).view_as(values))
    alone = model.mapping([sampler() for sampler in samplers])
    torch.testing.assert_close(model.mapping(run_together(samplers)), alone)
    weights = model.layout.initial + model.layout.scale * alone
    torch.testing.assert_close(model.generate(), weights)


def test_hooks_of_a_mapping_run_on_what_a_model_generates() -> None:
    model = QuantumTrain(nn.Linear(2, 2), [PQCNN(4, 2, seed=s) for s in (0, 1)], "mixing", seed=1)
    model.mapping.register_forward_hook(lambda module, inputs, numbers: 0 * numbers)
    assert torch.equal(model.generate(), model.layout.initial)
