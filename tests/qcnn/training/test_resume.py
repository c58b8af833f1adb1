"""What a checkpoint is told to belong to, in this process and in others."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, l1_loss, mse_loss

from qcnn import PQCNN, Examples, QuantumTrain
from qcnn.keeping.checkpoint import read_checkpoint
from qcnn.showing.overview import Overview
from qcnn.training.records import EpochRecord, Evaluation
from qcnn.training.resume import Progress, Resumable, describe_function, identify

MODEL = nn.Linear(2, 2)


class Scaled:
    """An object that is called, and has no text of its own but its address."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, output: Tensor, truth: Tensor) -> Tensor:
        return self.factor * mse_loss(output, truth)


def scaled(factor: Any) -> Callable[..., Tensor]:
    return lambda output, truth: factor * mse_loss(output, truth)


def lambdas() -> list[Callable[..., Tensor]]:
    return [
        lambda output, truth: mse_loss(output, truth),
        lambda output, truth: l1_loss(output, truth),
        lambda output, truth: 2 * l1_loss(output, truth),
        lambda output, truth: 3 * l1_loss(output, truth),
    ]


def losses() -> list[Callable[..., Any]]:
    """Each time other objects."""
    return [
        cross_entropy,
        mse_loss,
        nn.MSELoss(),
        nn.CrossEntropyLoss(),
        nn.CrossEntropyLoss(label_smoothing=0.1),
        nn.CrossEntropyLoss(weight=torch.ones(3)),
        nn.CrossEntropyLoss(weight=torch.zeros(3)),
        partial(mse_loss, reduction="mean"),
        partial(l1_loss, reduction="mean"),
        partial(l1_loss, reduction="sum"),
        Scaled(1.0),
        Scaled(2.0),
        Scaled(1.0).__call__,
        scaled(1.0),
        scaled(2.0),
        scaled(torch.ones(())),
        *lambdas(),
    ]


def test_every_loss_has_a_text_of_its_own_without_addresses() -> None:
    texts, again = ([describe_function(loss, MODEL) for loss in losses()] for _ in range(2))
    assert texts == again
    assert len(set(texts)) == len(texts)
    assert not [text for text in texts if "0x" in text]


def test_parts_of_the_model_in_a_loss_are_told_by_the_model_alone() -> None:
    def decayed(model: nn.Linear) -> Callable[..., Tensor]:
        return lambda output, truth: mse_loss(output, truth) + model.weight.square().sum()

    one, other = nn.Linear(2, 2), nn.Linear(2, 2)
    assert describe_function(decayed(one), one) == describe_function(decayed(other), other)
    assert describe_function(decayed(one), other) != describe_function(decayed(other), other)


class Shown(nn.Linear):
    """Its text has an address, as that of a function has."""

    def extra_repr(self) -> str:
        return repr(Scaled(1.0).__call__)


def test_addresses_in_the_text_of_a_model_are_passed_over() -> None:
    inputs = torch.zeros(2, 2)
    examples = Examples(inputs, inputs, inputs, inputs)
    torch.manual_seed(0)
    first = Shown(2, 2)
    kept = Scaled(1.0)  # takes the place in memory that the next one would have
    again = Shown(2, 2)
    again.load_state_dict(first.state_dict())
    assert "0x" in repr(first)
    assert (
        identify("", first, examples)
        == identify("", again, examples)
        != identify("other", first, examples)
    )
    assert kept.factor == 1.0


def test_what_a_model_shows_does_not_decide_which_run_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inputs = torch.zeros(2, 2)
    examples = Examples(inputs, inputs, inputs, inputs)
    model = QuantumTrain(nn.Linear(2, 2), PQCNN(4, 2, seed=0), "mixing")
    loss = nn.Sequential(model)
    before = identify("", model, examples), describe_function(loss, MODEL)
    monkeypatch.setattr(Overview, "__str__", lambda overview: "something else")
    assert repr(model) == "something else"
    assert (identify("", model, examples), describe_function(loss, MODEL)) == before
    model.samplers[0].engine = "merlin"
    assert identify("", model, examples) != before[0]


def stored(file: Path, history: list[EpochRecord]) -> Resumable:
    """A run of one model that has kept these records."""
    optimiser = torch.optim.SGD(MODEL.parameters())
    run = Resumable(MODEL, optimiser, {}, Progress(history, dict(MODEL.state_dict())))
    run.store(file, "this run", 1.0)
    return run


@pytest.mark.parametrize("accuracy", [0.1 + 0.2, None])
def test_records_come_back_to_the_last_bit(accuracy: float | None, tmp_path: Path) -> None:
    history = [
        EpochRecord(n, Evaluation(n / 3, accuracy), Evaluation(n / 7, accuracy)) for n in (1, 2, 3)
    ]
    run = stored(tmp_path / "run", history)
    run.progress = Progress()
    run.restore(tmp_path / "run", "this run")
    assert run.progress.history == history
    assert run.progress.seconds_before == 1.0


def test_an_epoch_adds_four_numbers_to_the_file(tmp_path: Path) -> None:
    """A file for each of a thousand epochs costs little more than one for each of ten."""
    sizes = []
    for epochs in (100, 1100):
        found = Evaluation(1 / 3, 2 / 3)
        stored(tmp_path / "run", [EpochRecord(n + 1, found, found) for n in range(epochs)])
        sizes.append((tmp_path / "run").stat().st_size)
    assert sizes[1] - sizes[0] == pytest.approx(1000 * 4 * 8, abs=100)


# The same run in a process of its own.
PROCESS = """
import sys
import torch
from torch import nn
import qcnn

torch.set_num_threads(1)
random = torch.Generator().manual_seed(0)
inputs = torch.rand(90, 4, generator=random)
truth = inputs[:, :2] - inputs[:, 2:]
examples = qcnn.Examples(inputs[:60], truth[:60], inputs[60:], truth[60:])
torch.manual_seed(0)
target = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Tanh(), nn.Linear(8, 2))
model = qcnn.QuantumTrain(target, [qcnn.PQCNN(6, 3, seed=seed) for seed in range(2)], "mixing")
result = qcnn.train(
    model,
    examples,
    qcnn.TrainConfig(epochs=200, batch_size=16),
    lambda record: print(record.epoch, flush=True),
    loss=nn.functional.mse_loss,
    checkpoint=sys.argv[1],
)
print([value.flatten().tolist() for value in model.weights().values()])
print([(record.train.loss, record.validation.loss) for record in result.history])
"""


def start(file: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(file)], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_a_killed_process_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    whole = start(tmp_path / "whole.safetensors").communicate(timeout=300)[0].split()
    file = tmp_path / "killed.safetensors"
    killed = start(file)
    assert killed.stdout is not None
    while killed.stdout.readline().strip() != "3":
        assert killed.poll() is None
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=60)
    assert 3 <= len(read_checkpoint(file)[0]["history"]) < 200
    assert start(file).communicate(timeout=300)[0].split() == whole
