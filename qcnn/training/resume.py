"""A training whose state after an epoch is kept in a file, and goes on from there."""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import isnan, nan
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from qcnn.checks import shown
from qcnn.data import Data, Examples
from qcnn.data._examples import tensors_of
from qcnn.errors import InvalidInput
from qcnn.keeping.checkpoint import fingerprint, read_checkpoint, write_checkpoint
from qcnn.keeping.fingerprint import hash_of_the_rest, plain
from qcnn.showing.plainly import written_plainly
from qcnn.training.optimiser import Scheduler, step_a_copy
from qcnn.training.records import EpochRecord, Evaluation, TrainResult, merit
from qcnn.weights.generated import network_weights

_ADDRESS = re.compile(r" at 0x[0-9a-f]+", re.IGNORECASE)
_HISTORY = "history"


@dataclass
class Progress:
    """What a training has recorded so far; :meth:`result` at its end.

    Attributes:
        history: a record for each epoch.
        best_weights: the network's weights at the best of them.
        seconds_before: what earlier processes spent on a run that was resumed.
    """

    history: list[EpochRecord] = field(default_factory=list)
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    seconds_before: float = 0.0

    def add(self, model: nn.Module, record: EpochRecord) -> None:
        """Take in an epoch's record and, where it is the best one, the weights."""
        if all(merit(record) > merit(earlier) for earlier in self.history):
            self.best_weights = _copied_weights(model)
        self.history.append(record)

    def result(self) -> TrainResult:
        """What is recorded, as a finished training returns it."""
        best = max(self.history, key=merit)
        return TrainResult(tuple(self.history), best, self.best_weights, self.seconds_before)


@dataclass
class Resumable:
    """All that changes in a training; the rest is torch's global random state.

    Attributes:
        model: what is trained.
        optimiser: what trains it.
        streams: generators of random numbers by name.
        progress: what is recorded.
        scheduler: of the rates.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    streams: dict[str, torch.Generator]
    progress: Progress
    scheduler: Scheduler | None = None

    def store(self, path: Path, identity: str, seconds: float) -> None:
        """Write the state, in ``seconds`` of this process, of the run that this identifies.

        Raises:
            InvalidInput: as :func:`check_kept` does.
        """
        check_kept(self.optimiser)
        state = self.optimiser.state_dict()
        tensors = {
            **{f"model/{name}": value for name, value in self.model.state_dict().items()},
            **{f"best/{name}": value for name, value in self.progress.best_weights.items()},
            **_moments(state["state"]),
            **{f"random/{name}": stream.get_state() for name, stream in self.streams.items()},
            "random/global": torch.get_rng_state(),
            _HISTORY: _numbers_of(self.progress.history),
        }
        facts = {
            "run": identity,
            "seconds": self.progress.seconds_before + seconds,
            "groups": [_plain(group) for group in state["param_groups"]],
            "schedule": None if self.scheduler is None else _plain(self.scheduler.state_dict()),
        }
        write_checkpoint(path, tensors, facts)

    def restore(self, path: Path, identity: str) -> None:
        """Become what was stored.

        Raises:
            InvalidInput: if the file is damaged or of another run.
        """
        tensors, facts = read_checkpoint(path)
        if facts["run"] != identity:
            raise InvalidInput(
                f"checkpoint {str(path)!r} is of a run with other settings, model or data; allowed "
                "is this run's own, or none, to start from the beginning"
            )
        self.model.load_state_dict(_part(tensors, "model"))
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in _part(tensors, "moments").items():
            place, _, moment = name.partition("/")
            moments.setdefault(int(place), {})[moment] = value
        groups = self.optimiser.state_dict()["param_groups"]
        changed = [group | kept for group, kept in zip(groups, facts["groups"], strict=True)]
        self.optimiser.load_state_dict({"state": moments, "param_groups": changed})
        if self.scheduler is not None:
            self.scheduler.load_state_dict(self.scheduler.state_dict() | facts["schedule"])
        random = _part(tensors, "random")
        for name, stream in self.streams.items():
            stream.set_state(random[name])
        torch.set_rng_state(random["global"])
        self.progress = Progress(
            _records_of(tensors[_HISTORY]),
            _part(tensors, "best"),
            facts["seconds"],
        )


def check_resumable(optimiser: torch.optim.Optimizer) -> None:
    """Raises InvalidInput for an optimiser whose state is found to have no place in a checkpoint.

    What it keeps it shows after a step only, so that a copy makes one.
    """
    for each in (optimiser, step_a_copy(optimiser)):
        if each is not None:
            check_kept(each)


def check_kept(optimiser: torch.optim.Optimizer) -> None:
    """Raises InvalidInput for other things than tensors in the state, or options that are some."""
    kind = type(optimiser).__name__
    state = optimiser.state_dict()
    for group in state["param_groups"]:
        for name, value in group.items():
            if any(isinstance(part, Tensor) for part in _parts(value)):
                raise InvalidInput(
                    f"{name} of optimiser {kind} is {shown(value)}; allowed with a checkpoint are "
                    "numbers, no tensors"
                )
    for values in state["state"].values():
        for name, value in values.items():
            if not isinstance(value, Tensor):
                raise InvalidInput(
                    f"{name} of optimiser {kind} is a {type(value).__name__}; allowed with a "
                    "checkpoint are optimisers that keep tensors alone"
                )


def identify(settings: str, model: nn.Module, data: Data | Examples) -> str:
    """A hash of what fixes a run's numbers: settings, initial model, examples."""
    for name, value in model.state_dict().items():
        if not isinstance(value, Tensor):
            raise InvalidInput(
                f"{name} in the state of the model is a {type(value).__name__}; allowed with a "
                "checkpoint are tensors"
            )
    tensors = {**model.state_dict(), **_tensors(data)}
    # The form of the file is part of it, so that those of earlier versions are refused. Addresses
    # are others in every process.
    with written_plainly():
        text = f"form 3 {settings} {model}"
    return fingerprint(_ADDRESS.sub("", text), tensors)


def describe_function(function: Callable[..., Any], model: nn.Module) -> str:
    """A text for a function or an object that is called, the same in every process.

    Its name, its own code, and a hash of all that it holds but the parts of ``model``.

    >>> describe_function(nn.MSELoss(), nn.Linear(1, 1)).partition("#")[0]
    'MSELoss()'
    """
    held = hash_of_the_rest(function, model)
    if isinstance(function, partial):
        return f"{describe_function(function.func, model)}{held}"
    with written_plainly():
        name = repr(function) if isinstance(function, nn.Module) else plain(function)
    text = f"{name or type(function).__qualname__}{held}"
    code = getattr(function, "__code__", None)
    if code is None:
        return text
    constants = [plain(constant) for constant in code.co_consts]
    return f"{text}{code.co_code!r}{code.co_names}{constants}"


def _tensors(data: Data | Examples) -> dict[str, Tensor]:
    if isinstance(data, Data):
        return {
            "training images": data.train_images,
            "training labels": data.train_labels,
            "validation images": data.validation_images,
            "validation labels": data.validation_labels,
        }
    parts = (
        ("training", data.train_inputs, data.train_truth),
        ("validation", data.validation_inputs, data.validation_truth),
    )
    return {
        f"{part} {name}": value
        for part, inputs, truth in parts
        for name, value in {**tensors_of(inputs), "truth": truth}.items()
    }


def _moments(state: dict[int, dict[str, Any]]) -> dict[str, Tensor]:
    return {
        f"moments/{place}/{name}": value
        for place, values in state.items()
        for name, value in values.items()
    }


def _parts(value: object) -> tuple[object, ...]:
    """The members of a list or a tuple; of anything else, the one that it is."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """What of a state changes and JSON can hold: numbers, and lists of them."""
    kept = {name: value for name, value in values.items() if name != "params"}
    return {
        name: value for name, value in kept.items() if isinstance(value, int | float | list | tuple)
    }


def _part(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    """The tensors whose names begin with ``part/``, without it."""
    start = f"{part}/"
    return {name[len(start) :]: value for name, value in tensors.items() if name.startswith(start)}


def _numbers_of(history: list[EpochRecord]) -> Tensor:
    """Losses and accuracies of all epochs, shape ``(epochs, 4)``; NaN for an accuracy of None.

    As text, those of a thousand epochs would take longer to write than all else.
    """
    found = [
        (part.loss, nan if part.accuracy is None else part.accuracy)
        for record in history
        for part in (record.train, record.validation)
    ]
    return torch.tensor(found, dtype=torch.float64).view(len(history), 4)


def _records_of(numbers: Tensor) -> list[EpochRecord]:
    """The records that :func:`_numbers_of` has taken apart."""
    return [
        EpochRecord(epoch, _evaluation(*row[:2]), _evaluation(*row[2:]))
        for epoch, row in enumerate(numbers.tolist(), 1)
    ]


def _evaluation(loss: float, accuracy: float) -> Evaluation:
    return Evaluation(loss, None if isnan(accuracy) else accuracy)


@torch.no_grad()
def _copied_weights(model: nn.Module) -> dict[str, Tensor]:
    return {
        # A module may keep other things than tensors in its state.
        name: value.detach().clone() if isinstance(value, Tensor) else copy.deepcopy(value)
        for name, value in network_weights(model).items()
    }
