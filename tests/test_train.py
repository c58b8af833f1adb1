"""Training: deterministic, scheduled, honest about divergence."""

import pytest
import torch
from torch import nn

from qcnn import (
    PQCNN,
    Data,
    DivergedError,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
    evaluate,
    target_from_text,
    train,
)
from qcnn.engines import ENGINES
from qcnn.train import SCHEDULES


@pytest.fixture(scope="module")
def data() -> Data:
    """Three separable classes of 4×4 images."""
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(240) % 3
    images = 0.2 * torch.rand(240, 1, 4, 4, generator=random)
    images[torch.arange(240), 0, labels] += 0.6
    parts = [(images[a:b], labels[a:b]) for a, b in ((0, 150), (150, 180), (180, 240))]
    return Data("stripes", *(tensor for part in parts for tensor in part), classes=3)


def model(seed: int = 0) -> QuantumTrain:
    torch.manual_seed(3)
    target = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    return QuantumTrain(target, [PQCNN(6, 2, seed=seed), PQCNN(4, 1, seed=seed + 1)], "affine")


def test_training_learns_and_reports_every_epoch(data: Data) -> None:
    trained = model()
    seen: list[int] = []
    result = train(
        trained,
        data,
        TrainConfig(epochs=15, batch_size=16),
        lambda record: seen.append(record.epoch),
    )
    assert seen == list(range(1, 16)) == [record.epoch for record in result.history]
    assert result.last.validation.accuracy > 0.8
    assert result.last.train.loss < result.history[0].train.loss
    again = evaluate(trained, data.validation_images, data.validation_labels)
    assert again == result.last.validation


def test_engines_train_to_the_same_accuracy(data: Data) -> None:
    """The fused engine changes the speed of a run and nothing else."""
    histories = []
    for engine in ENGINES:
        target = nn.Sequential(nn.Flatten(), nn.Linear(16, 3, bias=False))
        samplers = [PQCNN(6, 2, seed=0, engine=engine), PQCNN(4, 2, seed=1, engine=engine)]
        config = TrainConfig(epochs=5, batch_size=16)
        histories.append(train(QuantumTrain(target, samplers, "affine"), data, config).history)
    for first, second in zip(*histories, strict=True):
        assert first.train.loss == pytest.approx(second.train.loss, rel=1e-3)
        assert first.validation.accuracy == pytest.approx(second.validation.accuracy, abs=0.04)


def test_best_weights_are_kept_beside_the_last_and_not_mixed_in(data: Data) -> None:
    trained = model()
    result = train(trained, data, TrainConfig(epochs=6, batch_size=16))
    assert result.best.validation.accuracy == max(
        record.validation.accuracy for record in result.history
    )
    network = trained.export()
    network.load_state_dict(result.best_weights)
    best = evaluate(network, data.validation_images, data.validation_labels)
    assert best.accuracy == result.best.validation.accuracy
    if result.best.epoch < 6:
        assert not all(torch.equal(result.best_weights[k], v) for k, v in trained.weights().items())


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_same_seed_same_numbers_other_seed_others(data: Data, schedule: str) -> None:
    def losses(seed: int) -> list[float]:
        config = TrainConfig(epochs=3, batch_size=32, schedule=schedule, seed=seed)
        return [record.train.loss for record in train(model(), data, config).history]

    assert losses(1) == losses(1) != losses(2)


def test_schedules_differ_and_plateau_lowers_the_rate(data: Data) -> None:
    final = {
        schedule: train(
            model(), data, TrainConfig(epochs=3, batch_size=32, schedule=schedule)
        ).last.train.loss
        for schedule in ("none", "cosine", "one-cycle")
    }
    assert len(set(final.values())) == 3
    # A rate so high that the validation loss does not fall for 5 epochs.
    stuck = TrainConfig(epochs=12, learning_rate=30.0, schedule="plateau", gradient_clip=None)
    flat = TrainConfig(epochs=12, learning_rate=30.0, schedule="none", gradient_clip=None)
    plateau, none = (train(model(), data, c).history for c in (stuck, flat))
    assert plateau[0] == none[0]
    assert plateau[-1] != none[-1]


def test_rates_of_phases_and_mapping_are_separate(data: Data) -> None:
    trained = model()
    phases = trained.pqcnns()[0].phases.detach().clone()
    scale = trained.mapping.scale.detach().clone()
    config = TrainConfig(
        epochs=1, learning_rate=0.1, phase_learning_rate=1e-6, schedule="none", gradient_clip=None
    )
    train(trained, data, config)
    assert (trained.pqcnns()[0].phases - phases).abs().max().item() < 1e-5
    assert (trained.mapping.scale - scale).abs().max().item() > 0.01


def test_gradient_clip_limits_the_norm(data: Data) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    config = TrainConfig(epochs=1, batch_size=150, gradient_clip=1e-3, schedule="none")
    train(network, data, config)
    norms = [p.grad.norm() for p in network.parameters() if p.grad is not None]
    assert torch.stack(norms).norm().item() == pytest.approx(1e-3, rel=1e-3)


class Exploding(nn.Module):
    """Finite for ``passes`` training steps, then not a number."""

    def __init__(self, passes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 3)
        self.left = passes

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.linear(images.flatten(1))
        if self.training:
            self.left -= 1
        return logits * float("nan") if self.left < 0 else logits


def test_divergence_is_raised_at_once_with_its_epoch(data: Data) -> None:
    steps = -(-150 // 32)
    with pytest.raises(DivergedError, match="epoch 3: the training loss is nan") as caught:
        train(Exploding(2 * steps), data, TrainConfig(epochs=9, batch_size=32))
    assert caught.value.epoch == 3


def test_a_directly_trained_network_takes_the_same_way(data: Data) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    assert train(network, data, TrainConfig(epochs=10, batch_size=16)).last.train.accuracy > 0.9


def test_nothing_to_train(data: Data) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 3)).requires_grad_(False)
    with pytest.raises(InvalidInput, match="0 trainable parameters; allowed"):
        train(network, data, TrainConfig())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("batch_size", -1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("gradient_clip", -1.0),
        ("schedule", "cyclic"),
    ],
)
def test_bad_config(name: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=f"{name} is {value!r}; allowed"):
        TrainConfig(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("resnet", "target is 'resnet'; allowed are cnn, "),
        ("cnn:channels=0", "channels is .0,.; allowed"),
        ("cnn:activation=sin", "activation is 'sin'; allowed are none, relu"),
        ("cnn:kernel=x", "kernel of target cnn is 'x'; allowed"),
        ("cnn:kernel=5+3+3", "kernel is .5, 3, 3. for 2 convolutions; allowed are one number for"),
        ("cnn:pooling=", "pooling is .. for 2 convolutions; allowed"),
        ("cnn:pooling=0", "pooling is .0,.; allowed are whole numbers from 1"),
    ],
)
def test_bad_target(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        target_from_text(text)


def test_each_convolution_has_its_own_kernel_and_pooling() -> None:
    network = target_from_text("cnn:channels=3+4,kernel=5+3,pooling=3+2").build()
    assert [tuple(p.shape) for p in network.parameters()][::2] == [
        (3, 1, 5, 5),
        (4, 3, 3, 3),
        (10, 4 * 3 * 3),
    ]
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_target_too_large_for_the_images() -> None:
    with pytest.raises(
        InvalidInput, match=r"kernel is \(5,\) and pooling \(2,\) for 2 convolutions; allowed"
    ):
        target_from_text("cnn2202").build((1, 8, 8), 10)
