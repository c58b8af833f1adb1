"""Several samplers: in as few engine calls as possible, and each number counted once."""

from collections.abc import Sequence

import torch
from torch import Tensor

from qcnn.noise import NoisyPQCNN
from qcnn.samplers.controls import Control
from qcnn.samplers.pqcnn import PQCNN
from qcnn.weights.generated import count_trainable

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


def distinct_sources(samplers: Sequence[Sampler]) -> list[PQCNN | Control]:
    """What the samplers draw from, each once however often and under whatever noise it is read."""
    sources = [s.sampler if isinstance(s, NoisyPQCNN) else s for s in samplers]
    return list({id(source): source for source in sources}.values())


def count_effective_phases(sources: Sequence[PQCNN | Control]) -> int:
    """Effective phases of all sources whose phases are trained.

    Sources that have their phases in common have at most as many as there are of these.
    """
    readers: dict[frozenset[int], dict[object, PQCNN | Control]] = {}
    for source in sources:
        trained = frozenset(id(phases) for phases in source.parameters() if phases.requires_grad)
        if trained:
            readers.setdefault(trained, {})[_distribution(source)] = source
    total = 0
    for alike in readers.values():
        first, *_ = alike.values()
        total += min(sum(s.effective_phases for s in alike.values()), count_trainable(first))
    return total


def count_fixed_numbers(sources: Sequence[PQCNN | Control]) -> int:
    """Fixed numbers of all sources; phases that several have in common are counted once."""
    total = sum(source.fixed_numbers for source in sources)
    frozen = [
        source.trained_phases
        for source in sources
        if isinstance(source, PQCNN) and not source.trained_phases.requires_grad
    ]
    again = sum(p.numel() for p in frozen) - sum(p.numel() for p in set(frozen))
    return total - again


def _distribution(source: PQCNN | Control) -> object:
    """Equal for sources that make the same distribution of the same trained phases."""
    if not isinstance(source, PQCNN) or source.trained is not None:
        return id(source)
    return source.mesh, source.space, source.input_state
