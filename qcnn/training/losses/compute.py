"""The loss of a batch, whatever function it is."""

from collections.abc import Callable

from torch import Tensor

from qcnn.checks import reason, shown
from qcnn.errors import InvalidInput
from qcnn.training.losses.shapes import WithoutRepetition

#: The mean loss of a batch from what a model predicts and the truth.
Loss = Callable[[Tensor, Tensor], Tensor]
#: What torch raises for inputs that do not suit a layer. Exactly these: what is raised for other
#: reasons, such as a lack of memory, is of a type derived from them.
UNSUITABLE = (RuntimeError, ValueError, TypeError, IndexError)


def check_loss(loss: object) -> None:
    """Raises InvalidInput for what is no loss, such as a class of losses."""
    if not callable(loss) or isinstance(loss, type):
        raise InvalidInput(
            f"loss is {shown(loss)}; allowed are functions of output and truth, such as "
            "torch.nn.functional.mse_loss or torch.nn.MSELoss()"
        )


def compute_loss(loss: Loss, output: Tensor, truth: Tensor) -> Tensor:
    """The mean loss of a batch.

    Raises:
        InvalidInput: if the loss does not take the output and the truth, or compares them although
            their shapes differ, or is no single number.
    """
    if truth.is_floating_point():
        truth = truth.to(output.dtype)
    try:
        with WithoutRepetition(output, truth):
            found = loss(output, truth)
    except UNSUITABLE as error:
        if type(error) not in UNSUITABLE:
            raise
        raise InvalidInput(
            f"the loss cannot take an output of shape {tuple(output.shape)} with a truth of shape "
            f"{tuple(truth.shape)} and type {truth.dtype} ({reason(error)}); allowed are those "
            "that it takes"
        ) from error
    if not isinstance(found, Tensor) or found.numel() != 1:
        raise InvalidInput(f"the loss is {shown(found)}; allowed is a tensor of one number")
    return found
