"""Distributions and gradients from shots: without bias, with the variance that theory has."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from qcnn import PQCNN, InvalidInput, NothingAccepted, QuantumTrain, target_from_text
from qcnn.checks import MOST_SHOTS
from qcnn.noise import Noise, measure_distribution
from qcnn.samplers.measured import (
    MeasuredPQCNN,
    divide_shots,
    equal_parts,
    share_pass,
    shift_jacobian,
)
from qcnn.samplers.shifts import shift_rule, shifted_phases

DRAWS = 3000
#: Of 3,000 draws a mean lies as far from the truth as five of its standard errors in one of 10⁶.
FAR = 5.0


def make(shots: int = 400, space: str = "unbunched", trained: int | None = None) -> MeasuredPQCNN:
    sampler = PQCNN(4, 2, space=space, trained=trained, dtype=torch.float64, seed=1)
    return MeasuredPQCNN(sampler, shots, seed=2)


def draw(measure: Callable[[], Tensor]) -> Tensor:
    return torch.stack([measure() for _ in range(DRAWS)])


def check_moments(drawn: Tensor, mean: Tensor, variance: Tensor) -> None:
    """Mean and variance of many draws are what they have to be, to their own uncertainty."""
    assert (drawn.mean(dim=0) - mean).abs().le(FAR * (variance / DRAWS).sqrt() + 1e-12).all()
    # The standard error of a variance follows from the fourth moment, large where counts are rare.
    fourth = (drawn - mean).pow(4).mean(dim=0)
    error = ((fourth - variance.square()).clamp_min(0) / DRAWS).sqrt()
    assert (drawn.var(dim=0) - variance).abs().le(FAR * error + 0.02 * variance + 1e-12).all()


@pytest.mark.parametrize("space", ["unbunched", "fock"])
def test_frequencies_have_no_bias_and_the_variance_of_a_multinomial(space: str) -> None:
    device = make(space=space)
    exact = share_pass(device.sampler)(device.phases.detach()[None])[0]
    check_moments(draw(device.measure_shares), exact, exact * (1 - exact) / device.shots)
    assert device.spent == DRAWS * device.shots


@pytest.mark.parametrize("space", ["unbunched", "fock"])
def test_the_jacobian_has_no_bias_and_the_variance_of_its_shifts(space: str) -> None:
    device = make(space=space)
    _, jacobian = shift_jacobian(device.sampler)
    shifts, coefficients = shift_rule(2)
    moved = shifted_phases(device.phases.detach(), device.places, shifts)
    shares = share_pass(device.sampler)(moved.flatten(0, 1)).unflatten(0, moved.shape[:2])
    parts = equal_parts(device.shots, len(device.places))
    shots = torch.tensor([divide_shots(part, coefficients.abs().tolist()) for part in parts])
    each = coefficients.square()[None, :, None] * shares * (1 - shares) / shots[:, :, None]
    check_moments(draw(device.measure_jacobian), jacobian, each.sum(dim=1).T)
    assert device.spent == DRAWS * device.shots


def test_shots_in_proportion_to_the_coefficients_leave_the_least_variance() -> None:
    # Of equal variances at all shifts: (Σ|c|)² = n² beside 2n Σ c² for as many shots at each.
    _, coefficients = shift_rule(4)
    sizes = coefficients.abs()
    shots = torch.tensor(divide_shots(80_000, sizes.tolist()))
    assert shots.sum() == 80_000
    in_proportion = (80_000 * coefficients.square() / shots).sum().item()
    assert in_proportion == pytest.approx(16, rel=0.01)
    assert 8 * coefficients.square().sum().item() == pytest.approx(44)


def test_shots_are_divided_without_loss() -> None:
    for shots in (8, 9, 17, 1000, 123_457, 2**53 + 9, MOST_SHOTS):
        parts = divide_shots(shots, [1.6, 0.2, 0.1, 0.05, 0.05, 0.1, 0.2, 1.6])
        assert sum(parts) == shots
        assert min(parts) >= 1
        assert sum(equal_parts(shots, 7)) == shots
    with pytest.raises(InvalidInput, match="shots is 1; allowed for 2 evaluations are whole"):
        divide_shots(1, [1.0, 1.0])


@pytest.mark.parametrize("trained", [None, 3])
def test_many_shots_give_the_exact_distribution_and_gradient(trained: int | None) -> None:
    device = make(10**14, trained=trained)
    cotangent = torch.randn(device.outcomes, generator=torch.Generator().manual_seed(0)).double()
    device.sampler().backward(cotangent)
    exact = device.sampler.trained_phases.grad
    device.sampler.trained_phases.grad = None
    read = device()
    assert (read - device.sampler()).abs().max() < 1e-6
    read.backward(cotangent)
    found = device.sampler.trained_phases.grad
    assert exact is not None
    assert found is not None
    assert (found - exact).abs().max() < 1e-5
    assert exact.abs().max() > 0.01
    assert device.spent == 2 * 10**14


def test_the_gradient_is_of_the_phases_of_the_forward_pass() -> None:
    devices = [make(10**14) for _ in range(2)]
    gradients = []
    for device, moves in zip(devices, (False, True), strict=True):
        read = device()
        if moves:
            with torch.no_grad():
                device.sampler.trained_phases.add_(1.0)
        read[0].backward()
        gradients.append(device.sampler.trained_phases.grad)
    assert torch.equal(gradients[0], gradients[1])  # type: ignore[arg-type]


def test_in_evaluation_it_is_the_pqcnn_and_fires_nothing() -> None:
    device = make().eval()
    assert torch.equal(device(), device.sampler())
    assert device.spent == 0
    device.train()
    with torch.no_grad():
        first = device()
    assert device.spent == device.shots
    again = make()
    assert torch.equal(first, again())
    assert not torch.equal(first, device())


def test_in_a_model_it_has_the_counts_of_the_pqcnn() -> None:
    samplers = [PQCNN(5, 2, seed=seed) for seed in range(2)]
    target = target_from_text("notebook").build(seed=0)
    clean = QuantumTrain(target, samplers, "mixing")
    measured = QuantumTrain(target, [MeasuredPQCNN(s, 10_000, 0) for s in samplers], "mixing")
    assert measured.parameter_counts() == clean.parameter_counts()
    assert measured.phase_parameters() == clean.phase_parameters()
    images = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    measured(images).sum().backward()
    assert all(phases.grad is not None for phases in measured.phase_parameters())
    again = QuantumTrain(target, [MeasuredPQCNN(s, 10_000, 5) for s in samplers], "mixing")
    again.load_state_dict(measured.state_dict())
    drawn, expected = again.weights(), measured.weights()
    assert all(torch.equal(drawn[name], value) for name, value in expected.items())


def test_it_agrees_with_what_percevals_local_processor_draws() -> None:
    shots, sampler = 200_000, PQCNN(5, 2, dtype=torch.float64, seed=4)
    device = MeasuredPQCNN(sampler, shots, seed=0)
    own, theirs = device.measure_shares(), measure_distribution(sampler, Noise(shots=shots), seed=1)
    accepted = own[:-1].sum().item()
    spread = (accepted * (1 - accepted) / shots) ** 0.5
    assert abs(accepted - theirs.accepted_fraction) < FAR * 2**0.5 * spread
    found = own[:-1] / accepted
    # χ² of two samples: as large as its degrees of freedom, give or take √(2·9).
    both = (found - theirs.distribution).square() / (found + theirs.distribution)
    chi_squared = (accepted * shots * both.sum()).item()
    assert chi_squared < sampler.outcomes - 1 + FAR * (2 * (sampler.outcomes - 1)) ** 0.5


def test_what_it_cannot_do_is_refused() -> None:
    sampler = PQCNN(4, 2, trained=3, seed=0)
    with pytest.raises(InvalidInput, match="shots is 11; allowed are whole numbers from 12 to"):
        MeasuredPQCNN(sampler, 11, seed=0)
    with pytest.raises(InvalidInput, match="seed is -1"):
        MeasuredPQCNN(sampler, 100, seed=-1)


def test_a_reading_of_which_nothing_is_accepted() -> None:
    # Photons that meet on a balanced beam splitter leave together.
    sampler = PQCNN(2, 2, input_state=(1, 1), seed=0)
    with torch.no_grad():
        sampler.trained_phases.fill_(torch.pi / 2)
    device = MeasuredPQCNN(sampler, 100, seed=0)
    with pytest.raises(NothingAccepted, match="of 100 shots none ends in one of the sampler's"):
        device()
