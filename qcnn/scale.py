"""Numbers of any magnitude brought to order 1 without rounding."""

import torch
from torch import Tensor


def power_of_two_for(values: Tensor) -> Tensor:
    """The power of two that brings the largest magnitude to [1/2, 1); without gradients.

    Multiplying by it changes no digit, unlike dividing by the largest value itself. Of several
    rows each has its own, in a last dimension of 1.

    >>> power_of_two_for(torch.tensor([0.0, -5.0]))
    tensor([0.1250])
    """
    tiny = torch.finfo(values.dtype).tiny
    largest = values.detach().abs().amax(dim=-1, keepdim=True).clamp_min(tiny)
    return torch.ldexp(torch.ones_like(largest), -torch.frexp(largest).exponent)
