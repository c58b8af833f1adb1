"""The mapping whitened: what it is at the start, and what it is not for."""

import pytest
import torch
from torch import nn

from qcnn import PQCNN, InvalidInput, QuantumTrain, baseline_from_text, target_from_text
from qcnn.mappings import mapping_from_text
from qcnn.mappings.whitened import Whitened
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.samplers.controls import build_generator

SIZES = ((6, 3), (5, 2), (6, 3))


def make_model(text: str = "whitened", **options: object) -> QuantumTrain:
    samplers = [
        PQCNN(*size, mesh="minimal", dtype=torch.float64, seed=place, **options)  # type: ignore[arg-type]
        for place, size in enumerate(SIZES)
    ]
    return QuantumTrain(target_from_text("cnn816").build(seed=1), samplers, text, seed=5)


@torch.no_grad()
def turn(model: QuantumTrain, radians: float) -> torch.Tensor:
    """Turn every trained phase by a random angle of this size; all the angles."""
    random = torch.Generator().manual_seed(8)
    angles = []
    for sampler in model.pqcnns():
        assert isinstance(sampler, PQCNN)
        drawn = torch.randn(sampler.trained_phases.shape, generator=random, dtype=torch.float64)
        sampler.trained_phases.add_(radians * drawn)
        angles.append(radians * drawn)
    # Those of one size stand together, in the order of their first PQCNN.
    return torch.cat([angles[0], angles[2], angles[1]]).float()


def test_it_starts_at_the_initial_weights_and_trains_nothing_but_phases() -> None:
    model = make_model()
    torch.testing.assert_close(model.generate(), model.layout.initial, rtol=0, atol=1e-4)
    counts = model.parameter_counts()
    assert (counts.mapping, counts.total) == (0, counts.phases)
    assert counts.fixed_numbers == 816 * counts.phases + 816 + taken_in(model)


def taken_in(model: QuantumTrain) -> int:
    """A read-out for each phase and outcome of a PQCNN, and where its features start."""
    return sum(
        (sampler.trained_phases.numel() + 1) * sampler.outcomes  # type: ignore[operator]
        for sampler in model.pqcnns()
    )


@pytest.mark.parametrize("matrix", ["dense", "hadamard"])
def test_what_follows_from_a_simulated_response_is_counted(matrix: str) -> None:
    """For each PQCNN the read-out, its start, and which phases are trained; P, w₀, the others."""
    model = make_model(f"whitened:matrix={matrix}", trained=5)
    phases = [sampler.mesh.phases for sampler in model.pqcnns() if isinstance(sampler, PQCNN)]
    assert [taken_in(model), sum(phases)] == [6 * (20 + 10 + 20), 19 + 10 + 19]
    random = 816 * 15 if matrix == "dense" else 816 + 15
    assert model.parameter_counts().fixed_numbers == 300 + random + 816 + 48


def test_small_turns_do_what_a_random_subspace_does() -> None:
    """Each phase moves the weights in its direction alone, by scale times the angle."""
    model = make_model("whitened:damping=0,scale=10", trained=5)
    angles = turn(model, 1e-4)
    text = f"random_subspace:dimension={len(angles)},directions=orthogonal"
    subspace = baseline_from_text(text).build(target_from_text("cnn816").build(seed=1), seed=5)
    with torch.no_grad():
        subspace.get_parameter("coordinates").copy_(10 * angles)
    found = model.generate() - model.layout.initial
    expected = subspace.generate() - model.layout.initial  # type: ignore[operator]
    assert (found - expected).norm() / expected.norm() < 0.05


def test_damping_keeps_weak_phases_from_moving_the_weights_far() -> None:
    moved = []
    for damping in ("0", "0.3"):
        model = make_model(f"whitened:damping={damping}")
        turn(model, 0.3)
        moved.append((model.generate() - model.layout.initial).norm().item())
    assert moved[1] < 0.5 * moved[0]


def test_the_read_out_undoes_the_response() -> None:
    options = Whitened(damping=0.0)
    probabilities, jacobian = PQCNN(6, 3, trained=6, seed=0).response()
    read_out = options.read_out(probabilities, jacobian)
    slope = 20 / (2 * options.features(probabilities))
    found = read_out @ (slope.unsqueeze(1) * jacobian)
    torch.testing.assert_close(found, torch.eye(6, dtype=torch.float64), rtol=0, atol=1e-8)


def test_controls_with_and_without_phases() -> None:
    target = target_from_text("cnn816").build(seed=1)
    for name in ("classical", "frozen"):
        sampler = build_generator(name, PQCNN(5, 2, seed=0), 0)
        model = QuantumTrain(target, [sampler], "whitened")
        torch.testing.assert_close(model.generate(), model.layout.initial, rtol=0, atol=1e-4)
    sampler = build_generator("fixed_random", PQCNN(5, 2, seed=0), 0)
    with pytest.raises(InvalidInput, match="samplers have 0 phases; allowed with whitened is at"):
        QuantumTrain(target, [sampler], "whitened")
    both = [sampler, PQCNN(5, 2, seed=0)]
    assert QuantumTrain(target, both, "whitened").parameter_counts().phases == 20


def test_a_noisy_device_is_read_as_the_clean_one() -> None:
    target = nn.Linear(4, 3)
    clean = PQCNN(5, 2, trained=6, seed=0)
    noisy = NoisyPQCNN(PQCNN(5, 2, trained=6, seed=0), Noise(indistinguishability=0.8), 0)
    models = [QuantumTrain(target, [sampler], "whitened") for sampler in (clean, noisy)]
    for name in ("starts_0", "read_outs_0", "matrix.numbers"):
        first, second = (model.mapping.get_buffer(name) for model in models)
        assert torch.equal(first, second)
    assert not torch.equal(models[0].generate(), models[1].generate())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("whitened:scale=0", "scale is 0.0; allowed are positive numbers"),
        ("whitened:floor=nan", "floor is nan; allowed are positive numbers"),
        ("whitened:damping=-1", "damping is -1.0; allowed are numbers from 0"),
    ],
)
def test_bad_options(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        mapping_from_text(text)
