"""Equal PQCNNs that cost as much as others of another size.

What they cost is how many of the trainable parameters can change anything: the effective
phases, and the mapping's own but for those that do nothing that the phases do not. The mapping
``mixing`` has one for each PQCNN; were it not counted, small PQCNNs would have more to train. It
is one of the phases' own directions where these reach every distribution there is, as those of
one photon do: 55 of (4,1) change the weights in 165 directions, and not in 220.
"""

from dataclasses import replace

from qcnn import InvalidInput
from studies.design.arguments import MOST_MODES, MOST_PQCNNS
from studies.design.configuration import Configuration, Size
from studies.design.recipes import effective_parameters, effective_phases_of


def equal_pqcnns(like: Configuration, size: Size, budget: int) -> Configuration:
    """``like`` with as many PQCNNs of one size as come nearest to a budget, at least one.

    Args:
        like: all other choices.
        size: modes and photons.
        budget: effective parameters.

    Raises:
        InvalidInput: if that takes more PQCNNs than a model may have, or PQCNNs that have no
            effective phase.
    """
    if effective_phases_of(size, like.space) == 0:
        raise InvalidInput(
            f"photons is {size[1]} with {size[0]} modes and space {like.space!r}; allowed are "
            "numbers of photons that leave more than one outcome"
        )
    found = replace(like, sizes=(size,))
    for number in range(2, MOST_PQCNNS + 2):
        larger = replace(like, sizes=(size,) * number)
        if _distance(larger, budget) >= _distance(found, budget):
            return found
        found = larger
    raise InvalidInput(
        f"budget is {budget}; allowed with PQCNNs of {size[0]} modes and {size[1]} photons are "
        f"numbers that {MOST_PQCNNS} of them reach"
    )


def single_pqcnn(like: Configuration, photons: int, budget: int) -> Configuration:
    """``like`` with one PQCNN, of as many modes as come nearest to a budget.

    Args:
        like: all other choices.
        photons: of the PQCNN.
        budget: effective parameters.
    """
    sizes = ((modes, photons) for modes in range(photons + 1, MOST_MODES + 1))
    alone = (replace(like, sizes=(size,)) for size in sizes)
    return min(alone, key=lambda configuration: _distance(configuration, budget))


def _distance(configuration: Configuration, budget: int) -> int:
    return abs(effective_parameters(configuration) - budget)
