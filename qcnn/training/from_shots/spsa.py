"""Simultaneous perturbation: the slope of a loss along one random direction."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


def perturb_together(
    loss: Callable[[], Tensor],
    phases: Sequence[nn.Parameter],
    others: Sequence[nn.Parameter],
    perturbation: float,
    random: torch.Generator,
) -> None:
    """Put an estimate of the gradient into the parameters, from two evaluations of a loss.

    Every phase is moved by ± ``perturbation`` at once, with signs of its own, and the other way.
    The difference of both losses, over twice the perturbation and times the sign, is the estimate:
    free of bias for a loss that is quadratic in the phases. Other parameters get the mean of their
    own gradients at both places.

    Args:
        loss: evaluates the loss at what the parameters are.
        phases: where they are afterwards is where they were, to rounding errors of none.
        others: parameters that the loss can be differentiated by.
        perturbation: radians.
        random: draws the signs.

    Source: Spall, IEEE Trans. Autom. Control 37, 332 (1992).
    """
    starts = [phase.detach().clone() for phase in phases]
    signs = [2.0 * torch.randint(2, phase.shape, generator=random) - 1 for phase in phases]
    found: list[Tensor] = []
    gradients: list[Sequence[Tensor]] = []
    for side in (perturbation, -perturbation):
        _put(phases, [start + side * sign for start, sign in zip(starts, signs, strict=True)])
        with torch.set_grad_enabled(bool(others)):
            value = loss()
        found.append(value.detach().double())
        # Of the others alone: a gradient by the phases would fire shots.
        gradients.append(torch.autograd.grad(value, others) if others else ())
    _put(phases, starts)
    slope = (found[0] - found[1]) / (2 * perturbation)
    for phase, sign in zip(phases, signs, strict=True):
        phase.grad = (slope * sign).to(phase.dtype)
    for other, above, below in zip(others, *gradients, strict=True):
        other.grad = (above + below) / 2


@torch.no_grad()
def _put(phases: Sequence[nn.Parameter], values: Sequence[Tensor]) -> None:
    for phase, value in zip(phases, values, strict=True):
        phase.copy_(value)
