"""Probabilities of partially distinguishable photons, with gradients.

Each photon is in the common internal state with probability x = √indistinguishability,
else in a state of its own: two photons interfere with probability x². (Perceval's source:
Pont et al., Phys. Rev. X 12, 031033 (2022).) Photons in the common state interfere among
themselves, the others fall independently::

    P(S) = Σ_T x^|T| (1 − x)^(n−|T|) Σ_R |perm U[R, T]|² / (R! s_T!)
                                         · perm |U|²[S − R, T'] / (S − R)!

over the subsets T of the n photons with complement T', and over the parts R of the outcome
S with ``|R| = |T|``; R! is the product of the factorials of the photon counts and s_T the input
that the photons of T make up. All permanents come from one recursion that adds the photons
one at a time: a Laplace expansion along the last photon's column.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb, factorial, prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qcnn.engines._derivatives import outside_transformations
from qcnn.machine import check_memory
from qcnn.optics.fock import FockState, count_outcomes, enumerate_states

Integers = NDArray[np.int64]
# A pair's outcome, its product, the weighted one, and the gradients of both.
_PAIR_BYTES = 5 * 8
# The complex factors, their product, and the square of the sum.
_PART_BYTES = 3 * 16


@dataclass(frozen=True)
class Level:
    """What is needed to go from k − 1 photons to k, and where k photons meet the others.

    Attributes:
        removed: for each state of k photons and each of them, the state without it.
        mode: the mode of that photon; both flat, states × k.
        inverse_factorials: 1/S! of each state.
        parents: for each subset of k photons, the subset without its last one.
        last: that last photon.
        complement: the subset of the other n − k photons.
        joined: outcome of each pair of a state of k and one of n − k photons, flat; one
            past the last outcome where two of them collide and may not.
    """

    removed: Tensor
    mode: Tensor
    inverse_factorials: Tensor
    parents: Tensor
    last: Tensor
    complement: Tensor
    joined: Tensor


def probabilities(
    columns: Tensor, photon_columns: Sequence[int], space: str, overlap: float
) -> Tensor:
    """Probabilities of the outcomes, not renormalised.

    Args:
        columns: occupied input columns of the unitary, complex, shape ``(modes, occupied)``.
        photon_columns: the column of each photon, in ascending order.
        space: ``"unbunched"`` or ``"fock"``.
        overlap: x, probability of the common internal state.

    Returns:
        shape ``(outcomes,)``, in the order of :func:`qcnn.optics.fock.enumerate_states`; they sum
        to 1 in Fock space and to the probability of no collision otherwise.
    """
    modes, photons = columns.shape[0], len(photon_columns)
    levels = build_levels(modes, photons, space)
    amplitudes = columns.T[list(photon_columns)]
    coherent = _permanents(amplitudes, levels)
    separate = _permanents(_squared(amplitudes), levels)
    outcomes = len(levels[photons].inverse_factorials)
    total = amplitudes.real.new_zeros(outcomes + 1)
    for together in range(photons + 1):
        weight = overlap**together * (1 - overlap) ** (photons - together)
        if weight == 0:
            continue
        level, other = levels[together], levels[photons - together]
        bunched = _inverse_input_factorials(photon_columns, together)
        first = _squared(coherent[together]) * level.inverse_factorials * bunched[:, None]
        second = separate[photons - together] * other.inverse_factorials
        pairs = first.T @ second.index_select(0, level.complement)
        total = total.index_add(0, level.joined, weight * pairs.flatten())
    return total[:outcomes]


def _permanents(matrix: Tensor, levels: Sequence[Level]) -> list[Tensor]:
    """Permanents by number of photons k; ``[k][T, S]`` for photons T and outcome S.

    Args:
        matrix: one row for each photon, one column for each mode.
        levels: as :func:`build_levels` makes them.
    """
    found = [matrix.new_ones(1, 1)]
    for photons in range(1, len(levels)):
        level = levels[photons]
        before = found[-1].index_select(0, level.parents).index_select(1, level.removed)
        step = matrix.index_select(0, level.last).index_select(1, level.mode)
        found.append((before * step).unflatten(1, (-1, photons)).sum(2))
    return found


def _squared(amplitudes: Tensor) -> Tensor:
    return amplitudes.real.square() + amplitudes.imag.square()


@lru_cache(maxsize=16)
@outside_transformations()
def build_levels(modes: int, photons: int, space: str) -> tuple[Level, ...]:
    """The levels of 0 … ``photons`` photons.

    Raises:
        InvalidInput: if the pairs of their states do not fit into the memory.
    """
    counts = [count_outcomes(modes, k, space) for k in range(photons + 1)]
    pairs = sum(here * others for here, others in zip(counts, reversed(counts), strict=True))
    # Every subset of k photons has a permanent for every state of k photons, and k parts of it.
    parts = sum(comb(photons, k) * counts[k] * (k + 1) for k in range(photons + 1))
    what = f"{photons} partially distinguishable photons in {modes} modes with space={space!r}"
    check_memory(_PAIR_BYTES * pairs + _PART_BYTES * parts, what)
    states = [enumerate_states(modes, k, space) for k in range(photons + 1)]
    removals = [_removals(states[k - 1], states[k]) if k else _none() for k in range(photons + 1)]
    subsets = [list(combinations(range(photons), k)) for k in range(photons + 1)]
    places = [{subset: place for place, subset in enumerate(family)} for family in subsets]
    everyone = set(range(photons))
    levels = []
    for k in range(photons + 1):
        others = [tuple(sorted(everyone - set(subset))) for subset in subsets[k]]
        levels.append(
            Level(
                removed=torch.from_numpy(removals[k][0].flatten()),
                mode=torch.from_numpy(removals[k][1].flatten()),
                inverse_factorials=torch.tensor(
                    [1 / _factorials(state) for state in states[k]], dtype=torch.float64
                ),
                parents=_numbers(places[k - 1][s[:-1]] for s in subsets[k] if k),
                last=_numbers(s[-1] for s in subsets[k] if k),
                complement=_numbers(places[photons - k][other] for other in others),
                joined=torch.from_numpy(_joined(states, removals, modes, k).flatten()),
            )
        )
    return tuple(levels)


def _numbers(values: Iterable[int]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.int64)


def _none() -> tuple[Integers, Integers]:
    return np.empty((1, 0), dtype=np.int64), np.empty((1, 0), dtype=np.int64)


def _removals(fewer: Sequence[FockState], states: Sequence[FockState]) -> tuple[Integers, Integers]:
    """For each state and each of its photons the state without it, and the photon's mode."""
    place = {state: number for number, state in enumerate(fewer)}
    removed, modes = [], []
    for state in states:
        occupied = [mode for mode, count in enumerate(state) for _ in range(count)]
        removed.append(
            [place[(*state[:mode], state[mode] - 1, *state[mode + 1 :])] for mode in occupied]
        )
        modes.append(occupied)
    return np.array(removed, dtype=np.int64), np.array(modes, dtype=np.int64)


def _joined(
    states: Sequence[Sequence[FockState]],
    removals: Sequence[tuple[Integers, Integers]],
    modes: int,
    first: int,
) -> Integers:
    """Outcome of each pair of a state of ``first`` photons and one of the remaining ones.

    The photons of the second state join one at a time. A collision leads to the place
    past the last state, and from there nowhere else.
    """
    joined = np.arange(len(states[first]), dtype=np.int64)[:, None]
    for more in range(1, len(states) - first):
        removed, mode = removals[first + more]
        table = np.full((len(states[first + more - 1]) + 1, modes), len(states[first + more]))
        table[removed, mode] = np.arange(len(states[first + more]))[:, None]
        before, added = removals[more]
        joined = table[joined[:, before[:, -1]], added[:, -1]]
    return joined


def _factorials(state: Sequence[int]) -> int:
    return prod(factorial(count) for count in state)


def _inverse_input_factorials(photon_columns: Sequence[int], together: int) -> Tensor:
    """1/s_T! of every subset T of ``together`` photons."""
    return torch.tensor(
        [
            1 / _factorials([subset.count(column) for column in set(subset)])
            for subset in combinations(photon_columns, together)
        ],
        dtype=torch.float64,
    )
