"""Photonic generators that fill a budget of trainable parameters."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from qcnn.optics.fock import count_outcomes
from studies.design.arguments import MOST_PQCNNS, WholeNumbers
from studies.design.configuration import Configuration, Size
from studies.design.recipes import mapping_parameters_of, phases_of, weights_of

#: Budgets on a command line.
BUDGET = WholeNumbers(1, 100_000)
#: More outcomes or random numbers of ``mixing`` cost more time than they are worth.
_MOST_OUTCOMES = 150_000
_MOST_RANDOM_NUMBERS = 2**26


def largest_mapping(like: Configuration, budget: int, text: str) -> Configuration | None:
    """``like`` with the largest mapping of a kind that the budget has room for, if any.

    Args:
        like: the PQCNNs and all other choices.
        budget: most trainable parameters.
        text: of the mapping, with ``{}`` for what makes it larger: ``"mps:bond_dimension={}"``.
    """
    phases, found, number = phases_of(like), None, 1
    while True:
        candidate = replace(like, mapping=text.format(number))
        if phases + mapping_parameters_of(candidate) > budget:
            return found
        found, number = candidate, number + 1


def most_pqcnns(like: Configuration, sizes: Sequence[Size], budget: int) -> Configuration | None:
    """``like`` with as many PQCNNs as the budget and the time allow, if any.

    Args:
        like: all other choices.
        sizes: modes and photons; as many as possible of the first, then in what is left of the
            next.
        budget: most trainable parameters.
    """
    found = None
    for size in sizes:
        have: tuple[Size, ...] = () if found is None else found.sizes
        of_one = phases_of(replace(like, sizes=(size,)))
        outcomes = _most_outcomes(like) - sum(
            count_outcomes(modes, photons, like.space) for modes, photons in have
        )
        left = budget - (0 if found is None else phases_of(found))
        most = min(
            MOST_PQCNNS - len(have), left // of_one, outcomes // count_outcomes(*size, like.space)
        )
        for count in range(most, 0, -1):
            candidate = replace(like, sizes=have + (size,) * count)
            if phases_of(candidate) + mapping_parameters_of(candidate) <= budget:
                found = candidate
                break
    return found


def _most_outcomes(like: Configuration) -> int:
    if like.mapping.partition(":")[0] != "mixing":
        return _MOST_OUTCOMES
    return min(_MOST_OUTCOMES, _MOST_RANDOM_NUMBERS // weights_of(like.target, like.dataset))


def within_budget(found: Iterable[Configuration | None]) -> list[Configuration]:
    """Those for which the budget has had room."""
    return [each for each in found if each is not None]
