"""How a distribution responds to each phase, and which phases move it independently."""

from collections.abc import Callable

import torch
from scipy.linalg import qr
from torch import Tensor

from qcnn.machine import check_large

#: Radians; central differences in float64 are then right to about 1e-8.
_STEP = 1e-4
#: Phases that are moved in one call: all of them at once need memory as their square.
_TOGETHER = 256
#: A probability below this does not count as one that a phase can move.
_LEAST = 1e-12


@torch.no_grad()
def differentiate(run: Callable[[Tensor], Tensor], phases: Tensor) -> tuple[Tensor, Tensor]:
    """The probabilities and their Jacobian, by central differences.

    Args:
        run: from phases of shape ``(batch, phases)``, radians, to probabilities of shape
            ``(batch, outcomes)``.
        phases: where, float64, shape ``(phases,)``.

    Returns:
        shapes ``(outcomes,)`` and ``(outcomes, phases)``, the latter in 1/radian.
    """
    probabilities = run(phases[None])[0]
    count = len(phases)
    check_large(2 * 8 * count * len(probabilities), f"a Jacobian of {count} phases")
    jacobian = torch.empty(len(probabilities), count, dtype=phases.dtype)
    for first in range(0, count, _TOGETHER):
        places = torch.arange(first, min(first + _TOGETHER, count))
        steps = torch.zeros(len(places), count, dtype=phases.dtype)
        steps[torch.arange(len(places)), places] = _STEP
        above, below = run(torch.cat([phases + steps, phases - steps])).split(len(places))
        jacobian[:, places] = (above - below).T / (2 * _STEP)
    return probabilities, jacobian


def most_independent(probabilities: Tensor, jacobian: Tensor, count: int) -> Tensor:
    """Places of ``count`` phases, ascending, that move the distribution independently.

    The Jacobian of √p, whose Gram matrix is a quarter of the Fisher information, is decomposed
    by QR with column pivoting: every next phase is the one with the largest component that
    the ones before it leave out. (Businger and Golub, Numer. Math. 7, 269 (1965).)

    Args:
        probabilities: shape ``(outcomes,)``.
        jacobian: of the probabilities, shape ``(outcomes, phases)``.
        count: how many, at most the rank of the Jacobian.

    >>> jacobian = torch.tensor([[0.1, 0.2, 0.2], [-0.1, -0.2, -0.1], [0.0, 0.0, -0.1]])
    >>> most_independent(torch.tensor([0.5, 0.3, 0.2]), jacobian, 2)
    tensor([1, 2])
    """
    roots = jacobian / (2 * probabilities.clamp_min(_LEAST).sqrt().unsqueeze(1))
    _, _, order = qr(roots.numpy(), mode="economic", pivoting=True)
    return torch.from_numpy(order[:count]).long().sort().values
