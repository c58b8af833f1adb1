"""Any loss, optimiser and examples; progress; runs that are killed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from qcnn import (
    PQCNN,
    Data,
    EpochRecord,
    Evaluation,
    Examples,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
    evaluate,
    train,
)
from qcnn.keeping.checkpoint import fingerprint
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.samplers.controls import RedrawnRandom
from qcnn.training.config import SCHEDULES
from qcnn.training.optimiser import make_adam


def stripes(count: int = 90) -> Data:
    random = torch.Generator().manual_seed(3)
    labels = torch.randint(3, (count,), generator=random)
    images = 0.3 * torch.rand(count, 1, 4, 4, generator=random)
    images[torch.arange(count), 0, labels] += 0.5
    parts = [(images[a:b], labels[a:b]) for a, b in ((0, 50), (50, 70), (70, count))]
    return Data("stripes", *parts[0], *parts[1], *parts[2], classes=3)


def table(dtype: torch.dtype = torch.float32) -> Examples:
    random = torch.Generator().manual_seed(5)
    inputs = torch.rand(80, 4, generator=random, dtype=dtype)
    truth = inputs @ torch.tensor([[1.0], [-1.0], [0.5], [2.0]], dtype=dtype)
    return Examples(inputs[:60], truth[:60], inputs[60:], truth[60:])


def small(kind: str = "plain") -> QuantumTrain:
    torch.manual_seed(0)
    target = nn.Sequential(nn.Flatten(), nn.Linear(16, 6), nn.Dropout(0.2), nn.Linear(6, 3))
    samplers: list[Any] = [PQCNN(6, 2, seed=seed) for seed in (1, 2)]
    if kind == "redrawn":
        samplers = [RedrawnRandom(sampler, 7) for sampler in samplers]
    if kind == "shots":
        samplers = [NoisyPQCNN(s, Noise(shots=400), seed=n) for n, s in enumerate(samplers)]
    return QuantumTrain(target, samplers, "mixing", seed=3)


def regressor() -> nn.Module:
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))


def test_a_regression_has_a_loss_and_no_accuracy() -> None:
    result = train(regressor(), table(), TrainConfig(epochs=30, batch_size=16), loss=mse_loss)
    assert result.last.validation.loss < 0.05 * result.history[0].train.loss
    assert {(r.train.accuracy, r.validation.accuracy) for r in result.history} == {(None, None)}
    losses = [record.validation.loss for record in result.history]
    assert result.best.epoch == 1 + losses.index(min(losses))


def test_the_loss_of_an_evaluation_is_the_mean_over_all_examples() -> None:
    model = regressor()
    inputs = torch.rand(1203, 4)
    truth = torch.rand(1203, 1)
    with torch.no_grad():
        expected = (model(inputs) - truth).square().mean().item()
    assert evaluate(model, inputs, truth, mse_loss).loss == pytest.approx(expected)


def test_double_precision_stays() -> None:
    seen: list[torch.dtype] = []
    model = regressor().double()
    model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].dtype))
    result = train(model, table(torch.float64), TrainConfig(epochs=20), loss=mse_loss)
    assert set(seen) == {torch.float64}
    again = regressor()
    examples = table(torch.float64)
    inputs, truth = examples.validation_inputs, examples.validation_truth
    again.load_state_dict({name: value.float() for name, value in model.state_dict().items()})
    assert evaluate(again, inputs, truth, mse_loss).loss == pytest.approx(
        result.last.validation.loss, rel=1e-4
    )


class PerPosition(nn.Linear):
    """Logits for each position of a sequence, as the cross-entropy takes them."""

    def forward(self, sequences: Tensor) -> Tensor:
        return super().forward(sequences).transpose(1, 2)


class ChannelsLast(nn.Linear):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).mean((1, 2))


@pytest.mark.parametrize(
    ("kind", "inputs", "truth"),
    [
        (nn.Linear, torch.rand(30, 4), torch.rand(30, 3).softmax(1)),
        (nn.Linear, torch.rand(30, 4), torch.rand(30, 3).double().softmax(1)),
        (PerPosition, torch.rand(30, 5, 4), torch.arange(150).view(30, 5) % 3),
        (ChannelsLast, torch.rand(30, 7, 8, 4), torch.arange(30) % 3),
        (nn.Linear, torch.rand(30, 4), (torch.arange(30) % 3).int()),
        (nn.Linear, torch.rand(30, 4), (torch.arange(30) % 3).to(torch.uint8)),
    ],
    ids=["shares", "double shares", "positions", "channels last", "int32", "uint8"],
)
def test_all_that_the_cross_entropy_takes_is_trained_and_evaluated(
    kind: Callable[[int, int], nn.Module], inputs: Tensor, truth: Tensor
) -> None:
    model = kind(4, 3)
    examples = Examples(inputs[:20], truth[:20], inputs[20:], truth[20:])
    result = train(model, examples, TrainConfig(epochs=2, batch_size=10))
    with torch.no_grad():
        output = model(inputs[20:])
    wanted = truth[20:].to(output.dtype) if truth.is_floating_point() else truth[20:].long()
    expected = cross_entropy(output, wanted).item()
    assert result.last.validation.loss == pytest.approx(expected, rel=1e-5)
    if truth.ndim == 1:
        right = int((output.argmax(1) == wanted).sum())
        assert result.last.validation.accuracy == right / 10
    else:
        assert result.last.validation.accuracy is None
    alone = evaluate(model, (inputs[20:],), truth[20:])
    assert alone == result.last.validation
    if kind is not ChannelsLast:  # as images they are none of those that Data takes
        assert evaluate(model, inputs[20:], truth[20:]) == alone


def test_a_regression_that_was_killed_has_the_same_records(tmp_path: Path) -> None:
    config, file = TrainConfig(epochs=4, batch_size=16), tmp_path / "run.safetensors"
    whole = train(regressor(), table(), config, loss=mse_loss)

    def kill(record: EpochRecord) -> None:
        if record.epoch == 2:
            raise Killed

    with pytest.raises(Killed):
        train(regressor(), table(), config, kill, loss=mse_loss, checkpoint=file)
    found = train(regressor(), table(), config, loss=mse_loss, checkpoint=file)
    assert found.history == whole.history
    assert found.best == whole.best


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(2, 3), nn.Linear(5, 3)

    def forward(self, left: Tensor, *, right: Tensor) -> Tensor:
        moved: Tensor = self.left(left) + self.right(right)
        return moved


class Placed(Named):
    def forward(self, left: Tensor, right: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(left, right=right)


def test_several_inputs_by_place_and_by_name_are_the_same_training() -> None:
    random = torch.Generator().manual_seed(1)
    left, right = torch.rand(60, 2, generator=random), torch.rand(60, 5, generator=random)
    labels = torch.randint(3, (60,), generator=random)
    named = Examples(
        {"left": left[:40], "right": right[:40]},
        labels[:40],
        {"left": left[40:], "right": right[40:]},
        labels[40:],
    )
    placed = Examples((left[:40], right[:40]), labels[:40], (left[40:], right[40:]), labels[40:])
    histories = []
    for kind, examples in ((Named, named), (Placed, placed)):
        torch.manual_seed(4)
        model = QuantumTrain(kind(), PQCNN(6, 3, seed=1), "mixing", seed=2)
        histories.append(train(model, examples, TrainConfig(epochs=3, batch_size=16)).history)
    assert histories[0] == histories[1]
    assert named.classes == 3


def test_running_values_are_those_of_the_steps_and_the_last_ones_of_the_whole_split() -> None:
    """A loss that is watched gives the same means."""
    data, config = stripes(), TrainConfig(epochs=3, batch_size=20)
    seen: list[tuple[int, float, int]] = []

    def watched(output: Tensor, truth: Tensor) -> Tensor:
        value = cross_entropy(output, truth)
        if torch.is_grad_enabled():
            right = int((output.argmax(1) == truth).sum())
            seen.append((len(truth), len(truth) * value.item(), right))
        return value

    model = small()
    result = train(model, data, config, loss=watched)
    for record, first in zip(result.history[:-1], (0, 3), strict=True):
        steps = seen[first : first + 3]
        assert [count for count, _, _ in steps] == [20, 20, 10]
        assert record.train.loss == pytest.approx(sum(loss for _, loss, _ in steps) / 50)
        assert record.train.accuracy == sum(right for *_, right in steps) / 50
    assert result.last.train == evaluate(model, data.train_images, data.train_labels)
    assert result.history == train(small(), data, config).history


OPTIMISERS: dict[str, Callable[[list[dict[str, Any]]], torch.optim.Optimizer]] = {
    "adam": make_adam,
    "sgd": lambda groups: torch.optim.SGD(groups, momentum=0.9),
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}


class Killed(Exception):
    pass


@pytest.mark.parametrize("stop", [1, 3])
@pytest.mark.parametrize(
    ("schedule", "optimiser", "kind"),
    [
        *((schedule, "adam", "plain") for schedule in SCHEDULES),
        ("one-cycle", "sgd", "plain"),
        ("cosine", "adamw", "plain"),
        ("plateau", "rmsprop", "plain"),
        ("one-cycle", "adam", "redrawn"),
        ("cosine", "adam", "shots"),
    ],
)
def test_a_run_that_was_killed_goes_on_bit_for_bit(
    schedule: str, optimiser: str, kind: str, stop: int, tmp_path: Path
) -> None:
    data, file = stripes(), tmp_path / "run.safetensors"
    config = TrainConfig(epochs=5, batch_size=16, schedule=schedule, phase_learning_rate=0.1)
    make = OPTIMISERS[optimiser]
    whole_model = small(kind)
    whole = train(whole_model, data, config, optimiser=make)

    def kill(record: EpochRecord) -> None:
        if record.epoch == stop:
            raise Killed

    with pytest.raises(Killed):
        train(small(kind), data, config, kill, optimiser=make, checkpoint=file)
    seen: list[EpochRecord] = []
    model = small(kind)
    found = train(model, data, config, seen.append, optimiser=make, checkpoint=str(file))
    assert found.history == whole.history == tuple(seen)
    assert found.best == whole.best
    assert fingerprint("", found.best_weights) == fingerprint("", whole.best_weights)
    assert fingerprint("", model.state_dict()) == fingerprint("", whole_model.state_dict())
    assert [path.name for path in tmp_path.iterdir()] == ["run.safetensors"]


@pytest.mark.parametrize(
    "change",
    [
        {"config": TrainConfig(epochs=2, seed=1)},
        {"data": stripes(91)},
        {"optimiser": OPTIMISERS["sgd"]},
        {"loss": nn.CrossEntropyLoss(label_smoothing=0.1)},
        {"model": small("redrawn")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_checkpoint_of_another_run_is_refused_and_left(
    change: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "run.safetensors"
    arguments: dict[str, Any] = {
        "model": small(),
        "data": stripes(),
        "config": TrainConfig(epochs=2),
    }
    train(**arguments, checkpoint=file)
    before = file.read_bytes()
    with pytest.raises(InvalidInput, match="is of a run with other settings, model or data"):
        train(**arguments | {"model": small()} | change, checkpoint=file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_one_cycle_moves_a_momentum_that_there_is(momentum: float) -> None:
    """By hand: with none, a step is the gradient times the rate, which rises and falls."""
    seen: list[dict[str, Any]] = []

    class Watched(torch.optim.SGD):
        def step(self, *arguments: Any) -> Any:
            seen.append({name: self.param_groups[0][name] for name in ("lr", "momentum")})
            return super().step(*arguments)

    config = TrainConfig(epochs=5, batch_size=60, schedule="one-cycle", gradient_clip=None)
    train(
        regressor(),
        table(),
        config,
        loss=mse_loss,
        optimiser=lambda groups: Watched(groups, momentum=momentum),
    )
    assert max(step["lr"] for step in seen) > 5 * seen[0]["lr"]
    used = {step["momentum"] for step in seen}
    assert (used == {0.0}) if momentum == 0 else (len(used) > 2 and max(used) == 0.95)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", ["Adagrad", "Adadelta", "Adafactor", "ASGD", "NAdam", "Rprop"])
def test_any_optimiser_takes_any_schedule_and_is_resumed(
    name: str, schedule: str, tmp_path: Path
) -> None:
    make = getattr(torch.optim, name)
    config, file = TrainConfig(epochs=3, batch_size=20, schedule=schedule), tmp_path / "run"
    whole = train(regressor(), table(), config, loss=mse_loss, optimiser=make)

    def kill(record: EpochRecord) -> None:
        if record.epoch == 2:
            raise Killed

    options: dict[str, Any] = {"loss": mse_loss, "optimiser": make, "checkpoint": file}
    with pytest.raises(Killed):
        train(regressor(), table(), config, kill, **options)
    assert train(regressor(), table(), config, **options).history == whole.history


def test_lbfgs_gets_its_loss_as_often_as_it_wants() -> None:
    calls = 0

    def counted(output: Tensor, truth: Tensor) -> Tensor:
        nonlocal calls
        calls += torch.is_grad_enabled()
        return mse_loss(output, truth)

    def make(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        parameters = [p for group in groups for p in group["params"]]
        return torch.optim.LBFGS(parameters, max_iter=8, line_search_fn="strong_wolfe")

    config = TrainConfig(epochs=6, batch_size=60, schedule="none", gradient_clip=None)
    result = train(regressor(), table(), config, loss=counted, optimiser=make)
    assert calls > 20
    assert result.last.train.loss < 1e-3


def test_progress_is_shown_for_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    train(regressor(), table(), TrainConfig(epochs=2), loss=mse_loss, progress=True)
    train(small(), stripes(), TrainConfig(epochs=2), progress=True)
    output = capsys.readouterr()
    lines = output.err.splitlines()
    assert output.out == ""
    assert [line.split(":")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"] * 2
    assert "accuracy" not in lines[0]
    assert "; validation loss " in lines[0]
    assert ", accuracy " in lines[2]
    train(regressor(), table(), TrainConfig(epochs=1), loss=mse_loss)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"loss": lambda output, truth: output - truth}, "the loss is tensor"),
        ({"loss": lambda output, truth: 3.0}, "the loss is 3.0; allowed is a tensor of one number"),
        ({"loss": cross_entropy}, "the loss cannot take an output of shape"),
        (
            {"optimiser": lambda groups: None, "loss": mse_loss},
            "the optimiser that was made is None; allowed is",
        ),
        ({"model": nn.Linear(4, 2), "loss": mse_loss}, "the output is of shape \\(60, 2\\); allo"),
        ({"model": nn.Linear(4, 2), "loss": nn.HuberLoss()}, "the output is of shape \\(60, 2\\)"),
        ({"model": nn.Linear(3, 1), "loss": mse_loss}, "target Linear cannot take a batch"),
    ],
)
def test_losses_and_optimisers_that_cannot_be_used(change: dict[str, Any], sentence: str) -> None:
    examples = table()
    if change["loss"] is cross_entropy:  # of a truth that has neither one column nor the outputs'
        truth = torch.zeros(60, 3)
        examples = Examples(examples.train_inputs, truth, examples.train_inputs, truth)
    arguments: dict[str, Any] = {"model": regressor(), "data": examples, "config": TrainConfig()}
    with pytest.raises(InvalidInput, match=sentence):
        train(**arguments | change)


GOOD = torch.zeros(3, 2)


@pytest.mark.parametrize(
    ("inputs", "truth", "sentence"),
    [
        ([GOOD], GOOD, "the train inputs are [tensor"),
        ({}, GOOD, "the train inputs are {}; allowed are a tensor, a tuple or a dictionary"),
        ((), GOOD, "the train inputs are ()"),
        ({"left": 3}, GOOD, "the train input 'left' is 3; allowed are tensors"),
        ((GOOD, None), GOOD, "the train input 2 is None; allowed"),
        (GOOD, None, "the train truth is None; allowed are tensors of shape (N, …)"),
        (torch.tensor(3.0), GOOD, "the train input is tensor(3.); allowed"),
        (GOOD / 0, GOOD, "the train input has a number that is not finite; allowed"),
        (GOOD, GOOD * torch.inf, "the train truth has a number that is not finite"),
        (GOOD.to_sparse(), GOOD, "the train input is of type torch.float32, torch.sparse_coo"),
        (GOOD, GOOD[:2], "the numbers of train examples are 3 of input, 2 of truth; allowed"),
        (GOOD[:0], GOOD[:0], "the numbers of train examples are 0 of input, 0 of truth; allowed"),
        (GOOD, torch.tensor([0, -1, 2]), "the train truth has the label -1; allowed are whole"),
        (GOOD, torch.tensor([0, 1, 2]), "the validation truth is of type torch.float32; allowed"),
    ],
)
def test_examples_that_do_not_belong_together(inputs: Any, truth: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Examples(inputs, truth, GOOD, GOOD)
    assert str(caught.value).startswith(sentence)


LABELS = torch.tensor([0, 1, 2])


@pytest.mark.parametrize(
    ("trained", "validated", "sentence"),
    [
        (
            (GOOD, GOOD),
            (GOOD[:, :1], GOOD),
            "an example of the validation input is of shape (1,); ",
        ),
        ((GOOD, GOOD), (GOOD.view(3, 2, 1), GOOD), "an example of the validation input is of shap"),
        ((GOOD, GOOD), (GOOD, GOOD[:, 0]), "an example of the validation truth is of shape (); al"),
        ((GOOD, LABELS), (GOOD, LABELS.view(3, 1)), "an example of the validation truth is of sha"),
        ((GOOD, GOOD), ((GOOD,), GOOD), "the validation inputs are a tuple of 1; allowed are a te"),
        (((GOOD,), GOOD), ((GOOD, GOOD), GOOD), "the validation inputs are a tuple of 2; allowed"),
        (({"a": GOOD}, GOOD), ((GOOD,), GOOD), "the validation inputs are a tuple of 1; allowed a"),
        (
            ({"b": GOOD, "a": GOOD}, GOOD),
            ({"a": GOOD, "c": GOOD}, GOOD),
            "the validation inputs are a dictionary of 'a', 'c'; allowed are a dictionary of 'a', "
            "'b', as the training inputs are",
        ),
        (
            ({"b": GOOD, "a": GOOD}, GOOD),
            ({"a": GOOD, "b": GOOD.bool()}, GOOD),
            "the validation input 'b' is of type torch.bool; allowed is torch.float32, that of the "
            "training input 'b'",
        ),
        (((GOOD, GOOD), GOOD), ((GOOD, GOOD[:, :1]), GOOD), "an example of the validation input 2"),
        ((GOOD, GOOD), (GOOD.long(), GOOD), "the validation input is of type torch.int64; allowed"),
        ((GOOD.long(), GOOD), (GOOD.bool(), GOOD), "the validation input is of type torch.bool; a"),
        ((GOOD, GOOD), (GOOD, GOOD.long()), "the validation truth is of type torch.int64; allowed"),
    ],
)
def test_a_validation_part_that_is_unlike_the_training_part(
    trained: tuple[Any, Any], validated: tuple[Any, Any], sentence: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        Examples(*trained, *validated)
    assert str(caught.value).startswith(sentence)


def test_alike_are_parts_of_the_same_names_and_kinds() -> None:
    """The order of names and the precision of numbers make no difference."""
    double = GOOD.double()[:2]
    Examples({"a": GOOD, "b": GOOD}, LABELS, {"b": double, "a": double}, LABELS[:2].to(torch.uint8))


def test_parameters_with_gaps_are_stepped_as_others_are() -> None:
    """Torch's compiled Adam would change what lies between their numbers."""
    whole = torch.zeros(6, 8)
    parameter = nn.Parameter(whole[:, ::2])
    optimiser = make_adam([{"params": [parameter], "lr": 0.1}])
    (parameter * torch.arange(1.0, 25.0).view(6, 4)).sum().backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    torch.testing.assert_close(parameter.detach(), torch.full((6, 4), -0.1))
    assert not whole[:, 1::2].any()
    assert make_adam([{"params": [nn.Parameter(torch.zeros(3))], "lr": 0.1}]).defaults["fused"]


def test_an_evaluation_is_two_numbers() -> None:
    assert Evaluation(0.5, 0.25) == Evaluation(loss=0.5, accuracy=0.25)


@pytest.mark.parametrize("generated", [False, True])
def test_innermost_channels_change_nothing_but_the_time(
    generated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build() -> nn.Module:
        torch.manual_seed(3)
        layers = (nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(4, 6, 2))
        target = nn.Sequential(*layers, nn.Flatten(), nn.Linear(6, 3))
        return QuantumTrain(target, PQCNN(6, 3, seed=1), "mixing") if generated else target

    random = torch.Generator().manual_seed(8)
    images, labels = torch.rand(40, 1, 6, 7, generator=random), torch.arange(40) % 3
    examples = Examples(images, labels, images, labels)
    strides = []
    models = [build(), build()]
    for model, plain in zip(models, (True, False), strict=True):
        with monkeypatch.context() as patched:
            patched.setattr("qcnn.training.evaluation.is_plain", lambda _, plain=plain: plain)
            first = (model.target if isinstance(model, QuantumTrain) else model)[0]  # type: ignore[index]
            first.register_forward_hook(lambda _, inputs, output: strides.append(output.stride(1)))
            config = TrainConfig(epochs=3, batch_size=10, learning_rate=0.01)
            train(model, examples, config)
    assert strides[0] == 1 < strides[-1]
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
