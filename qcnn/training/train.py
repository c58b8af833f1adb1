"""Training: one optimiser for everything."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, ReduceLROnPlateau

from qcnn.checks import check_file, check_function, shown
from qcnn.data import Data, Examples
from qcnn.errors import InvalidInput
from qcnn.seeds import derive
from qcnn.training.batches import least_batch
from qcnn.training.config import TrainConfig
from qcnn.training.losses.compute import Loss, check_loss
from qcnn.training.optimiser import MakeOptimiser, make_adam, make_scheduler, parameter_groups
from qcnn.training.progress import shown_progress
from qcnn.training.records import EpochRecord, Tally, TrainResult
from qcnn.training.resume import (
    Progress,
    Resumable,
    check_resumable,
    describe_function,
    identify,
)
from qcnn.training.steps import (
    check_arguments,
    draw_batches,
    record_epoch,
    split_batches,
    take_step,
    truth_of,
)


@runtime_checkable
class AfterEpoch(Protocol):
    """A model that changes itself in the course of its training, such as one that is pruned."""

    def after_epoch(self, epoch: int, epochs: int) -> None:
        """Called after the steps of each epoch, counted from 1, before it is evaluated."""


def train(
    model: nn.Module,
    data: Data | Examples,
    config: TrainConfig,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    *,
    loss: Loss = cross_entropy,
    optimiser: MakeOptimiser = make_adam,
    checkpoint: Path | str | None = None,
    progress: bool = False,
) -> TrainResult:
    """Train ``model`` in place on the training split of ``data``.

    Deterministic for a seed on one thread. The test split is never looked at.

    Args:
        model: a :class:`qcnn.QuantumTrain` or any module: from images, its only input, to
            logits, or from the inputs of the examples to what the loss takes.
        data: images and labels, or any examples.
        config: how to train.
        on_epoch: called with each epoch's record, first with those of the checkpoint.
        loss: the mean loss of a batch, from the output and the truth. Where it compares them number
            by number, they have to be of the same shape.
        optimiser: makes the optimiser from a list of groups of parameters, ``{"params": [...],
            "lr": rate}``: the phases, then all others. One that needs the loss several times in a
            step, such as L-BFGS, may have it.
        checkpoint: file, in a folder that exists, that holds the state after the last complete
            epoch; left there at the end. A run that finds its own goes on from it, bit for bit as
            if it had never been interrupted (with the same installed versions).
        progress: show epoch, loss, accuracy and time left on the standard error.

    Raises:
        DivergedError: as soon as a loss is not finite, with the epoch.
        InvalidInput: if the model has no trainable parameters, does not take the images or
            returns no logits for them; if loss, optimiser or on_epoch cannot be called; if there is
            a checkpoint and the optimiser keeps other things than tensors; or if the
            checkpoint is no file in a folder that exists and can be written, is damaged, or of a
            run with other settings, another initial model or other data, and is left as it is.
    """
    check_arguments(model, data, config, TrainConfig, on_epoch)
    check_loss(loss)
    path = None if checkpoint is None else check_file(checkpoint, "checkpoint")
    started = time.monotonic()
    run = _start(model, data, config, optimiser)
    settings = f"{config} {run.optimiser} {describe_function(loss, model)}"
    identity = "" if path is None else identify(settings, model, data)
    if path is not None:
        check_resumable(run.optimiser)
    with torch.random.fork_rng(devices=[]), shown_progress(config.epochs, progress) as show:
        torch.manual_seed(derive(config.seed, "target randomness"))
        if path is not None and path.exists():
            run.restore(path, identity)
        for record in run.progress.history:
            _notify(record, on_epoch, show)
        for epoch in range(len(run.progress.history) + 1, config.epochs + 1):
            record = _run_epoch(run, data, config, loss, epoch)
            run.progress.add(model, record)
            if path is not None:
                run.store(path, identity, time.monotonic() - started)
            _notify(record, on_epoch, show)
    return run.progress.result()


def _start(
    model: nn.Module,
    data: Data | Examples,
    config: TrainConfig,
    optimiser: MakeOptimiser,
) -> Resumable:
    what = "functions that make one of groups of parameters, such as torch.optim.AdamW"
    check_function(optimiser, "optimiser", what)
    made = optimiser(parameter_groups(model, config))
    if not isinstance(made, torch.optim.Optimizer):
        raise InvalidInput(
            f"the optimiser that was made is {shown(made)}; allowed is a torch.optim.Optimizer"
        )
    images = len(truth_of(data)[0])
    steps = len(split_batches(torch.arange(images), config.batch_size, least_batch(model)))
    scheduler = make_scheduler(made, config, steps)
    order = torch.Generator().manual_seed(derive(config.seed, "data order"))
    return Resumable(model, made, {"order": order}, Progress(), scheduler)


def _run_epoch(
    run: Resumable, data: Data | Examples, config: TrainConfig, loss: Loss, epoch: int
) -> EpochRecord:
    model, order = run.model, run.streams["order"]
    images = len(truth_of(data)[0])
    tally = Tally()
    model.train()
    for chosen in draw_batches(images, config.batch_size, order, least_batch(model)):
        tally += take_step(model, run.optimiser, data, chosen, config.gradient_clip, epoch, loss)
        if isinstance(run.scheduler, CosineAnnealingLR | OneCycleLR):
            run.scheduler.step()
    if isinstance(model, AfterEpoch):
        model.after_epoch(epoch, config.epochs)
    record = record_epoch(model, data, epoch, None if epoch == config.epochs else tally, loss)
    if isinstance(run.scheduler, ReduceLROnPlateau):
        run.scheduler.step(record.validation.loss)
    return record


def _notify(record: EpochRecord, *listeners: Callable[[EpochRecord], None] | None) -> None:
    for listener in listeners:
        if listener is not None:
            listener(record)
