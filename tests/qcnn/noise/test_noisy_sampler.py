"""A PQCNN under noise, in training and in evaluation."""

import pytest
import torch
from torch import Tensor

from qcnn import (
    PQCNN,
    InvalidInput,
    NothingAccepted,
    QuantumTrain,
    TrainConfig,
    evaluate,
    load_data,
    target_from_text,
    train,
)
from qcnn.noise import Measurement, Noise, NoisyPQCNN, measure_distribution
from qcnn.seeds import derive

KINDS = [
    Noise(indistinguishability=0.8),
    Noise(phase_error=0.2),
    Noise(shots=1000),
    Noise(brightness=0.9, transmittance=0.8, indistinguishability=0.8, phase_error=0.1, shots=500),
]


def make(noise: Noise, space: str = "unbunched") -> NoisyPQCNN:
    return NoisyPQCNN(PQCNN(6, 3, space=space, dtype=torch.float64, seed=1), noise, seed=4)


def make_model(noise: Noise | None, mapping: str = "mixing", seed: int = 0) -> QuantumTrain:
    samplers = [PQCNN(9, 4, seed=derive(seed, "sampler", place)) for place in range(3)]
    noisy = samplers if noise is None else [NoisyPQCNN(s, noise, seed) for s in samplers]
    target = target_from_text("cnn2202").build(seed=seed)
    return QuantumTrain(target, noisy, mapping, seed=seed)


def test_no_noise_is_exactly_the_pqcnn() -> None:
    clean, noisy = make_model(None), make_model(Noise())
    assert clean.parameter_counts() == noisy.parameter_counts()
    images = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for model in (clean, noisy):
        model(images).square().sum().backward()
    for one, other in zip(clean.pqcnns(), noisy.pqcnns(), strict=True):
        assert torch.equal(one.phases.grad, other.phases.grad)  # type: ignore[arg-type]
    for mode in (True, False):
        noisy.train(mode)
        for name, value in clean.weights().items():
            assert torch.equal(value, noisy.weights()[name])
        sampler = make(Noise()).train(mode)
        assert torch.equal(sampler(), sampler.sampler())
        assert sampler().requires_grad


@pytest.mark.parametrize("noise", KINDS)
@pytest.mark.parametrize("space", ["unbunched", "fock"])
def test_contract(noise: Noise, space: str) -> None:
    sampler = make(noise, space)
    assert sampler.outcomes == len(sampler.sampler.states)
    assert sampler.effective_phases == sampler.sampler.effective_phases
    for mode in (True, False):
        found = sampler.train(mode)()
        assert found.shape == (sampler.outcomes,)
        assert found.dtype is torch.float64
        assert bool((found >= 0).all())
        assert found.sum().item() == pytest.approx(1)
        assert not torch.equal(found, sampler.sampler())
        assert found.requires_grad is mode
        # Another one of the same seed draws the same.
        assert torch.equal(make(noise, space).train(mode)(), found)


@pytest.mark.parametrize("noise", KINDS)
def test_drawn_anew_in_training_and_once_for_evaluation(noise: Noise) -> None:
    sampler = make(noise)
    random = noise.shots > 0 or noise.phase_error > 0
    assert torch.equal(sampler(), sampler()) is not random
    sampler.eval()
    first = sampler()
    assert torch.equal(sampler(), first)
    with torch.no_grad():
        sampler.phases.add_(0.1)
    assert not torch.equal(sampler(), first)


def test_evaluation_without_a_processor_is_what_a_processor_measures() -> None:
    noise = Noise(indistinguishability=0.8, phase_error=0.2, brightness=0.9, transmittance=0.5)
    sampler = make(noise).eval()
    expected = measure_distribution(sampler.sampler, noise, seed=4)
    torch.testing.assert_close(sampler(), expected.distribution, atol=1e-6, rtol=0)
    assert sampler.measure().accepted_fraction == pytest.approx(
        expected.accepted_fraction, rel=1e-6
    )


def test_evaluation_with_shots_or_g2_is_by_a_processor() -> None:
    for noise in (Noise(shots=100), Noise(g2=0.1), Noise(g2=0.1, shots=100)):
        sampler = make(noise).eval()
        expected = measure_distribution(sampler.sampler, noise, seed=4)
        assert torch.equal(sampler(), expected.distribution)


def test_shots_in_training_are_unbiased_and_their_gradient_is_the_exact_one() -> None:
    exact = make(Noise(indistinguishability=0.8))
    drawn = make(Noise(indistinguishability=0.8, shots=200))
    cotangent = torch.arange(exact.outcomes, dtype=torch.float64)

    def gradient(found: Tensor, sampler: NoisyPQCNN) -> Tensor:
        return torch.autograd.grad(found, sampler.phases, cotangent)[0]

    passes = 2000
    mean = torch.zeros(exact.outcomes, dtype=torch.float64)
    for _ in range(passes):
        mean += drawn().detach() / passes
    expected = exact()
    accepted = 200 * exact.measure().accepted_fraction
    # A quarter more than the binomial deviation: the number of accepted shots varies too.
    deviation = 1.25 * (expected * (1 - expected) / accepted / passes).sqrt()
    assert ((mean - expected).abs() / deviation).max() < 4
    torch.testing.assert_close(gradient(drawn(), drawn), gradient(expected, exact))


def test_losses_cost_shots_in_training() -> None:
    few = make(Noise(transmittance=0.4, shots=1000))
    many = make(Noise(shots=1000))

    def spread(sampler: NoisyPQCNN) -> float:
        return torch.stack([sampler().detach() for _ in range(200)]).std(dim=0).mean().item()

    # 0.4³ of the shots: four times the spread.
    assert spread(few) / spread(many) == pytest.approx(4, abs=0.4)


def test_phase_errors_in_training_reach_the_gradient() -> None:
    sampler = make(Noise(phase_error=0.5))
    gradients = [torch.autograd.grad(sampler()[0], sampler.phases)[0] for _ in range(2)]
    assert not torch.equal(*gradients)


def test_g2_is_not_trained() -> None:
    with pytest.raises(InvalidInput, match="g2 is 0.1 in training; allowed is 0"):
        make(Noise(g2=0.1))()


def test_too_few_shots_in_training() -> None:
    with pytest.raises(NothingAccepted, match="of 1 shots none ends"):
        make(Noise(transmittance=0.01, shots=1))()


def test_a_model_is_evaluated_on_its_fixed_device() -> None:
    data = load_data("digits")
    model = make_model(Noise(phase_error=0.3, shots=300))
    first = evaluate(model, data.validation_images, data.validation_labels)
    assert evaluate(model, data.validation_images, data.validation_labels) == first
    assert model.training
    model.eval()
    exported = evaluate(model.export(), data.validation_images, data.validation_labels)
    assert exported == first


def test_training_with_noise_is_repeatable() -> None:
    data = load_data("digits")
    noise = Noise(indistinguishability=0.9, phase_error=0.1, shots=2000)
    accuracies, phases = [], []
    for _ in range(2):
        model = make_model(noise)
        result = train(model, data, TrainConfig(epochs=1, batch_size=128))
        accuracies.append(result.last.validation)
        phases.append(model.pqcnns()[0].phases.detach())
    assert accuracies[0] == accuracies[1]
    assert torch.equal(*phases)
    assert not torch.equal(phases[0], make_model(noise).pqcnns()[0].phases)


@pytest.mark.slow
def test_mixing_trained_under_noise_on_digits() -> None:
    """Without noise 0.804; 10 seeds under it: mean 0.707, standard deviation 0.059."""
    data = load_data("digits")
    model = make_model(Noise(indistinguishability=0.9, phase_error=0.02, shots=50_000))
    train(model, data, TrainConfig(epochs=10, batch_size=64))
    assert evaluate(model, data.test_images, data.test_labels).accuracy > 0.707 - 3 * 0.059


def test_shots_are_drawn_as_a_device_counts_them() -> None:
    """Without Perceval: multinomial over the accepted outcomes, and the others are rejected."""
    sampler = PQCNN(6, 3, seed=1)
    exact = sampler().detach().double()
    noise = Noise(transmittance=0.8, shots=40_000)
    found = [NoisyPQCNN(sampler, noise, seed, platform="drawn").measure() for seed in range(40)]
    fractions = torch.tensor([each.accepted_fraction for each in found])
    whole = NoisyPQCNN(sampler, noise.at(shots=0), 0).measure().accepted_fraction
    spread = (whole * (1 - whole) / 40_000) ** 0.5
    assert float((fractions.mean() - whole).abs()) < 4 * spread / 40**0.5
    errors = torch.stack([each.distribution - exact for each in found])
    expected = exact * (1 - exact) / (whole * 40_000)
    ratio = errors.square().mean(0) / expected
    assert 0.8 < float(ratio.mean()) < 1.2
    counts = found[0].distribution * found[0].accepted_fraction * 40_000
    torch.testing.assert_close(counts, counts.round(), atol=1e-6, rtol=0)


def test_drawn_shots_follow_the_seed_and_many_take_no_longer() -> None:
    def draw(shots: int, seed: int) -> torch.Tensor:
        noise = Noise(shots=shots)
        return NoisyPQCNN(PQCNN(6, 3, seed=1), noise, seed, platform="drawn").eval()().detach()

    assert torch.equal(draw(1000, 3), draw(1000, 3))
    assert not torch.equal(draw(1000, 3), draw(1000, 4))
    exact = PQCNN(6, 3, seed=1)().detach()
    assert float((draw(10**15, 3) - exact).abs().max()) < 1e-5


def test_platforms_that_cannot_be_asked() -> None:
    sampler = PQCNN(4, 2, seed=0)
    with pytest.raises(InvalidInput, match="^g2 is 0.1 on platform 'drawn'; allowed is 0$"):
        NoisyPQCNN(sampler, Noise(g2=0.1), 0, platform="drawn")
    with pytest.raises(InvalidInput, match="^platform is 'a b'; allowed are local, drawn and"):
        NoisyPQCNN(sampler, Noise(), 0, platform="a b")
    with pytest.raises(InvalidInput, match="^platform is 'drawn', which no device is; allowed are"):
        measure_distribution(sampler, Noise(shots=1), 0, "drawn")


def test_a_remote_platform_is_asked_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def measured(sampler: PQCNN, noise: Noise, seed: int, platform: str) -> Measurement:
        asked.append(platform)
        return Measurement(sampler().detach().double(), 0.5)

    monkeypatch.setattr("qcnn.noise.sampler.measure_distribution", measured)
    for noise in (Noise(shots=5), Noise(phase_error=0.1)):
        NoisyPQCNN(PQCNN(4, 2, seed=0), noise, 0, platform="sim:belenos").eval()()
    assert asked == ["sim:belenos"] * 2
    monkeypatch.undo()
    monkeypatch.delenv("PCVL_CLOUD_TOKEN", raising=False)
    remote = NoisyPQCNN(PQCNN(4, 2, seed=0), Noise(shots=5), 0, platform="sim:belenos").eval()
    with pytest.raises(InvalidInput, match="^the environment variable PCVL_CLOUD_TOKEN is empty; "):
        remote()
