"""Photonic generators that fill a budget of trainable parameters."""

from dataclasses import replace

from qcnn import mapping_from_text
from qcnn.fock import count_outcomes
from qcnn.mesh import count_phases
from studies.configuration import Configuration, Size
from studies.references import layout_of

#: More PQCNNs than these cost more time than they are worth.
MOST_PQCNNS = 64


def phases_of(configuration: Configuration) -> int:
    """Number of phases of a configuration's PQCNNs."""
    mesh, layers = configuration.mesh, configuration.layers
    return sum(layers * count_phases(*size, mesh) for size in configuration.sizes)


def mapping_parameters_of(configuration: Configuration) -> int:
    """Number of trainable parameters of a configuration's mapping."""
    outcomes = tuple(count_outcomes(*size, configuration.space) for size in configuration.sizes)
    layout = layout_of(configuration.target, configuration.dataset)
    return mapping_from_text(configuration.mapping).count_parameters(layout, outcomes)[0]


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
    """``mixing`` of as many PQCNNs of one size as the budget has room for, if any."""
    one = replace(like, mapping="mixing", sizes=(size,))
    count = min(MOST_PQCNNS, budget // (phases_of(one) + mapping_parameters_of(one)))
    return replace(one, sizes=(size,) * count) if count else None
