"""Numbers of any magnitude brought to order 1 without rounding."""

import torch
from torch import Tensor


def power_of_two_for(values: Tensor) -> Tensor:
    """The power of two that brings the largest magnitude to [1/2, 1); without gradients.

    Multiplying by it changes no digit, unlike dividing by the largest value itself.

    >>> power_of_two_for(torch.tensor([0.0, -5.0]))
    tensor(0.1250)
    """
    largest = values.detach().abs().max().clamp_min(torch.finfo(values.dtype).tiny)
    return torch.ldexp(torch.ones_like(largest), -torch.frexp(largest).exponent)
