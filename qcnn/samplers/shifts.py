"""The photonic parameter-shift rule: exact derivatives from evaluations at shifted phases.

At n photons every probability is a trigonometric polynomial of degree n at most in each phase of
a mesh: that stands on one mode, which the amplitudes of at most n photons pass, so that these are
polynomials of that degree in exp(iθ). Its derivative is therefore a fixed linear combination of 2n
values at equidistant shifts (arXiv:2107.12390; for photons arXiv:2409.16369 and
arXiv:2410.02726: as many evaluations as are linear in the photons). This holds for the shares of
all shots that are fired. Collision-free outcomes that are renormalised are quotients of such
shares, to which the rule of quotients is applied (:func:`post_select`).
"""

import torch
from torch import Tensor

from qcnn.checks import whole_number
from qcnn.machine import check_large


def shift_rule(photons: int) -> tuple[Tensor, Tensor]:
    """Shifts and coefficients: f′(θ) = Σ coefficient · f(θ + shift).

    Exact for trigonometric polynomials f of degree ``photons`` at most. The coefficients sum to 0,
    their absolute values to ``photons``.

    Args:
        photons: number of photons n, at least 1.

    Returns:
        float64 of shape ``(2n,)`` each: radians in (0, 2π), and numbers in 1/radian.

    Raises:
        InvalidInput: for another number of photons.

    Source: arXiv:2107.12390, equidistant frequencies.

    >>> shifts, coefficients = shift_rule(1)
    >>> (shifts / torch.pi).tolist(), coefficients.round(decimals=6).tolist()
    ([0.5, 1.5], [0.5, -0.5])
    """
    count = whole_number(photons, "photons", 1)
    numbers = torch.arange(2 * count, dtype=torch.float64)
    shifts = torch.pi * (2 * numbers + 1) / (2 * count)
    signs = 1 - 2 * (numbers % 2)
    return shifts, signs / (4 * count * (shifts / 2).sin().square())


def shifted_phases(phases: Tensor, places: Tensor, shifts: Tensor) -> Tensor:
    """All phases with each of those at ``places`` shifted in turn.

    Args:
        phases: shape ``(phases,)``, radians.
        places: of those to shift, shape ``(places,)``.
        shifts: shape ``(shifts,)``, radians.

    Returns:
        shape ``(places, shifts, phases)``.

    >>> shifted_phases(torch.tensor([1.0, 2.0]), torch.tensor([1]), torch.tensor([0.5]))
    tensor([[[1.0000, 2.5000]]])
    """
    check_large(8 * len(places) * len(shifts) * len(phases), f"{len(places)} shifted phases")
    moved = phases.repeat(len(places), len(shifts), 1)
    moved[torch.arange(len(places)), :, places] += shifts
    return moved


def post_select(shares: Tensor, jacobian: Tensor) -> tuple[Tensor, Tensor]:
    """The renormalised distribution of the outcomes and its Jacobian, from those of the shares.

    Args:
        shares: shape ``(outcomes + 1,)``, the last one being rejected.
        jacobian: shape ``(outcomes + 1, phases)``.

    Returns:
        shapes ``(outcomes,)`` and ``(outcomes, phases)``, as of ``sampler.response()``.
    """
    accepted = shares[:-1].sum()
    distribution, slopes = shares[:-1] / accepted, jacobian[:-1] / accepted
    return distribution, slopes - torch.outer(distribution, slopes.sum(dim=0))


def post_selected_gradient(shares: Tensor, gradient: Tensor) -> Tensor:
    """The gradient by the shares of all shots from that by the renormalised distribution.

    Args:
        shares: shape ``(outcomes + 1,)``, the last one being rejected.
        gradient: of any number by the distribution, shape ``(outcomes,)``.

    Returns:
        shape ``(outcomes + 1,)``, with 0 for what is rejected.
    """
    accepted = shares[:-1].sum()
    distribution = shares[:-1] / accepted
    centred = (gradient - distribution @ gradient) / accepted
    return torch.cat([centred, centred.new_zeros(1)])
