"""Fock states: which outcomes a boson sampler has, in which order, from which input.

A Fock state is a tuple with the number of photons in each mode. Collision-free
("unbunched") states have at most one photon in a mode.
"""

from collections.abc import Iterable, Sequence
from math import comb
from typing import Literal, get_args

from qcnn.checks import check_choice, shown, whole_number
from qcnn.errors import InvalidInput

FockState = tuple[int, ...]
Space = Literal["unbunched", "fock"]
SPACES: tuple[str, ...] = get_args(Space)


def count_outcomes(modes: int, photons: int, space: str) -> int:
    """Number of detection outcomes of ``photons`` photons in ``modes`` modes.

    >>> count_outcomes(9, 4, "unbunched"), count_outcomes(9, 4, "fock")
    (126, 495)
    """
    if space == "unbunched":
        return comb(modes, photons)
    return comb(modes + photons - 1, photons)


def enumerate_states(modes: int, photons: int, space: str) -> tuple[FockState, ...]:
    """All outcomes in descending lexicographic order.

    >>> enumerate_states(3, 2, "unbunched")
    ((1, 1, 0), (1, 0, 1), (0, 1, 1))
    >>> enumerate_states(2, 2, "fock")
    ((2, 0), (1, 1), (0, 2))
    """
    most = 1 if space == "unbunched" else photons
    prefixes: list[tuple[FockState, int]] = [((), photons)]
    for mode in range(modes):
        room = most * (modes - mode - 1)
        prefixes = [
            ((*prefix, here), left - here)
            for prefix, left in prefixes
            for here in range(min(most, left), max(0, left - room) - 1, -1)
        ]
    return tuple(prefix for prefix, left in prefixes if left == 0)


def spread_input(modes: int, photons: int) -> FockState:
    """One photon in each mode ⌊i·m/n⌋: photons as far apart as the modes allow.

    >>> spread_input(9, 4)
    (1, 0, 1, 0, 1, 0, 1, 0, 0)
    """
    occupied = {i * modes // photons for i in range(photons)}
    return tuple(int(mode in occupied) for mode in range(modes))


def effective_phases(modes: int, outcomes: int, input_state: Sequence[int]) -> int:
    """Rank of the Jacobian of the probabilities of a universal mesh at generic phases.

    Only the columns of the unitary at the k occupied input modes matter, up to
    input and output phases: 2mk − k² − k − m + 1 directions, at most outcomes − 1
    because the probabilities sum to 1.

    >>> effective_phases(9, 126, (1, 0, 1, 0, 1, 0, 1, 0, 0))
    44
    """
    occupied = sum(count > 0 for count in input_state)
    if occupied == 0:
        return 0
    return min(2 * modes * occupied - occupied**2 - occupied - modes + 1, outcomes - 1)


def check_space(space: str) -> None:
    """Raises InvalidInput for an unknown set of outcomes."""
    check_choice(space, "space", SPACES)


def check_input(
    modes: int, photons: int, space: str, input_state: Sequence[int] | None
) -> FockState:
    """The input Fock state of a sampler, the default one where none is given.

    Raises:
        InvalidInput: if the state does not hold ``photons`` photons in ``modes``
            modes, or if more photons than modes are asked for where each mode
            may hold only one (collision-free outcomes, default input).
    """
    if photons > modes and (space == "unbunched" or input_state is None):
        what = "collision-free outcomes" if space == "unbunched" else "the default input"
        raise InvalidInput(
            f"photons is {shown(photons)} with {modes} modes; allowed for {what} are at most "
            f"{modes}"
        )
    if input_state is None:
        return spread_input(modes, photons) if photons else (0,) * modes
    if not isinstance(input_state, Iterable) or getattr(input_state, "ndim", 1) == 0:
        raise InvalidInput(
            f"input_state is {shown(input_state)}; allowed are {modes} counts that sum to {photons}"
        )
    state = tuple(whole_number(count, "a photon count of input_state", 0) for count in input_state)
    if len(state) != modes or sum(state) != photons:
        raise InvalidInput(
            f"input_state is {shown(state)}; allowed are {modes} counts that sum to {photons}"
        )
    return state
