"""Several samplers in as few engine calls as possible."""

from collections.abc import Sequence

import torch
from torch import Tensor

from qcnn.controls import Control
from qcnn.noise import NoisyPQCNN
from qcnn.pqcnn import PQCNN

#: What generates a distribution in a model.
Sampler = PQCNN | Control | NoisyPQCNN


def run_together(samplers: Sequence[Sampler]) -> list[Tensor]:
    """The distributions of several samplers, in their order.

    PQCNNs that differ in nothing but their phases go through their engine in one call.
    """
    groups: dict[object, list[int]] = {}
    for place, sampler in enumerate(samplers):
        groups.setdefault(_kind(sampler, place), []).append(place)
    distributions: list[Tensor] = [torch.empty(0)] * len(samplers)
    for places in groups.values():
        if len(places) == 1:
            distributions[places[0]] = samplers[places[0]]()
            continue
        batch = samplers[places[0]](torch.stack([samplers[place].phases for place in places]))
        for place, distribution in zip(places, batch, strict=True):
            distributions[place] = distribution
    return distributions


def _kind(sampler: Sampler, place: int) -> object:
    """Equal for samplers that one call can serve."""
    if not isinstance(sampler, PQCNN):
        return place
    return sampler.mesh, sampler.space, sampler.input_state, sampler.engine, sampler.phases.dtype
