"""Training: deterministic, scheduled, honest about divergence."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from qcnn import (
    PQCNN,
    AlternatingConfig,
    Data,
    DivergedError,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
    evaluate,
    target_from_text,
    train,
    train_alternating,
)
from qcnn.engines import engine_names
from qcnn.training.config import SCHEDULES
from studies.design.measures import weights_and_gradients


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
    """An engine changes the speed of a run and nothing else."""
    histories = []
    for engine in engine_names():
        target = nn.Sequential(nn.Flatten(), nn.Linear(16, 3, bias=False))
        samplers = [PQCNN(6, 2, seed=0, engine=engine), PQCNN(4, 2, seed=1, engine=engine)]
        config = TrainConfig(epochs=5, batch_size=16)
        histories.append(train(QuantumTrain(target, samplers, "affine"), data, config).history)
    for first, *others in zip(*histories, strict=True):
        for other in others:
            assert other.train.loss == pytest.approx(first.train.loss, rel=1e-3)
            assert other.validation.accuracy == pytest.approx(first.validation.accuracy, abs=0.04)


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
        ("resnet", "target is 'resnet'; allowed are adapter, cnn, "),
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


def network_of(*layers: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), *layers)


class Returns(nn.Module):
    """A linear network whose output something is done to."""

    def __init__(self, change: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.linear, self.change = nn.Linear(16, 3), change

    def forward(self, images: Tensor) -> Any:
        return self.change(self.linear(images.flatten(1)))


UNSUITABLE: list[tuple[Callable[[], nn.Module], str]] = [
    (lambda: network_of(nn.Linear(16, 2)), "is of shape (…, 2); allowed for … images of 3 classes"),
    (lambda: nn.Linear(4, 3), "is of shape (…, 1, 4, 3); allowed for … images of 3 classes is"),
    (lambda: Returns(lambda x: (x, x)), "the output of target Returns is of type tuple; allowed"),
    (lambda: Returns(lambda x: {"logits": x}), "is of type dict; allowed are tensors of floats"),
    (lambda: Returns(lambda x: None), "is of type NoneType; allowed"),
    (lambda: Returns(lambda x: x.argmax(1)), "is of type torch.int64; allowed are tensors of floa"),
    (lambda: Returns(lambda x: x.to(torch.complex64)), "is of type torch.complex64; allowed"),
    (lambda: Returns(lambda x: x[:, 0]), "is of shape (…,); allowed for … images of 3 classes is"),
    (lambda: Returns(lambda x: x.T), "is of shape (3, …); allowed"),
    (lambda: Returns(lambda x: x[1:]), "; allowed for … images of 3 classes is (…, 3)"),
    (lambda: network_of(nn.Linear(15, 3)), "target Sequential cannot take a batch of "),
    (lambda: nn.Conv2d(3, 3, 3), "take a batch of shape (…, 1, 4, 4) and type torch.float32"),
    (lambda: nn.Bilinear(16, 16, 3), "missing 1 required positional argument: 'input2'); allowed"),
    (lambda: nn.Embedding(4, 3), "target Embedding cannot take a batch of shape"),
]


@pytest.mark.parametrize(("build", "sentence"), UNSUITABLE)
@pytest.mark.parametrize("generated", [False, True])
def test_a_target_that_does_not_suit_the_data_is_one_sentence(
    data: Data, build: Callable[[], nn.Module], sentence: str, generated: bool
) -> None:
    pattern = re.escape(sentence).replace("…", r"\d+")

    def make() -> nn.Module:
        return QuantumTrain(build(), [PQCNN(6, 2, seed=0)], "mixing") if generated else build()

    with pytest.raises(InvalidInput, match=pattern) as caught:
        train(make(), data, TrainConfig(epochs=1))
    assert "\n" not in str(caught.value)
    with pytest.raises(InvalidInput, match=pattern):
        evaluate(make(), data.validation_images, data.validation_labels)
    if generated:
        config = AlternatingConfig(rounds=1, adam_epochs=1, evaluations=40)
        with pytest.raises(InvalidInput, match=pattern):
            train_alternating(make(), data, config)


def test_more_outputs_than_classes_are_taken(data: Data) -> None:
    result = train(network_of(nn.Linear(16, 5)), data, TrainConfig(epochs=5, batch_size=16))
    assert result.last.train.accuracy > 0.8


class Failing(nn.Linear):
    def __init__(self, error: BaseException) -> None:
        super().__init__(16, 3)
        self.error = error

    def forward(self, images: Tensor) -> Tensor:
        raise self.error


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("full"), MemoryError(), DivergedError(1, "x"), KeyError("a")]
)
def test_what_has_nothing_to_do_with_the_images_is_passed_on(
    data: Data, error: BaseException
) -> None:
    with pytest.raises(type(error)) as caught:
        evaluate(Failing(error), data.test_images, data.test_labels)
    assert caught.value is error


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (torch.zeros(0, 1, 4, 4), torch.zeros(0).long(), "the number of images is 0 with 0 labels"),
        (torch.zeros(2, 1, 4, 4), torch.zeros(3).long(), "the number of images is 2 with 3 labels"),
        (np.zeros((2, 1, 4, 4)), torch.zeros(2).long(), "images is array"),
        (torch.zeros(2, 1, 4, 4), [0, 1], "labels is [0, 1]; allowed are tensors"),
        (torch.tensor(1.0), torch.zeros(1).long(), "images is tensor(1.); allowed are tensors"),
        (torch.full((2, 1, 4, 4), torch.nan), torch.zeros(2).long(), "a pixel of the images is na"),
        (torch.full((2, 1, 4, 4), -torch.inf), torch.zeros(2).long(), "a pixel of the images is n"),
        (torch.zeros(2, 1, 4, 4), torch.zeros(2), "labels are of type torch.float32 and shape (2,"),
        (torch.zeros(2, 1, 4, 4), torch.zeros(2, 3).long(), "the loss cannot take an output of s"),
        (torch.zeros(2, 1, 4, 4), torch.tensor([True, False]), "labels are of type torch.bool and"),
        (torch.zeros(2, 1, 4, 4), torch.tensor([0, -100]), "labels are of type torch.int64 and sh"),
        (torch.zeros(2, 1, 4, 4), torch.tensor([0, 3]), "the output of target Sequential is of sh"),
        (torch.zeros(2, 1, 4, 4).to(torch.uint8), torch.zeros(2).long(), "target Sequential cann"),
        (torch.zeros(2, 1, 4, 4).to_sparse(), torch.zeros(2).long(), "images are torch.sparse_coo"),
        (torch.zeros(2, 1, 4, 4), torch.zeros(2, device="meta").long(), "labels are torch.strided"),
        (torch.zeros(2, 1, 5, 4), torch.zeros(2).long(), "target Sequential cannot take a batch"),
        (torch.zeros(2, 8, 8, 3), torch.zeros(2).long(), "the batch has images of shape (8, 8, 3)"),
    ],
)
def test_images_and_labels_that_cannot_be_evaluated(
    images: Any, labels: Any, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        evaluate(network_of(nn.Linear(16, 3)), images, labels)
    assert str(caught.value).startswith(sentence)


def test_labels_of_any_whole_type_are_taken(data: Data) -> None:
    network = network_of(nn.Linear(16, 3))
    expected = evaluate(network, data.test_images, data.test_labels)
    for kind in (torch.uint8, torch.int32, torch.int16):
        assert evaluate(network, data.test_images, data.test_labels.to(kind)) == expected


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": "cnn"}, "model is 'cnn'; allowed is a torch.nn.Module"),
        ({"model": None}, "model is None; allowed is a torch.nn.Module"),
        ({"data": "digits"}, "data is 'digits'; allowed are Data and Ex"),
        ({"config": {"epochs": 3}}, "config is {'epochs': 3}; allowed is a TrainConfig"),
        ({"config": AlternatingConfig()}, "config is AlternatingConfig(rounds=200"),
    ],
)
def test_arguments_of_another_type(data: Data, change: dict[str, Any], sentence: str) -> None:
    arguments = {"model": network_of(nn.Linear(16, 3)), "data": data, "config": TrainConfig()}
    with pytest.raises(InvalidInput) as caught:
        train(**arguments | change)
    assert str(caught.value).startswith(sentence)


def test_every_part_is_in_its_own_mode_again_after_an_evaluation(data: Data) -> None:
    network = network_of(nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 3))
    network[1].eval()
    before = [part.training for part in network.modules()]
    evaluate(network, data.test_images, data.test_labels)
    with pytest.raises(InvalidInput):
        evaluate(network, data.test_images[:, :, 1:], data.test_labels)
    assert [part.training for part in network.modules()] == before


def test_a_last_image_alone_joins_the_batch_before_it_under_batch_normalisation(
    data: Data,
) -> None:
    sizes: list[int] = []

    def count(_: nn.Module, inputs: tuple[Tensor]) -> None:
        sizes.append(len(inputs[0]))

    for norm, size, expected in (
        (True, 149, [150]),
        (True, 50, [50, 50, 50]),
        (True, 74, [74, 74, 2]),
        (False, 149, [149, 1]),
        (False, 4, [4] * 37 + [2]),
    ):
        network = network_of(nn.BatchNorm1d(16) if norm else nn.Identity(), nn.Linear(16, 3))
        sizes.clear()
        handle = network.register_forward_pre_hook(
            lambda module, inputs: count(module, inputs) if module.training else None
        )
        train(network, data, TrainConfig(epochs=1, batch_size=size, schedule="cosine"))
        handle.remove()
        assert sum(sizes) == 150
        assert sizes == expected
    with pytest.raises(InvalidInput, match="in a batch is 1; allowed with batch normalisation are"):
        train(network_of(nn.BatchNorm1d(16), nn.Linear(16, 3)), data, TrainConfig(batch_size=1))


def test_the_rate_falls_to_nothing_over_the_steps_that_there_are(data: Data) -> None:
    network = network_of(nn.BatchNorm1d(16), nn.Linear(16, 3))
    rates: list[float] = []
    step = torch.optim.Adam.step

    class Watched(torch.optim.Adam):
        def step(self, *arguments: Any) -> Any:
            rates.append(self.param_groups[0]["lr"])
            return step(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("torch.optim.Adam", Watched)
        config = TrainConfig(epochs=7, batch_size=149, schedule="cosine", learning_rate=1.0)
        train(network, data, config)
    expected = [(1 + math.cos(math.pi * place / 7)) / 2 for place in range(7)]
    assert rates == pytest.approx(expected)


class Subtracting(nn.Module):
    """The issue's example: it works in place on its input."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 3)

    def forward(self, images: Tensor) -> Tensor:
        images.sub_(0.5)
        logits: Tensor = self.linear(images.flatten(1))
        return logits


@pytest.mark.parametrize(
    "build", [Subtracting, lambda: nn.Sequential(nn.Hardtanh(0, 0.5, inplace=True), Subtracting())]
)
def test_the_same_evaluation_twice_is_the_same(data: Data, build: Callable[[], nn.Module]) -> None:
    network = build()
    before = data.test_images.clone()
    first = evaluate(network, data.test_images, data.test_labels)
    assert evaluate(network, data.test_images, data.test_labels) == first
    model = QuantumTrain(network, PQCNN(6, 2, seed=0), "mixing")
    of_model = evaluate(model, data.test_images, data.test_labels)
    assert evaluate(model, data.test_images, data.test_labels) == of_model
    assert weights_and_gradients(model, data) == weights_and_gradients(model, data)
    assert evaluate(model.export(), data.test_images, data.test_labels) == of_model
    assert torch.equal(data.test_images, before)
    expanded = torch.full((1, 1, 4, 4), 0.3).expand(7, 1, 4, 4)
    assert evaluate(network, expanded, torch.zeros(7).long()).accuracy in (0, 1)
