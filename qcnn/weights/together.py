"""Several samplers: in as few engine calls as possible, and each number counted once."""

from collections.abc import Hashable, Sequence

from torch import Tensor

from qcnn.mappings._distributions import Distributions
from qcnn.samplers.sampler import Sampler
from qcnn.weights.generated import count_trainable


def run_together(samplers: Sequence[Sampler]) -> Distributions:
    """The distributions of several samplers.

    Those of one :meth:`qcnn.samplers.sampler.Sampler.batch_key` go through their engine in one
    call.
    """
    groups: dict[Hashable, list[int]] = {}
    for place, sampler in enumerate(samplers):
        key = sampler.batch_key()
        groups.setdefault(place if key is None else key, []).append(place)
    return Distributions(
        [(tuple(places), _run([samplers[i] for i in places])) for places in groups.values()]
    )


def _run(alike: Sequence[Sampler]) -> Tensor:
    first = alike[0]
    distributions: Tensor = first() if len(alike) == 1 else first(first.stack_phases(alike))
    return distributions.view(len(alike), -1)


def distinct_sources(samplers: Sequence[Sampler]) -> list[Sampler]:
    """What the samplers draw from, each once however often and in whatever ways it is read."""
    sources = [sampler.source for sampler in samplers]
    return list({id(source): source for source in sources}.values())


def count_effective_phases(samplers: Sequence[Sampler]) -> int:
    """Effective phases of all samplers whose phases are trained.

    What is read of one distribution in several ways has at most as many as the distribution, and
    samplers that have their phases in common at most as many as there are of these.
    """
    readers: dict[frozenset[int], dict[Hashable, dict[Hashable, Sampler]]] = {}
    for sampler in samplers:
        trained = frozenset(id(phases) for phases in sampler.parameters() if phases.requires_grad)
        if trained:
            sources = readers.setdefault(trained, {})
            alike = sources.setdefault(sampler.source.distribution_key(), {})
            alike[sampler.distribution_key()] = sampler
    total = 0
    for sources in readers.values():
        found = 0
        for alike in sources.values():
            first, *_ = alike.values()
            readings = sum(sampler.effective_phases for sampler in alike.values())
            found += min(readings, first.source.effective_phases)
        total += min(found, count_trainable(first))
    return total


def count_fixed_numbers(sources: Sequence[Sampler]) -> int:
    """Fixed numbers of all sources; phases that several have in common are counted once."""
    total = sum(source.fixed_numbers for source in sources)
    frozen = [
        phases for source in sources for phases in source.parameters() if not phases.requires_grad
    ]
    again = sum(p.numel() for p in frozen) - sum(p.numel() for p in set(frozen))
    return total - again
