"""Photonic generators that fill a budget of trainable parameters."""

from dataclasses import replace

from qcnn.optics.fock import count_outcomes
from studies.design.arguments import MOST_PQCNNS, WholeNumbers
from studies.design.configuration import Configuration, Size
from studies.design.recipes import mapping_parameters_of, phases_of, weights_of

#: Budgets on a command line.
BUDGET = WholeNumbers(1, 100_000)
#: More outcomes or random numbers of ``mixing`` cost more time than they are worth.
_MOST_OUTCOMES = 150_000
_MOST_RANDOM_NUMBERS = 50_000_000


def largest_mps(like: Configuration, budget: int, *, mostly_phases: bool) -> Configuration | None:
    """``like`` with the largest bond dimension that the budget has room for, if any.

    Args:
        like: the PQCNNs and all other choices.
        budget: most trainable parameters.
        mostly_phases: whether at least half of them have to be phases.
    """
    phases, found, chi = phases_of(like), None, 1
    while True:
        candidate = replace(like, mapping=f"mps:bond_dimension={chi}")
        mapping = mapping_parameters_of(candidate)
        if phases + mapping > budget or (mostly_phases and mapping > phases):
            return found
        found, chi = candidate, chi + 1


def most_pqcnns(like: Configuration, size: Size, budget: int) -> Configuration | None:
    """``like`` with as many PQCNNs of one size as the budget and the time allow, if any."""
    of_one = phases_of(replace(like, sizes=(size,)))
    most = min(
        MOST_PQCNNS, budget // of_one, _most_outcomes(like) // count_outcomes(*size, like.space)
    )
    for count in range(most, 0, -1):
        candidate = replace(like, sizes=(size,) * count)
        if phases_of(candidate) + mapping_parameters_of(candidate) <= budget:
            return candidate
    return None


def _most_outcomes(like: Configuration) -> int:
    if like.mapping.partition(":")[0] != "mixing":
        return _MOST_OUTCOMES
    return min(_MOST_OUTCOMES, _MOST_RANDOM_NUMBERS // weights_of(like.target, like.dataset))
