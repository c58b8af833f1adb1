"""Training from shots: what each way does, what it spends, and what it becomes with many shots."""

from dataclasses import replace

import pytest
import torch
from torch import nn

import qcnn
from qcnn import (
    PQCNN,
    Data,
    EpochRecord,
    FromShotsConfig,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
    evaluate,
    train,
    train_from_shots,
)
from qcnn.samplers.measured import MeasuredPQCNN
from qcnn.training.from_shots.config import WAYS
from qcnn.training.from_shots.spsa import perturb_together

#: Shots for each reading that leave next to no noise.
MANY = 10**14
#: Of 240 examples in batches of 32, 6 batches for each pass.
STEPS = 12


def stripes(seed: int = 0) -> Data:
    """Three separable classes of 4×4 images."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(300) % 3
    images = 0.2 * torch.rand(300, 1, 4, 4, generator=random)
    images[torch.arange(300), 0, labels] += 0.6
    parts = [(images[a:b], labels[a:b]) for a, b in ((0, 192), (192, 240), (240, 300))]
    return Data("stripes", *(tensor for part in parts for tensor in part), classes=3)


def model(mapping: str = "mixing", trained: int | None = 4) -> QuantumTrain:
    torch.manual_seed(3)
    target = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    samplers = [PQCNN(5, 2, trained=trained, seed=seed) for seed in range(2)]
    return QuantumTrain(target, samplers, mapping)


def config(
    way: str, evaluation_shots: int, steps: int = STEPS, **changes: object
) -> FromShotsConfig:
    readings = 1 if way == "cobyla" else 2
    common = FromShotsConfig(
        way,
        shots=2 * readings * evaluation_shots * steps,
        evaluation_shots=evaluation_shots,
        epochs=2,
        batch_size=32,
        learning_rate=0.05,
    )
    return replace(common, **changes)  # type: ignore[arg-type]


def numbers(trained: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in trained.parameters()]


@pytest.mark.parametrize("mapping", ["mixing", "whitened"])
def test_with_many_shots_the_shift_rule_is_exact_training(mapping: str) -> None:
    exact, shot = model(mapping), model(mapping)
    schedule = {"schedule": "one-cycle", "gradient_clip": 1.0}
    train(
        exact,
        stripes(),
        TrainConfig(epochs=2, batch_size=32, learning_rate=0.05, **schedule),  # type: ignore[arg-type]
    )
    found = train_from_shots(shot, stripes(), config("parameter-shift", MANY, **schedule))
    start = numbers(model(mapping))
    for one, other, before in zip(numbers(exact), numbers(shot), start, strict=True):
        assert (one - other).abs().max() < 1e-3
        assert (one - before).abs().max() > 0.05 or not before.requires_grad
    assert len(found.history) == 2


@pytest.mark.parametrize("way", WAYS)
def test_every_shot_is_counted_and_records_are_of_exact_probabilities(way: str) -> None:
    trained, steps = model(), 30
    seen: list[EpochRecord] = []
    own = trained.samplers
    found = train_from_shots(trained, stripes(), config(way, 500, steps), seen.append)
    assert found.history == tuple(seen)
    assert [record.epoch for record in seen] == [1, 2]
    spent = config(way, 500, steps).shots
    assert seen[-1].shots == spent
    if way != "cobyla":
        assert seen[0].shots == spent // 2
    assert trained.samplers is own
    data = stripes()
    exact = evaluate(trained, data.validation_images, data.validation_labels)
    assert exact == found.last.validation
    assert found.best_weights.keys() == trained.weights().keys()


@pytest.mark.parametrize("way", WAYS)
def test_a_seed_fixes_everything(way: str) -> None:
    runs = []
    for seed in (0, 0, 1):
        trained = model()
        result = train_from_shots(trained, stripes(), config(way, 500, 20, seed=seed))
        runs.append((result.history, numbers(trained)))
    assert runs[0][0] == runs[1][0]
    assert all(torch.equal(a, b) for a, b in zip(runs[0][1], runs[1][1], strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(runs[0][1], runs[2][1], strict=True))


@pytest.mark.parametrize(
    ("way", "changes"),
    [
        ("parameter-shift", {"learning_rate": 0.1}),
        ("spsa", {"learning_rate": 0.03}),
        ("cobyla", {"learning_rate": 0.5, "batch_size": 192}),
    ],
)
def test_every_way_learns(way: str, changes: dict[str, float]) -> None:
    trained, data = model(), stripes()
    before = evaluate(trained, data.validation_images, data.validation_labels).loss
    found = train_from_shots(trained, data, config(way, 100_000, 150, **changes))
    assert found.last.validation.loss < 0.8 * before


def test_simultaneous_perturbation_is_exact_on_average_for_a_quadratic() -> None:
    random = torch.Generator().manual_seed(0)
    phases = [nn.Parameter(torch.randn(3, generator=random).double())]
    others = [nn.Parameter(torch.tensor([2.0], dtype=torch.float64))]
    start = phases[0].detach().clone()

    def loss() -> torch.Tensor:
        return (phases[0] * torch.tensor([1.0, 2.0, 3.0])).square().sum() * others[0].sum()

    gradients = []
    for _ in range(4000):
        perturb_together(loss, phases, others, 0.1, random)
        assert torch.equal(phases[0].detach(), start)
        assert phases[0].grad is not None
        gradients.append(phases[0].grad.clone())
    drawn = torch.stack(gradients)
    exact = torch.autograd.grad(loss(), phases)[0]
    error = drawn.std(dim=0) / len(drawn) ** 0.5
    assert ((drawn.mean(dim=0) - exact).abs() < 5 * error).all()
    # Of the mean over both places, not of the one between.
    squares = (torch.tensor([1.0, 2.0, 3.0]) * 0.1).square().sum()
    assert others[0].grad is not None
    expected = loss().item() / 2 + squares.item()
    assert others[0].grad.item() == pytest.approx(expected, rel=1e-9)


def test_cobyla_begins_anew_where_it_ends_early() -> None:
    # 8 phases and 2 gains need 12 evaluations; a small radius ends after few more.
    trained = model()
    options = config("cobyla", 10**12, 200, learning_rate=2e-4)
    found = train_from_shots(trained, stripes(), options)
    left = options.shots - found.last.shots
    assert 0 <= left < 12 * 2 * 10**12
    assert len(found.history) == 2


def test_models_and_budgets_that_do_not_fit_are_refused() -> None:
    data, options = stripes(), config("parameter-shift", 500)
    noisy = model()
    noisy.samplers = nn.ModuleList([MeasuredPQCNN(s, 500, 0) for s in noisy.pqcnns()])  # type: ignore[arg-type]
    frozen = model()
    frozen.pqcnns()[1].requires_grad_(False)
    for trained, changed, says in (
        (nn.Linear(2, 2), options, "allowed from shots is a QuantumTrain"),
        (noisy, options, "allowed from shots are PQCNNs with trained phases"),
        (frozen, options, "allowed from shots are PQCNNs with trained phases"),
        (model(), replace(options, shots=3999), "whole numbers from 4000"),
        (model(), replace(options, evaluation_shots=15), "shots is 15; allowed are whole numbers"),
        (
            model(),
            config("cobyla", 500, 11),
            "allowed with 10 parameters are whole numbers from 12",
        ),
        (model(), TrainConfig(), "config is TrainConfig.*; allowed is a FromShotsConfig"),
    ):
        with pytest.raises(InvalidInput, match=says):
            train_from_shots(trained, data, changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"way": "adam"}, "way is 'adam'; allowed are parameter-shift, spsa, cobyla"),
        ({"shots": 0}, "shots is 0; allowed are whole numbers from 1 to"),
        ({"evaluation_shots": 0}, "evaluation_shots is 0; allowed are whole numbers from 1"),
        ({"epochs": 0}, "epochs is 0"),
        ({"perturbation": 0.0}, "perturbation is 0.0; allowed are numbers above 0"),
        ({"learning_rate": -1.0}, "learning_rate is -1.0"),
        ({"gradient_clip": 0.0}, "gradient_clip is 0.0"),
        ({"schedule": "plateau"}, "schedule is 'plateau'; allowed are none, cosine, one-cycle"),
        ({"way": "cobyla", "gradient_clip": 1.0}, "gradient_clip 1.0 with way 'cobyla'; allowed"),
        ({"way": "cobyla", "learning_rate": 1e-5}, "learning_rate is 1e-05; allowed are numbers"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_options_that_are_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        replace(config("spsa", 500), **changes)  # type: ignore[arg-type]


def test_it_stands_at_the_front_door() -> None:
    assert {"FromShotsConfig", "train_from_shots"} <= set(qcnn.__all__)
