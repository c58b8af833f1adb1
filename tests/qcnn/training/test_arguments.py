"""What cannot be used in a training is said in a sentence, before its first step."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from qcnn import (
    PQCNN,
    AlternatingConfig,
    Data,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
    evaluate,
    train,
    train_alternating,
)
from qcnn.keeping.checkpoint import fingerprint

ALTERNATING = AlternatingConfig(rounds=1, adam_epochs=1, evaluations=40, batch_size=8)


def stripes() -> Data:
    images, labels = torch.rand(30, 1, 4, 4), torch.arange(30) % 3
    parts = [(images[a:b], labels[a:b]) for a, b in ((0, 15), (15, 22), (22, 30))]
    return Data("stripes", *parts[0], *parts[1], *parts[2], classes=3)


class Untouched(nn.Sequential):
    """A network that is never called."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        raise AssertionError("a step")


def untouched() -> QuantumTrain:
    return QuantumTrain(Untouched(nn.Flatten(), nn.Linear(16, 3)), PQCNN(6, 2, seed=0), "mixing")


def by_adam(**options: Any) -> object:
    return train(untouched(), stripes(), TrainConfig(epochs=1), **options)


def in_rounds(**options: Any) -> object:
    return train_alternating(untouched(), stripes(), ALTERNATING, **options)


EITHER = pytest.mark.parametrize("trained", [by_adam, in_rounds])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"loss": "mse"}, "loss is 'mse'; allowed are functions of output and truth, such as"),
        ({"loss": None}, "loss is None; allowed are functions of output and truth"),
        ({"loss": nn.MSELoss}, "loss is <class 'torch.nn.modules.loss.MSELoss'>; allowed are fun"),
        ({"optimiser": "adam"}, "optimiser is 'adam'; allowed are functions that make one of gro"),
        ({"optimiser": None}, "optimiser is None; allowed are functions that make one of groups"),
        (
            {"optimiser": torch.optim.SGD(nn.Linear(1, 1).parameters(), 0.1)},
            "optimiser is SGD ( Parameter Group 0 ",
        ),
    ],
)
def test_losses_and_optimisers_that_are_no_functions(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        by_adam(**change)
    assert str(caught.value).startswith(sentence)
    if "loss" in change:
        with pytest.raises(InvalidInput) as caught:
            evaluate(untouched(), torch.zeros(2, 1, 4, 4), torch.zeros(2).long(), **change)
        assert str(caught.value).startswith(sentence)


@EITHER
@pytest.mark.parametrize("value", [3, "print", []])
def test_an_on_epoch_that_is_no_function(trained: Callable[..., object], value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        trained(on_epoch=value)
    expected = f"on_epoch is {value!r}; allowed are functions of an epoch's record, and None"
    assert str(caught.value) == expected


@EITHER
@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("", " is a folder; allowed are files"),
        ("missing/run.safetensors", " is in no folder that exists; allowed are files in one"),
        ("file/run.safetensors", " is in no folder that exists; allowed are files in one"),
        ("pipe", " is a device or the like; allowed are files"),
        ("x" * 300, " cannot be read and written (OSError: "),
        ("x" * 250, " cannot be read and written (OSError: "),
        ("run\0", " cannot be read and written (ValueError: embedded null byte); allowed are"),
    ],
)
def test_a_checkpoint_that_is_no_file(
    trained: Callable[..., object],
    place: str,
    sentence: str,
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / place, str(tmp_path / place)):
        with pytest.raises(InvalidInput) as caught:
            trained(checkpoint=path)
        assert str(caught.value).startswith(f"checkpoint {str(path)!r}{sentence}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "pipe"]


@EITHER
@pytest.mark.parametrize("refused", ["open", "mkstemp"])
def test_a_checkpoint_that_cannot_be_read_or_written(
    trained: Callable[..., object],
    refused: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise PermissionError("not yours")

    (tmp_path / "run").write_bytes(b"kept")
    where = {"open": "pathlib.Path.open", "mkstemp": "tempfile.mkstemp"}[refused]
    sentence = "run' cannot be read and written .PermissionError: not yours.; allowed are files"
    with monkeypatch.context() as patched:
        patched.setattr(where, fail)
        with pytest.raises(InvalidInput, match=sentence):
            trained(checkpoint=tmp_path / "run")
    assert (tmp_path / "run").read_bytes() == b"kept"


@EITHER
@pytest.mark.parametrize("value", [3, b"run", True])
def test_a_checkpoint_that_is_no_path(trained: Callable[..., object], value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        trained(checkpoint=value)
    assert str(caught.value) == f"checkpoint is {value!r}; allowed are paths of files"


def test_a_checkpoint_of_rounds_is_given_as_a_text_too(tmp_path: Path) -> None:
    def run(checkpoint: Path | str) -> str:
        torch.manual_seed(0)
        target = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
        model = QuantumTrain(target, PQCNN(6, 2, seed=0), "mixing")
        torch.manual_seed(0)
        train_alternating(model, stripes(), ALTERNATING, checkpoint)
        return fingerprint("", model.state_dict())

    assert run(str(tmp_path / "text")) == run(tmp_path / "path")
    assert run(str(tmp_path / "path")) == run(tmp_path / "text")  # each goes on from the other's
    assert sorted(path.name for path in tmp_path.iterdir()) == ["path", "text"]
