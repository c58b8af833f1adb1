"""Particles that do not interfere, each with probabilities of its own.

A particle k is found in mode j with probability A[j, k]. Together they give the permanents of A,
built particle by particle as the amplitudes of the other engines are: the probability of a state
t of level k is Σⱼ A[j, k]·(probability of t without a particle in j). All is plain torch, so that
every derivative and every transformation of ``torch.func`` is there.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from qcnn.engines._plain import Level, take, values_are_there
from qcnn.engines._rounding import LEAST_TOTAL
from qcnn.errors import InvalidInput


def particle_probabilities(columns: Sequence[Tensor], levels: Sequence[Level]) -> Tensor:
    """Probabilities of the outcomes of independent particles.

    Args:
        columns: A's column of each particle, at least one, shape ``(…, modes)`` each.
        levels: of two and more particles (:func:`qcnn.engines._plain.particle_tables`).

    Returns:
        shape ``(…, outcomes)``.

    Raises:
        InvalidInput: where all collision-free outcomes have probability 0. In a transformation of
            torch, where values cannot be looked at, they are NaN then.
    """
    found = columns[0]
    for column, level in zip(columns[1:], levels, strict=True):
        found = (level.factors * take(column, level.modes) * take(found, level.parents)).sum(-1)
    total = found.sum(-1, keepdim=True)
    sound = total > LEAST_TOTAL
    if values_are_there(found) and not bool(sound.all()):
        raise InvalidInput(
            "the collision-free outcomes have probability 0 at these phases; allowed are "
            'phases where one of them is possible, or space="fock"'
        )
    return torch.where(sound, found / total, torch.nan)
