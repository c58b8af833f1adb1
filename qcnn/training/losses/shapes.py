"""Shapes that a loss may compare: no example with another one's truth."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from qcnn.errors import InvalidInput

#: Torch's losses of each number by itself. Tensors of other shapes they repeat until they fit.
_OF_EACH_NUMBER = frozenset(
    {
        "gaussian_nll_loss",
        "hinge_embedding_loss",
        "huber_loss",
        "kl_div",
        "l1_loss",
        "mse_loss",
        "multilabel_soft_margin_loss",
        "poisson_nll_loss",
        "smooth_l1_loss",
        "soft_margin_loss",
    }
)
_ARITHMETIC = frozenset(
    {"add", "div", "divide", "mul", "multiply", "rsub", "sub", "subtract", "true_divide"}
)


class WithoutRepetition(TorchFunctionMode):
    """Inside, a loss in which tensors of unequal shapes are compared is refused.

    Outputs of shape ``(N, 1)`` and truth of shape ``(N,)`` would make torch compare each example
    with every other one, so that a model learns the mean. This reaches into whatever the loss
    calls. Its own arithmetic may repeat numbers within an example, but not examples.

    Args:
        output: what the model predicts.
        truth: what the loss is given with it.

    >>> import torch
    >>> output, truth = torch.rand(3, 1), torch.rand(3)
    >>> with WithoutRepetition(output, truth):
    ...     torch.nn.functional.huber_loss(output, truth)
    Traceback (most recent call last):
      ...
    qcnn.errors.InvalidInput: the output is of shape (3, 1); allowed with this loss is (3,), the ...
    """

    def __init__(self, output: Tensor, truth: Tensor) -> None:
        super().__init__()
        self.output, self.truth = output, truth

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name in _OF_EACH_NUMBER or name in _ARITHMETIC:
            named = [options[key] for key in ("input", "target") if key in options]
            pair = [value for value in (*args[:2], *named) if isinstance(value, Tensor)]
            # A single number goes with any tensor.
            if len(pair) == 2 and all(value.ndim for value in pair):
                self._compare(name, *pair)
        return func(*args, **options)

    def _compare(self, name: str, one: Tensor, other: Tensor) -> None:
        themselves = {id(one), id(other)} == {id(self.output), id(self.truth)}
        if name in _ARITHMETIC:
            # Whatever else a loss computes may be of any shape.
            alike = not themselves or one.ndim == other.ndim
        else:
            alike = one.shape == other.shape
        if alike:
            return
        if themselves:
            raise InvalidInput(
                f"the output is of shape {tuple(self.output.shape)}; allowed with this loss is "
                f"{tuple(self.truth.shape)}, the shape of the truth"
            )
        raise InvalidInput(
            f"what {name} compares in the loss is of shapes {tuple(one.shape)} and "
            f"{tuple(other.shape)}; allowed are equal ones"
        )
