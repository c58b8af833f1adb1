"""What a compiled pass leaves to plain torch: transformed tensors, and further derivatives.

A backward pass that computes outside of torch leaves no graph behind, so that torch would take
its result for a constant, and every further derivative for zero. Where a graph is asked for, the
gradient is therefore computed by the same pass in torch's own operations.
"""

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack
from torch.autograd import forward_ad

from qcnn.errors import NotDifferentiable

#: Context and decorator of what makes tensors to be kept. What is made while torch transforms
#: belongs to the transformation, from_numpy's tensors included, and is dead after it.
outside_transformations = temporarily_clear_interpreter_stack


def is_transformed(tensor: Tensor) -> bool:
    """Whether a tensor is one of forward-mode differentiation or of ``torch.func``.

    Its numbers can be read, but what torch keeps beside these would be lost.
    """
    wrapped: bool = torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    batched: bool = torch._C._functorch.is_legacy_batchedtensor(tensor)
    return wrapped or batched or forward_ad.unpack_dual(tensor).tangent is not None


def read_numbers(tensor: Tensor) -> NDArray[Any]:
    """The numbers of a tensor, without what torch keeps beside them; views are resolved."""
    return tensor.detach().resolve_conj().resolve_neg().numpy()


def needs_graph(cotangent: Tensor) -> bool:
    """Whether a backward pass is to be differentiated, or is one of many at once."""
    return torch.is_grad_enabled() or is_transformed(cotangent)


def gradient_with_graph(
    run: Callable[[Tensor], Tensor], phases: Tensor, version: int, cotangent: Tensor
) -> Tensor:
    """The gradient of Σ cotangent·run(phases), with the graph that leads to it.

    Args:
        run: the pass in plain torch.
        phases: what entered the forward pass, with its own graph.
        version: torch's count of their changes at that time.
        cotangent: of the result.

    Raises:
        NotDifferentiable: if the phases were changed in place meanwhile.
    """
    if phases._version != version:
        raise NotDifferentiable(
            "the graph of a gradient is asked for at phases that were changed in place after the "
            "forward pass; allowed are phases that are as they were"
        )
    with torch.enable_grad():
        result = run(phases)
        (gradient,) = torch.autograd.grad(result, phases, cotangent, create_graph=True)
    return gradient
