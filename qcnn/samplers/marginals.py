"""Low-order marginals: which few modes hold photons, whatever the others do."""

from collections.abc import Hashable, Sequence
from itertools import combinations
from math import comb
from typing import Any, Self, cast

import torch
from torch import Tensor

from qcnn.checks import fit_stored, shown, whole_number
from qcnn.engines._derivatives import outside_transformations
from qcnn.errors import InvalidInput
from qcnn.machine import check_large
from qcnn.optics.fock import count_outcomes, enumerate_states
from qcnn.samplers.pqcnn import MeshSampler
from qcnn.samplers.response import rank
from qcnn.samplers.sampler import Sampler, register_sampler

#: Of distributions whose phases are all trained, with the order: a model has many equal ones.
_RANKS: dict[Hashable, int] = {}


@register_sampler("marginals")
class Marginals(Sampler):
    """Light in a mesh, of which not every outcome is read but which modes hold photons together.

    An event is that each of some ``order`` modes holds a photon at least; there is one for each
    set of so many modes. Of a mode alone it is the one-mode marginal, of two the two-mode one. Its
    probability is the sum of those of the outcomes in which it happens, among the accepted ones:
    what is post-selected is so before. As events of one outcome are as many as there are sets of
    ``order`` photons where no two share a mode, they are divided by that number, C(n, order): then
    they sum to 1 for collision-free outcomes, and to at most 1 in Fock space.

    There are few of them, m or m(m−1)/2, and each is more probable than an outcome, so that fewer
    shots measure it to the same relative error. They also know less: at most as many phases are
    effective as there are independent events (8 and 35 of 44 at (9,4)).

    Args:
        sampler: a PQCNN, distinguishable photons or coherent light, or a noisy PQCNN, of whose
            measured distribution these are then the marginals. Its phases stay its own.
        order: how many modes an event is about, at most the photons.

    Attributes:
        outcomes: number of events.
        effective_phases: rank of the Jacobian of the events' probabilities by the trained phases,
            at generic ones.
        fixed_numbers: the sampler's; which outcome belongs to which event follows from the modes.

    Raises:
        InvalidInput: for another sampler or order, and if the table of outcomes and events does
            not fit into the memory.

    >>> import qcnn
    >>> pairs = Marginals(qcnn.PQCNN(9, 4, seed=0), order=2)
    >>> pairs().shape, pairs.effective_phases, Marginals(qcnn.PQCNN(9, 4), 1).effective_phases
    (torch.Size([36]), 35, 8)
    """

    def __init__(self, sampler: Sampler, order: int) -> None:
        super().__init__()
        self.sampler = _check_light(sampler)
        light = self._light
        self.order = whole_number(order, "order", 1, light.photons)
        table = count_outcomes(light.modes, light.photons, light.space) * self.outcomes
        check_large(8 * table, f"a table of {self.outcomes} events")
        happens = events(light.modes, light.photons, light.space, self.order)
        # Zeros and ones, so that no precision rounds them.
        self.register_buffer("_happens", happens.to(light.trained_phases.dtype), persistent=False)
        self._together = comb(light.photons, self.order)

    @property
    def _light(self) -> MeshSampler:
        return cast(MeshSampler, self.sampler.source)

    @property
    def reads(self) -> Sampler:
        """The sampler whose marginals these are."""
        return self.sampler

    @property
    def engine(self) -> str:  # type: ignore[override]  # the sampler's
        """The sampler's."""
        return self.sampler.engine

    @property
    def phases(self) -> Tensor:
        """The sampler's phases, radians."""
        return self.sampler.phases

    @property
    def outcomes(self) -> int:
        """Number of events."""
        return comb(self._light.modes, self.order)

    @property
    def effective_phases(self) -> int:
        """Rank of the Jacobian by the trained phases, at generic ones."""
        light = self._light
        if light.trained is not None:
            return self._find_rank()
        key = light.distribution_key(), self.order
        if key not in _RANKS:
            _RANKS[key] = self._find_rank()
        return _RANKS[key]

    def _find_rank(self) -> int:
        """What is not trained stays where it was at the start."""
        light = self._light
        run, happens = light._build(torch.float64), self.get_buffer("_happens").double()
        places = torch.arange(light.mesh.phases) if light._places is None else light._places
        initial = light.phases.detach().double()

        def read(trained: Tensor) -> Tensor:
            return run(initial.repeat(len(trained), 1).index_copy(1, places, trained)) @ happens

        return min(rank(read, len(places)), light.effective_phases)

    @property
    def fixed_numbers(self) -> int:
        """The sampler's."""
        return self.sampler.fixed_numbers

    def forward(self, phases: Tensor | None = None) -> Tensor:
        """Probabilities of the events, divided by C(n, order).

        Args:
            phases: other phases than the sampler's own, as it takes them.

        Returns:
            shape ``(outcomes,)`` or ``(batch, outcomes)``, the events in the order of
            ``itertools.combinations`` of the modes.
        """
        found: Tensor = self.sampler() if phases is None else self.sampler(phases)
        return self.sum_of(found)

    def sum_of(self, probabilities: Tensor) -> Tensor:
        """The events' probabilities that those of the outcomes give, the last dimension."""
        return probabilities @ self.get_buffer("_happens").to(probabilities) / self._together

    def response(self) -> tuple[Tensor, Tensor]:
        """As of every sampler; both are sums of the sampler's own."""
        probabilities, jacobian = self.sampler.response()
        return self.sum_of(probabilities), self.sum_of(jacobian.T).T

    def batch_key(self) -> Hashable:
        """Marginals of one order of samplers that run together do so, too."""
        key = self.sampler.batch_key()
        return None if key is None else (type(self), self.order, key)

    def stack_phases(self, alike: Sequence[Sampler]) -> Tensor:
        """As of every sampler."""
        return self.sampler.stack_phases([cast(Marginals, each).sampler for each in alike])

    def distribution_key(self) -> Hashable:
        """As of every sampler."""
        return type(self), self.order, self.sampler.distribution_key()

    def describe(self) -> dict[str, Any]:
        """How many modes an event is about."""
        return {"order": self.order}

    def configuration(self) -> dict[str, Any]:
        """As of every sampler."""
        return self.describe()

    @classmethod
    def from_configuration(cls, options: object, source: Sampler | None) -> Self:
        """As of every sampler."""
        found = fit_stored(options, {"order": int}, "marginals")
        # Another one than light in a mesh is refused.
        return cls(cast(Sampler, source), found["order"])

    def extra_repr(self) -> str:
        return f"order={self.order}"


@outside_transformations()
def events(modes: int, photons: int, space: str, order: int) -> Tensor:
    """Which events happen in which outcome: 1 where they do, else 0.

    Returns:
        float64 of shape ``(outcomes, events)``, the outcomes in the order of
        :func:`qcnn.optics.fock.enumerate_states`, the events in that of ``itertools.combinations``.

    >>> events(3, 2, "unbunched", 1)
    tensor([[1., 1., 0.],
            [1., 0., 1.],
            [0., 1., 1.]], dtype=torch.float64)
    """
    occupied = torch.tensor(enumerate_states(modes, photons, space)) > 0
    sets = torch.tensor(list(combinations(range(modes), order)))
    happens = torch.ones(len(occupied), len(sets), dtype=torch.float64)
    for member in sets.T:
        happens *= occupied[:, member]
    return happens


def _check_light(sampler: object) -> Sampler:
    """The sampler; raises InvalidInput for one that has no modes, or no photons in them."""
    light = sampler.source if isinstance(sampler, Sampler) else None
    if not isinstance(light, MeshSampler) or isinstance(sampler, Marginals):
        raise InvalidInput(
            f"sampler is {shown(sampler)}; allowed are a PQCNN, distinguishable photons, coherent "
            "light and a noisy PQCNN"
        )
    if light.photons == 0:
        raise InvalidInput("photons is 0 with marginals; allowed are whole numbers from 1")
    return cast(Sampler, sampler)
