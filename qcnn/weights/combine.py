"""How the distributions of several PQCNNs become the input of a mapping."""

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from qcnn.scale import power_of_two_for

COMBINATIONS = ("product", "concatenation")
#: Joint probabilities that are all below this are given in larger units.
LEAST = 2.0**-60


def tensor_product(distributions: Sequence[Tensor], length: int) -> Tensor:
    """The first ``length`` entries of the joint distribution, the last PQCNN fastest.

    Only these entries are computed, so that a product of many PQCNNs stays small. Where all
    of them are below ``LEAST``, as too many factors would leave nothing in single precision,
    they are given times a power of two, the same for all, which brings the largest near it.
    (arXiv:2505.08474, Section II: joint distribution of independent boson samplers.)

    >>> p, q = torch.tensor([0.25, 0.75]), torch.tensor([0.5, 0.5])
    >>> tensor_product([p, q], 3)
    tensor([0.1250, 0.1250, 0.3750])
    """
    joint = distributions[-1][:length]
    for distribution in reversed(distributions[:-1]):
        needed = -(-length // joint.numel())
        joint = torch.outer(distribution[:needed], joint).flatten()[:length]
        # Without a branch, as what branches on values can be neither mapped nor compiled.
        joint = joint * (LEAST * power_of_two_for(joint)).clamp_min(1.0)
    return joint


def count_joint_outcomes(outcomes: Sequence[int], combine: str) -> int:
    """How many numbers the combination of PQCNNs offers to a mapping.

    >>> count_joint_outcomes([126, 70], "product"), count_joint_outcomes([126, 70], "concatenation")
    (8820, 196)
    """
    return prod(outcomes) if combine == "product" else sum(outcomes)
