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
    """What the samplers draw from, each once however often and under whatever noise it is read."""
    sources = [sampler.source for sampler in samplers]
    return list({id(source): source for source in sources}.values())


def count_effective_phases(sources: Sequence[Sampler]) -> int:
    """Effective phases of all sources whose phases are trained.

    Sources that have their phases in common have at most as many as there are of these.
    """
    readers: dict[frozenset[int], dict[Hashable, Sampler]] = {}
    for source in sources:
        trained = frozenset(id(phases) for phases in source.parameters() if phases.requires_grad)
        if trained:
            readers.setdefault(trained, {})[source.distribution_key()] = source
    total = 0
    for alike in readers.values():
        first, *_ = alike.values()
        total += min(sum(s.effective_phases for s in alike.values()), count_trainable(first))
    return total


def count_fixed_numbers(sources: Sequence[Sampler]) -> int:
    """Fixed numbers of all sources; phases that several have in common are counted once."""
    total = sum(source.fixed_numbers for source in sources)
    frozen = [
        phases for source in sources for phases in source.parameters() if not phases.requires_grad
    ]
    again = sum(p.numel() for p in frozen) - sum(p.numel() for p in set(frozen))
    return total - again
