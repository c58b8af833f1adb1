"""Mappings from outcome probabilities to the weights of a target network.

One file, one mapping: a frozen dataclass with :func:`qcnn.register_mapping`, dropped into
this folder, is found by itself, as is one of an installed package (:mod:`qcnn.registry`).
"""

from qcnn.mappings._base import (
    Calibrated,
    Mapping,
    Prepares,
    log_probabilities,
    one_per_weight,
    register_mapping,
    registered,
    relative,
    standardise,
)
from qcnn.mappings._distributions import Distributions, ReadsBatches
from qcnn.specification import parse_choice

__all__ = [
    "Calibrated",
    "Distributions",
    "Mapping",
    "Prepares",
    "ReadsBatches",
    "log_probabilities",
    "mapping_from_text",
    "mapping_names",
    "one_per_weight",
    "register_mapping",
    "relative",
    "standardise",
]


def mapping_names() -> tuple[str, ...]:
    """Names of all mappings, sorted."""
    return tuple(registered)


def mapping_from_text(text: str) -> Mapping:
    """The mapping that a name with options stands for.

    >>> mapping_from_text("mps:bond_dimension=4")
    MPS(bond_dimension=4, form='lean', placement='fan_in')

    Raises:
        InvalidInput: for an unknown mapping, option or value.
    """
    return parse_choice(text, "mapping", registered)
