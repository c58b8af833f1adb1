"""Loss and accuracy over a whole split."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from qcnn.checks import reason
from qcnn.data._examples import Inputs, check_examples, classes_of, take, tensors_of
from qcnn.errors import InvalidInput
from qcnn.training.batches import check_batch, check_module, evaluating
from qcnn.training.losses.compute import UNSUITABLE, Loss, check_loss, compute_loss
from qcnn.training.pooling import PoolByMaximum
from qcnn.training.records import Evaluation, Tally
from qcnn.weights.generated import GeneratedNetwork, match_inputs, refuse_recomputation

_BATCH = 500


# In inference mode, tables that are kept for later passes could not be used in a training.
@torch.no_grad()
def evaluate(
    model: nn.Module, images: Inputs, labels: Tensor, loss: Loss = cross_entropy
) -> Evaluation:
    """Loss and accuracy over all examples, in evaluation mode.

    The weights of a :class:`GeneratedNetwork` are generated once, not once per batch. Images
    and labels are left as they are, whatever the model does to its input. A tensor alone with one
    label for each image is checked as :class:`qcnn.Data` is; any other is taken in a tuple.

    Args:
        model: from images, its only input, to logits; or from any inputs (see
            :class:`qcnn.Examples`) to what the loss takes.
        images: shape ``(N, channels, height, width)``, N at least 1; or any other inputs.
        labels: whole numbers from 0, shape ``(N,)``; or any other truth that the loss takes.
        loss: the mean loss of a batch.

    Raises:
        InvalidInput: for other images or labels, a loss that cannot be called, or if the model does
            not take them or returns no logits for them.
    """
    check_module(model, "model")
    check_loss(loss)
    several = isinstance(labels, Tensor) and labels.ndim > 1
    if loss is cross_entropy and not several and not isinstance(images, tuple | dict):
        classes: int | None = check_batch(images, labels)
    else:
        check_examples(images, labels, "given")
        classes = classes_of(labels)
    return evaluate_split(model, images, labels, loss, classes)


@torch.no_grad()
def evaluate_split(
    model: nn.Module, inputs: Inputs, truth: Tensor, loss: Loss, classes: int | None
) -> Evaluation:
    """As :func:`evaluate`, of examples that are checked already, of so many classes or none."""
    tally = Tally()
    with evaluating(model), PoolByMaximum():
        network = model.export() if isinstance(model, GeneratedNetwork) else model
        for first in range(0, len(truth), _BATCH):
            chosen = torch.arange(first, min(first + _BATCH, len(truth)))
            labels = as_labels(truth[chosen], classes)
            output = predict(network, take(inputs, chosen), classes)
            lost = len(chosen) * compute_loss(loss, output, labels).item()
            tally += Tally(len(chosen), lost, count_correct(output, labels, classes))
    return tally.evaluation(classes)


def as_labels(truth: Tensor, classes: int | None) -> Tensor:
    """Labels in the type that losses take; the truth as it is where there are no classes."""
    return truth if classes is None else truth.long()


def count_correct(output: Tensor, truth: Tensor, classes: int | None) -> int:
    """How many of a batch are told right; 0 where there are no classes."""
    return 0 if classes is None else int((output.argmax(dim=1) == truth).sum())


def predict(model: nn.Module, inputs: Inputs, classes: int | None) -> Tensor:
    """What the model makes of a batch.

    Args:
        model: any module; it is given the inputs and nothing else.
        inputs: of N examples. Copies of those that have to stay as they are, since a module may
            work in place on its input.
        classes: how many logits of each example are needed; None where it predicts other things.

    Returns:
        shape ``(N, at least classes)``, or whatever the loss takes where there are no classes.

    Raises:
        InvalidInput: if the model does not take the inputs, or returns anything else.
    """
    try:
        output = _call(model, inputs)
    except UNSUITABLE as error:
        if type(error) not in UNSUITABLE:
            raise
        raise _unsuitable(model, inputs, error) from error
    if not isinstance(output, Tensor) or not output.is_floating_point():
        kind = output.dtype if isinstance(output, Tensor) else type(output).__name__
        raise InvalidInput(
            f"the output of {_name(model)} is of type {kind}; allowed are tensors of floats, such "
            "as the logits of each image"
        )
    if classes is not None:
        count = len(next(iter(tensors_of(inputs).values())))
        if output.ndim != 2 or len(output) != count or output.shape[1] < classes:
            raise InvalidInput(
                f"the output of {_name(model)} is of shape {tuple(output.shape)}; allowed for "
                f"{count} {_examples(inputs)} of {classes} classes is {(count, classes)}"
            )
    return output


def _call(model: nn.Module, inputs: Inputs) -> object:
    if isinstance(inputs, dict):
        return model(**{name: match_inputs(model, value) for name, value in inputs.items()})
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    if given[0].ndim == 4 and is_plain(model):
        # With the channels innermost, convolutions and poolings take 55 to 85 % of the time. A
        # forward of somebody else's can fail on such images, or give another result.
        given = (given[0].to(memory_format=torch.channels_last), *given[1:])
    return model(*(match_inputs(model, value) for value in given))


def _unsuitable(model: nn.Module, inputs: Inputs, error: Exception) -> InvalidInput:
    tensors = list(tensors_of(inputs).values())
    if len(tensors[0]) == 1 and "more than 1 value per channel" in str(error):
        return InvalidInput(
            f"the number of {_examples(inputs)} in a batch is 1; allowed with batch normalisation "
            "are at least 2"
        )
    shapes = " and ".join(f"{tuple(value.shape)} and type {value.dtype}" for value in tensors)
    return InvalidInput(
        f"{_name(model)} cannot take a batch of shape {shapes} ({reason(error)}); allowed are "
        f"{_examples(inputs)} that it takes{', alone' if isinstance(inputs, Tensor) else ''}"
    )


def _examples(inputs: Inputs) -> str:
    return "images" if isinstance(inputs, Tensor) and inputs.ndim == 4 else "examples"


def _name(model: nn.Module) -> str:
    target = model.target if isinstance(model, GeneratedNetwork) else model
    return f"target {type(target).__name__}"


def is_plain(model: nn.Module) -> bool:
    """Whether a model, or its target, is a sequence of torch's own layers and nothing else."""
    target = model.target if isinstance(model, GeneratedNetwork) else model
    return all(
        type(part).__module__.startswith("torch.nn.modules.")
        and (isinstance(part, nn.Sequential) or not any(part.children()))
        and not part._forward_hooks
        and all(hook is refuse_recomputation for hook in part._forward_pre_hooks.values())
        for part in target.modules()
    )
