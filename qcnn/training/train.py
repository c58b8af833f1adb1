"""Training and evaluation."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, ReduceLROnPlateau

from qcnn.checks import (
    LARGEST_COUNT,
    check_choice,
    check_types,
    number_between,
    shown,
    whole_number,
)
from qcnn.data import Data
from qcnn.errors import DivergedError, InvalidInput
from qcnn.seeds import check_seed, derive, generator
from qcnn.training.logits import check_batch, check_module, compute_logits, evaluating, least_batch
from qcnn.weights.generated import GeneratedNetwork, network_weights

SCHEDULES = ("none", "cosine", "one-cycle", "plateau")
#: A rate or clip above this is a mistake: Adam moves every parameter by about its rate.
LARGEST_RATE = 1e6
_EVALUATION_BATCH = 500


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained, always with Adam on the cross-entropy.

    Attributes:
        epochs: passes over the training images.
        batch_size: images in a step; the last batch of an epoch may be smaller (a single
            image joins the batch before it where the target has batch normalisation).
        learning_rate: rate of every parameter that is no phase; the highest one where
            a schedule changes it. At most 1e6, as the other rate and the clip.
        phase_learning_rate: rate of the phases; the learning rate when absent.
        schedule: ``"none"``, ``"cosine"`` (to 0 over all steps), ``"one-cycle"`` (up for
            30 % of the steps, then down) or ``"plateau"`` (a tenth after 5 epochs
            without a lower validation loss).
        gradient_clip: largest norm of the whole gradient; None for no limit.
        seed: fixes the order of the data and the target's own randomness (dropout).

    Raises:
        InvalidInput: for a value out of range.
    """

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 0.03
    phase_learning_rate: float | None = None
    schedule: str = "one-cycle"
    gradient_clip: float | None = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_types(self)
        for name in ("epochs", "batch_size"):
            whole_number(getattr(self, name), name, 1, LARGEST_COUNT)
        for name in ("learning_rate", "phase_learning_rate", "gradient_clip"):
            if getattr(self, name) is not None:
                number_between(getattr(self, name), name, 0, LARGEST_RATE)
        check_choice(self.schedule, "schedule", SCHEDULES)


@dataclass(frozen=True)
class Evaluation:
    """Mean cross-entropy and accuracy (a fraction) over a whole split."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class EpochRecord:
    """Both splits after an epoch, in evaluation mode; epochs count from 1."""

    epoch: int
    train: Evaluation
    validation: Evaluation


@dataclass(frozen=True, eq=False)
class TrainResult:
    """What training leaves behind, beside the model, which holds the last epoch's state.

    Attributes:
        history: a record for each epoch.
        best: the record with the highest validation accuracy, the earliest of them.
        best_weights: the network's weights at that epoch; never part of what is reported.
        seconds_before: what earlier processes spent on a run that was resumed.
    """

    history: tuple[EpochRecord, ...]
    best: EpochRecord
    best_weights: dict[str, Tensor]
    seconds_before: float = 0.0

    @property
    def last(self) -> EpochRecord:
        """The last epoch's record, which is what is reported."""
        return self.history[-1]


@runtime_checkable
class AfterEpoch(Protocol):
    """A model that changes itself in the course of its training, such as one that is pruned."""

    def after_epoch(self, epoch: int, epochs: int) -> None:
        """Called after the steps of each epoch, counted from 1, before it is evaluated."""


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
        if all(record.validation.accuracy > r.validation.accuracy for r in self.history):
            self.best_weights = _copied_weights(model)
        self.history.append(record)

    def result(self) -> TrainResult:
        """What is recorded, as a finished training returns it."""
        best = max(self.history, key=lambda record: record.validation.accuracy)
        return TrainResult(tuple(self.history), best, self.best_weights, self.seconds_before)


def train(
    model: nn.Module,
    data: Data,
    config: TrainConfig,
    on_epoch: Callable[[EpochRecord], None] | None = None,
) -> TrainResult:
    """Train ``model`` in place on the training split of ``data``.

    Deterministic for a seed on one thread. The test split is never looked at.

    Args:
        model: a :class:`qcnn.QuantumTrain` or any module from images, its only input, to logits.
        data: images and labels.
        config: how to train.
        on_epoch: called with each epoch's record.

    Raises:
        DivergedError: as soon as a loss is not finite, with the epoch.
        InvalidInput: if the model has no trainable parameters, does not take the images or
            returns no logits for them.
    """
    check_arguments(model, data, config, TrainConfig)
    optimiser = torch.optim.Adam(_parameter_groups(model, config))
    images, least = len(data.train_labels), least_batch(model)
    steps = len(split_batches(torch.arange(images), config.batch_size, least))
    scheduler = _make_scheduler(optimiser, config, steps)
    order = generator(config.seed, "data order")
    progress = Progress()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(config.seed, "target randomness"))
        for epoch in range(1, config.epochs + 1):
            for chosen in draw_batches(images, config.batch_size, order, least):
                take_step(model, optimiser, data, chosen, config.gradient_clip, epoch)
                if isinstance(scheduler, CosineAnnealingLR | OneCycleLR):
                    scheduler.step()
            if isinstance(model, AfterEpoch):
                model.after_epoch(epoch, config.epochs)
            record = record_epoch(model, data, epoch)
            if isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step(record.validation.loss)
            progress.add(model, record)
            if on_epoch is not None:
                on_epoch(record)
    return progress.result()


@torch.no_grad()
def evaluate(model: nn.Module, images: Tensor, labels: Tensor) -> Evaluation:
    """Loss and accuracy over all ``images``, in evaluation mode.

    The weights of a :class:`GeneratedNetwork` are generated once, not once per batch. Images
    and labels are left as they are, whatever the model does to its input.

    Args:
        model: from images, its only input, to logits.
        images: shape ``(N, channels, height, width)``, N at least 1.
        labels: whole numbers from 0, shape ``(N,)``.

    Raises:
        InvalidInput: for other images or labels, or if the model does not take them or
            returns no logits for them.
    """
    check_module(model, "model")
    classes = check_batch(images, labels)
    loss, correct = 0.0, 0
    with evaluating(model):
        network = model.export() if isinstance(model, GeneratedNetwork) else model
        for part, truth in zip(
            images.split(_EVALUATION_BATCH), labels.long().split(_EVALUATION_BATCH), strict=True
        ):
            logits = compute_logits(network, part.clone(), classes)
            loss += cross_entropy(logits, truth, reduction="sum").item()
            correct += int((logits.argmax(dim=1) == truth).sum())
    return Evaluation(loss / len(labels), correct / len(labels))


def split_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The trainable parameters: phases, and all others."""
    phases = model.phase_parameters() if isinstance(model, GeneratedNetwork) else []
    known = {id(p) for p in phases}
    return phases, [p for p in model.parameters() if p.requires_grad and id(p) not in known]


def _parameter_groups(model: nn.Module, config: TrainConfig) -> list[dict[str, object]]:
    phases, others = split_parameters(model)
    if not phases and not others:
        raise InvalidInput("the model has 0 trainable parameters; allowed is at least 1")
    rates = (config.phase_learning_rate or config.learning_rate, config.learning_rate)
    return [
        {"params": group, "lr": rate}
        for group, rate in zip((phases, others), rates, strict=True)
        if group
    ]


def _make_scheduler(
    optimiser: torch.optim.Optimizer, config: TrainConfig, steps: int
) -> CosineAnnealingLR | OneCycleLR | ReduceLROnPlateau | None:
    total = steps * config.epochs
    if config.schedule == "cosine":
        return CosineAnnealingLR(optimiser, T_max=total)
    if config.schedule == "one-cycle":
        rates = [group["lr"] for group in optimiser.param_groups]
        return OneCycleLR(optimiser, max_lr=rates, total_steps=total)
    if config.schedule == "plateau":
        return ReduceLROnPlateau(optimiser, factor=0.1, patience=5)
    return None


def check_arguments(model: object, data: object, config: object, kind: type) -> None:
    """Raises InvalidInput if one of a training's arguments is of another type."""
    check_module(model, "model")
    for value, name, allowed in ((data, "data", Data), (config, "config", kind)):
        if not isinstance(value, allowed):
            raise InvalidInput(f"{name} is {shown(value)}; allowed is a {allowed.__name__}")


def draw_batches(
    count: int, size: int, order: torch.Generator | None, least: int = 1
) -> Iterator[Tensor]:
    """All of ``count`` positions in a random order, ``size`` at a time (:func:`split_batches`)."""
    yield from split_batches(torch.randperm(count, generator=order), size, least)


def split_batches(positions: Tensor, size: int, least: int) -> list[Tensor]:
    """Batches of ``size`` positions; a last one of fewer than ``least`` joins the one before.

    >>> [len(batch) for batch in split_batches(torch.arange(9), 4, 1)]
    [4, 4, 1]
    >>> [len(batch) for batch in split_batches(torch.arange(9), 4, 2)]
    [4, 5]
    """
    batches = list(positions.split(size))
    if len(batches) > 1 and len(batches[-1]) < least:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def take_step(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    data: Data,
    chosen: Tensor,
    gradient_clip: float | None,
    epoch: int,
) -> None:
    """One step of the optimiser on the ``chosen`` training images.

    Raises:
        DivergedError: if the loss or the gradient is not finite.
        InvalidInput: if the model does not take the images, or returns no logits for them.
    """
    model.train()
    optimiser.zero_grad()
    logits = compute_logits(model, data.train_images[chosen], data.classes)
    loss = cross_entropy(logits, data.train_labels[chosen])
    if not torch.isfinite(loss):
        raise DivergedError(epoch, f"the training loss is {loss.item()}")
    loss.backward()
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    limit = float("inf") if gradient_clip is None else gradient_clip
    norm = nn.utils.clip_grad_norm_(parameters, limit)
    if not torch.isfinite(norm):
        raise DivergedError(epoch, f"the gradient has norm {norm.item()}")
    optimiser.step()


def record_epoch(model: nn.Module, data: Data, epoch: int) -> EpochRecord:
    """Both splits as the model stands after an epoch.

    Raises:
        DivergedError: if a loss is not finite.
    """
    record = EpochRecord(
        epoch,
        evaluate(model, data.train_images, data.train_labels),
        evaluate(model, data.validation_images, data.validation_labels),
    )
    for split, result in (("training", record.train), ("validation", record.validation)):
        if not torch.isfinite(torch.tensor(result.loss)):
            raise DivergedError(epoch, f"the {split} loss is {result.loss}")
    return record


@torch.no_grad()
def _copied_weights(model: nn.Module) -> dict[str, Tensor]:
    return {
        # A module may keep other things than tensors in its state.
        name: value.detach().clone() if isinstance(value, Tensor) else copy.deepcopy(value)
        for name, value in network_weights(model).items()
    }
