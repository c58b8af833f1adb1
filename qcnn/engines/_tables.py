"""Which states follow from which when one more photon is added.

The amplitudes of n photons are built photon by photon. Level k holds all states of k
photons (k = 1 … n) in descending lexicographic order; levels lie one after the other.
A child of a state has one more photon in one mode: any mode in Fock space, an empty
mode among collision-free states. All states of a level have equally many children.

With the photons of a state at p₀ ≤ p₁ ≤ … ≤ p₍ₖ₋₁₎, the states that come after it are
counted by Σᵢ after[pᵢ, k−i], where after[p, r] is the number of ways to place r photons
behind mode p; that gives its position.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from qcnn.engines._compiled import compiled
from qcnn.optics.fock import count_outcomes

Positions = NDArray[np.uint32] | NDArray[np.uint64]


@dataclass(frozen=True)
class Tables:
    """Read-only arrays, shared by all samplers of one size.

    Attributes:
        levels: for each level, and once more for the end, the position of its first
            state and of the first child of its first state; shape ``(photons + 1, 2)``.
        children: positions of the children, in the order of the mode that gets the
            photon; levels 1 … n−1, one state after the other.
        added: the mode that gets the photon, for each child.
        weights: Πⱼ tⱼ! of each outcome t, 1 for collision-free ones.
    """

    levels: NDArray[np.int64]
    children: Positions
    added: NDArray[np.uint16]
    weights: NDArray[np.float64]


def count_children(modes: int, photons: int, space: str) -> int:
    """Number of children of a state of ``photons`` photons."""
    return modes - photons if space == "unbunched" else modes


def level_starts(modes: int, photons: int, space: str) -> list[tuple[int, int]]:
    """``Tables.levels``; exact also for sizes that no machine holds.

    >>> level_starts(4, 2, "unbunched")
    [(0, 0), (4, 12), (10, 12)]
    """
    starts = [(0, 0)]
    for level in range(1, photons + 1):
        states = count_outcomes(modes, level, space)
        edges = states * count_children(modes, level, space) if level < photons else 0
        starts.append((starts[-1][0] + states, starts[-1][1] + edges))
    return starts


def position_type(states: int) -> type[np.unsignedinteger]:
    """Type of the positions of ``states`` states: unsigned, which saves a sign check."""
    return np.uint32 if states <= 2**32 else np.uint64


# Few sizes are in use at a time; samplers keep the tables that they need.
@lru_cache(maxsize=16)
def build_tables(modes: int, photons: int, space: str) -> Tables:
    """The tables for at least one photon."""
    step = int(space == "unbunched")
    levels = np.array(level_starts(modes, photons, space), dtype=np.int64)
    after = np.array(
        [
            [_count_behind(modes - 1 - mode, placed, space) for placed in range(photons + 1)]
            for mode in range(modes)
        ],
        dtype=np.int64,
    )
    children = np.empty(levels[-1, 1], dtype=position_type(levels[-1, 0]))
    added = np.empty(levels[-1, 1], dtype=np.uint16)
    weights = np.empty(levels[-1, 0] - levels[-2, 0])
    for level in range(1, photons):
        edges = slice(levels[level - 1, 1], levels[level, 1])
        last = levels[level + 1, 0] - 1
        first_state = step * np.arange(level)
        _fill_children(first_state, after, step, last, children[edges], added[edges])
    _fill_weights(step * np.arange(photons), modes, step, weights)
    tables = Tables(levels, children, added, weights)
    for array in (levels, children, added, weights):
        array.flags.writeable = False
    return tables


def _count_behind(modes: int, photons: int, space: str) -> int:
    """Ways to place ``photons`` photons in the ``modes`` modes behind a mode."""
    if space == "unbunched":
        return comb(modes, photons)
    return comb(modes + photons - 1, photons) if modes else int(photons == 0)


@compiled
def _advance(positions: NDArray[np.int64], modes: int, step: int) -> None:
    """Moves the photons to the next state of their level; the last state stays."""
    photons = len(positions)
    moved = photons - 1
    while moved >= 0 and positions[moved] == modes - 1 - step * (photons - 1 - moved):
        moved -= 1
    if moved >= 0:
        positions[moved] += 1
        for photon in range(moved + 1, photons):
            positions[photon] = positions[photon - 1] + step


@compiled
def _fill_children(
    positions: NDArray[np.int64],
    after: NDArray[np.int64],
    step: int,
    last: int,
    children: Positions,
    added: NDArray[np.uint16],
) -> None:
    """Fills ``children`` and ``added`` of one level.

    Args:
        positions: modes of the photons of the first state; moved to the last one.
        step: 1 for collision-free states, else 0.
        last: position of the last state of the next level.
    """
    photons, modes = len(positions), len(after)
    child = 0
    while child < len(children):
        before = 0
        behind = 0
        for photon in range(photons):
            behind += after[positions[photon], photons - photon]
        photon = 0
        for mode in range(modes):
            occupied = False
            while photon < photons and positions[photon] == mode:
                # A photon in front of the added one sees one more behind itself.
                before += after[mode, photons + 1 - photon]
                behind -= after[mode, photons - photon]
                photon += 1
                occupied = True
            if not (occupied and step == 1):
                here = after[mode, photons + 1 - photon]
                children[child] = last - (before + here + behind)
                added[child] = mode
                child += 1
        _advance(positions, modes, step)


@compiled
def _fill_weights(
    positions: NDArray[np.int64], modes: int, step: int, weights: NDArray[np.float64]
) -> None:
    """Fills ``weights``: the product of the factorials of the photon counts."""
    for outcome in range(len(weights)):
        weight = 1.0
        together = 1
        for photon in range(1, len(positions)):
            together = together + 1 if positions[photon] == positions[photon - 1] else 1
            weight *= together
        weights[outcome] = weight
        _advance(positions, modes, step)
