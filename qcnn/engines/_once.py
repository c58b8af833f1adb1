"""Passes that torch cannot see into: they have a first derivative of their own, and no other.

A backward pass that computes outside of torch leaves no graph behind, so that torch would take
its result for a constant, and every further derivative for zero. Here it gets a graph that
refuses.
"""

from typing import Any, NoReturn

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd import forward_ad

from qcnn.errors import InvalidInput, NotDifferentiable


def check_plain(phases: Tensor, instead: str) -> None:
    """Refuse tensors of forward-mode differentiation and of ``torch.func``.

    Their numbers can be read, but what torch keeps beside these would be lost.

    Args:
        phases: what enters a pass.
        instead: what does have the derivative, for the message.

    Raises:
        NotDifferentiable: for such a tensor.
    """
    wrapped = torch._C._functorch.is_functorch_wrapped_tensor(phases)
    if wrapped or forward_ad.unpack_dual(phases).tangent is not None:
        _refuse("forward-mode differentiation or a transformation of torch.func", instead)


def check_type(phases: Tensor) -> None:
    """Raises InvalidInput for phases that are not in single or double precision."""
    if phases.dtype not in (torch.float32, torch.float64):
        raise InvalidInput(
            f"phases has dtype {phases.dtype}; allowed are torch.float32 and torch.float64"
        )


def read_numbers(tensor: Tensor) -> NDArray[Any]:
    """The numbers of a tensor, without what torch keeps beside them; views are resolved.

    Raises:
        NotDifferentiable: for many cotangents at once (``is_grads_batched``,
            ``vectorize=True``).
    """
    try:
        return tensor.detach().resolve_conj().resolve_neg().numpy()
    except RuntimeError:
        raise NotDifferentiable(
            "a batch of backward passes at once is asked for of a compiled pass; allowed is one "
            "after another"
        ) from None


def only_first(gradient: Tensor, *graph: Tensor, instead: str) -> Tensor:
    """What a backward pass has found, such that no derivative of it can be asked for.

    Args:
        gradient: free of a graph.
        graph: everything that it depends on, with the graph that this has.
        instead: what does have a second derivative, for the message.

    Returns:
        the gradient itself where no graph is recorded (without ``create_graph=True``).
    """
    if not torch.is_grad_enabled():
        return gradient
    attached: Tensor = _OnlyFirst.apply(instead, gradient, *graph)  # type: ignore[no-untyped-call]
    return attached


class _OnlyFirst(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, instead: str, gradient: Tensor, *graph: Tensor) -> Tensor:
        ctx.instead = instead
        return gradient.clone()

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> NoReturn:
        _refuse("a second derivative", ctx.instead)

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor) -> NoReturn:
        _refuse("a second derivative", ctx.instead)


def _refuse(what: str, instead: str) -> NoReturn:
    raise NotDifferentiable(
        f"{what} is asked for of a compiled pass; allowed is one backward pass without a second "
        f"one through it, and {instead}"
    )
