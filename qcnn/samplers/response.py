"""How a distribution responds to each phase, and which phases move it independently."""

from collections.abc import Callable

import torch
from scipy.linalg import qr
from torch import Tensor

from qcnn.machine import check_large, one_blas_thread

#: Radians; central differences in float64 are then right to about 1e-8.
_STEP = 1e-4
#: Phases that are moved in one call: all of them at once need memory as their square.
_TOGETHER = 256
#: A probability below this does not count as one that a phase can move.
_LEAST = 1e-12
#: A direction this much weaker than the strongest is one of rounding errors.
_RANK = 1e-6
#: Where all are this weak no phase has an effect; central differences leave about 1e-12.
_NOTHING = 1e-9
#: Generic phases that a rank is looked for at, as near some a direction can be as weak as that.
_POINTS = 3


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


def rank(run: Callable[[Tensor], Tensor], count: int) -> int:
    """Rank of the Jacobian of a distribution at generic phases, up to numerical precision.

    Args:
        run: as of :func:`differentiate`.
        count: number of phases.
    """
    if not count:
        return 0
    random = torch.Generator().manual_seed(0)
    found = []
    for _ in range(_POINTS):
        phases = 2 * torch.pi * torch.rand(count, generator=random, dtype=torch.float64)
        sizes = torch.linalg.svdvals(root_jacobian(*differentiate(run, phases)))
        least = max(_RANK * sizes.max().item(), _NOTHING)
        found.append(int((sizes > least).sum()))
    return max(found)


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
    roots = root_jacobian(probabilities, jacobian)
    with one_blas_thread():
        _, order = qr(roots.numpy(), mode="r", pivoting=True)
    return torch.from_numpy(order[:count]).long().sort().values


def root_jacobian(probabilities: Tensor, jacobian: Tensor) -> Tensor:
    """The Jacobian of √p from that of the probabilities, shape ``(outcomes, phases)``.

    Its Gram matrix is a quarter of the Fisher information.

    Args:
        probabilities: shape ``(outcomes,)``.
        jacobian: shape ``(outcomes, phases)``.
    """
    return jacobian / (2 * probabilities.clamp_min(_LEAST).sqrt().unsqueeze(1))
