"""Steps over the training examples, and what is recorded after an epoch of them."""

from collections.abc import Iterator, Sequence
from math import isfinite

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from qcnn.checks import check_function, shown
from qcnn.data import Data, Examples
from qcnn.data._examples import Inputs, take
from qcnn.errors import DivergedError, InvalidInput
from qcnn.training.batches import check_module
from qcnn.training.evaluation import as_labels, count_correct, evaluate_split, predict
from qcnn.training.losses.compute import Loss, compute_loss
from qcnn.training.records import EpochRecord, Tally


def check_arguments(
    model: object, data: object, config: object, kind: type, on_epoch: object
) -> None:
    """Raises InvalidInput if one of a training's arguments is of another type."""
    check_module(model, "model")
    if not isinstance(data, Data | Examples):
        raise InvalidInput(f"data is {shown(data)}; allowed are Data and Examples")
    if not isinstance(config, kind):
        raise InvalidInput(f"config is {shown(config)}; allowed is a {kind.__name__}")
    if on_epoch is not None:
        check_function(on_epoch, "on_epoch", "functions of an epoch's record, and None")


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
    data: Data | Examples,
    chosen: Tensor,
    gradient_clip: float | None,
    epoch: int,
    loss: Loss = cross_entropy,
) -> Tally:
    """One step of the optimiser on the ``chosen`` training examples; what it found there.

    The model is in training mode: to ask each of its parts for that at every step costs more than
    the photons of a small sampler.

    Raises:
        DivergedError: if the loss or the gradient is not finite.
        InvalidInput: if the model does not take the images, or returns no logits for them.
    """
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    limit = float("inf") if gradient_clip is None else gradient_clip
    found: list[Tally] = []

    def compute() -> Tensor:
        optimiser.zero_grad()
        value, tally = loss_on(model, data, chosen, epoch, loss)
        value.backward()
        clip_gradient(parameters, limit, epoch)
        found.append(tally)
        return value

    optimiser.step(compute)  # type: ignore[arg-type]
    return found[0]


def loss_on(
    model: nn.Module,
    data: Data | Examples,
    chosen: Tensor,
    epoch: int,
    loss: Loss = cross_entropy,
) -> tuple[Tensor, Tally]:
    """The loss on the ``chosen`` training examples, with its graph, and what was found there.

    Raises:
        DivergedError: if the loss is not finite.
        InvalidInput: if the model does not take the images, or returns no logits for them.
    """
    classes = data.classes
    inputs, truth = inputs_of(data)[0], as_labels(truth_of(data)[0][chosen], classes)
    output = predict(model, take(inputs, chosen), classes)
    value = compute_loss(loss, output, truth)
    if not torch.isfinite(value):
        raise DivergedError(epoch, f"the training loss is {value.item()}")
    correct = count_correct(output.detach(), truth, classes)
    return value, Tally(len(truth), len(truth) * value.item(), correct)


def clip_gradient(parameters: Sequence[Tensor], limit: float, epoch: int) -> None:
    """Make the whole gradient of parameters at most so long.

    Raises:
        DivergedError: if it is not finite.
    """
    norm = nn.utils.clip_grad_norm_(parameters, limit)
    if not torch.isfinite(norm):
        raise DivergedError(epoch, f"the gradient has norm {norm.item()}")


def record_epoch(
    model: nn.Module,
    data: Data | Examples,
    epoch: int,
    tally: Tally | None,
    loss: Loss = cross_entropy,
) -> EpochRecord:
    """An epoch's record: the steps' tally, or the whole training split where there is none.

    Raises:
        DivergedError: if a loss is not finite.
    """
    (train_inputs, inputs), (train_truth, truth) = inputs_of(data), truth_of(data)
    classes = data.classes
    if tally is None:
        trained = evaluate_split(model, train_inputs, train_truth, loss, classes)
    else:
        trained = tally.evaluation(classes)
    found = evaluate_split(model, inputs, truth, loss, classes)
    record = EpochRecord(epoch, trained, found)
    for split, result in (("training", record.train), ("validation", record.validation)):
        if not isfinite(result.loss):
            raise DivergedError(epoch, f"the {split} loss is {result.loss}")
    return record


def inputs_of(data: Data | Examples) -> tuple[Inputs, Inputs]:
    """Those for training and for validation."""
    if isinstance(data, Data):
        return data.train_images, data.validation_images
    return data.train_inputs, data.validation_inputs


def truth_of(data: Data | Examples) -> tuple[Tensor, Tensor]:
    """That about the training and about the validation examples."""
    if isinstance(data, Data):
        return data.train_labels, data.validation_labels
    return data.train_truth, data.validation_truth
