"""Classical baselines: a target trained by fewer numbers than it has weights, without photons.

One file, one baseline: a frozen dataclass with :func:`qcnn.register_baseline`, dropped into
this folder, is found by itself, as is one of an installed package (:mod:`qcnn.registry`).
"""

from qcnn.baselines._base import Baseline, register_baseline, registered
from qcnn.specification import parse_choice

__all__ = [
    "Baseline",
    "baseline_from_text",
    "baseline_names",
    "names_a_baseline",
    "register_baseline",
]


def baseline_names() -> tuple[str, ...]:
    """Names of all baselines, sorted."""
    return tuple(registered)


def names_a_baseline(text: str) -> bool:
    """Whether a text is that of a baseline, with or without options.

    >>> names_a_baseline("hashing:buckets=300"), names_a_baseline("mixing")
    (True, False)
    """
    return text.partition(":")[0] in registered


def baseline_from_text(text: str) -> Baseline:
    """The baseline that a name with options stands for.

    >>> baseline_from_text("hashing:buckets=300")
    Hashing(buckets=300)

    Raises:
        InvalidInput: for an unknown baseline, option or value.
    """
    return parse_choice(text, "baseline", registered)
