"""Photons and modes of each PQCNN from the number of weights to generate."""

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from qcnn.checks import shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.meshes import check_mesh, count_phases
from qcnn.optics.fock import check_space, count_outcomes

Size = tuple[int, int]

_MOST_WEIGHTS = 2**200
_MOST_SAMPLERS = 10**6
#: Modes of the sizes that are looked at first.
_FIRST_MODES = 24
#: Sizes that a search may look at, about a second's work.
_MOST_STEPS = 1_500_000


def choose_sizes(
    num_weights: int,
    count: int,
    *,
    space: str = "unbunched",
    max_modes: int = 24,
    mesh: str = "rectangular",
) -> list[Size]:
    """The cheapest (modes, photons) of ``count`` PQCNNs with an outcome for every weight.

    The outcome counts multiply to at least ``num_weights``, with 2 ≤ modes ≤ max_modes
    and 1 ≤ photons ≤ modes, at the fewest trainable phases in all; ties are broken by
    fewer photons in all, then fewer surplus outcomes, then the larger sizes first. Exact.
    The mesh, ``"rectangular"`` or ``"minimal"``, sets the phases of each size.

    Raises:
        InvalidInput: a ``ValueError``, with the largest number of weights that would fit
            if the request is impossible; also for requests whose search has no end in sight.

    >>> choose_sizes(6690, 2)
    [(9, 4), (8, 3)]
    >>> choose_sizes(6690, 2, mesh="minimal")
    [(10, 3), (8, 3)]
    """
    num_weights = whole_number(num_weights, "num_weights", 1)
    count = whole_number(count, "count", 1)
    max_modes = whole_number(max_modes, "max_modes", 2)
    check_space(space)
    check_mesh(mesh)
    for value, name, most in (
        (num_weights, "num_weights", _MOST_WEIGHTS),
        (count, "count", _MOST_SAMPLERS),
    ):
        if value > most:
            raise InvalidInput(
                f"{name} is {shown(value)}; allowed are whole numbers from 1 to {most}"
            )
    # No size has fewer phases or photons than (2, 1), whose outcomes are 2.
    if 2 ** min(count, _MOST_WEIGHTS.bit_length()) >= num_weights:
        return [(2, 1)] * count
    catalogue = _Catalogue(space, min(max_modes, _FIRST_MODES), mesh)
    while num_weights > catalogue.largest**count and catalogue.max_modes < max_modes:
        catalogue = _Catalogue(space, min(max_modes, 2 * catalogue.max_modes), mesh)
    request = f"{count} PQCNNs of at most {shown(max_modes)} modes in {space} space"
    if num_weights > catalogue.largest**count:
        raise InvalidInput(
            f"num_weights is {shown(num_weights)}; allowed for {request} are at most "
            f"{catalogue.largest**count}"
        )
    try:
        return _search(catalogue, num_weights, count, max_modes)
    except _TooLong:
        raise InvalidInput(
            f"num_weights is {shown(num_weights)} for {request}, among which a search takes too "
            "long; allowed are fewer weights or fewer modes"
        ) from None


def _search(catalogue: "_Catalogue", num_weights: int, count: int, max_modes: int) -> list[Size]:
    """The cheapest choice of at most ``max_modes`` modes; the catalogue has to offer one."""
    # Larger sizes than these cost more, beside the cheapest for all others, than is known to do.
    phases = catalogue.fewest_phases(num_weights, count)
    room = phases - (count - 1) * count_phases(2, 1, catalogue.mesh)
    modes = catalogue.max_modes
    while modes < max_modes and count_phases(modes + 1, 1, catalogue.mesh) <= room:
        modes += 1
    if modes > catalogue.max_modes:
        catalogue = _Catalogue(catalogue.space, modes, catalogue.mesh, room)
    return catalogue.choose(num_weights, count)


class _TooLong(Exception):
    pass


@dataclass(frozen=True)
class _Sized:
    modes: int
    photons: int
    phases: int
    outcomes: int


class _Catalogue:
    """All sizes, largest first, and the memoised searches over multisets of them."""

    def __init__(
        self, space: str, max_modes: int, mesh: str, most_phases: float = float("inf")
    ) -> None:
        self.space, self.max_modes, self.mesh = space, max_modes, mesh
        self.steps = 0
        self.sizes = [
            _Sized(
                modes,
                photons,
                count_phases(modes, photons, mesh),
                count_outcomes(modes, photons, space),
            )
            for modes in range(max_modes, 1, -1)
            for photons in range(modes, 0, -1)
            if count_phases(modes, photons, mesh) <= most_phases
        ]
        self.largest = max(size.outcomes for size in self.sizes)
        best: dict[int, int] = {}
        for size in self.sizes:
            best[size.phases] = max(best.get(size.phases, 0), size.outcomes)
        self.best_by_phases = sorted(best.items())
        self.most_outcomes = lru_cache(maxsize=None)(self._most_outcomes)
        self.fewest_photons = lru_cache(maxsize=None)(self._fewest_photons)
        self.fewest_outcomes = lru_cache(maxsize=None)(self._fewest_outcomes)

    def fewest_phases(self, num_weights: int, count: int) -> int:
        """Of all choices with enough outcomes; there has to be one."""
        cheapest = count * self.best_by_phases[0][0]
        dearest = count * self.best_by_phases[-1][0]
        return next(
            phases
            for phases in range(cheapest, dearest + 1)
            if self.most_outcomes(count, phases) >= num_weights
        )

    def choose(self, num_weights: int, count: int) -> list[Size]:
        """The cheapest choice; there has to be one."""
        phases = self.fewest_phases(num_weights, count)
        found = self.fewest_outcomes(count, 0, phases, num_weights)
        assert found is not None  # most_outcomes has shown that a choice exists
        chosen = [self.sizes[index] for index in found]
        assert prod(size.outcomes for size in chosen) >= num_weights
        return [(size.modes, size.photons) for size in chosen]

    def _most_outcomes(self, count: int, phases: int) -> int:
        """Largest product of ``count`` outcome counts at exactly ``phases``; 0 for none."""
        if count == 0:
            return int(phases == 0)
        self._spend(len(self.best_by_phases))
        return max(
            (
                outcomes * self.most_outcomes(count - 1, phases - cost)
                for cost, outcomes in self.best_by_phases
                if cost <= phases
            ),
            default=0,
        )

    def _fewest_photons(self, count: int, first: int, phases: int, needed: int) -> int | None:
        """Fewest photons for a product of at least ``needed`` at exactly ``phases``.

        Over ``sizes[first:]`` in their order; None where there is no such product.
        """
        if self.most_outcomes(count, phases) < needed:
            return None
        if count == 0:
            return 0
        totals = [
            size.photons + rest
            for index, size in self._affordable(first, phases)
            if (rest := self.fewest_photons(count - 1, index, *_left(size, phases, needed)))
            is not None
        ]
        return min(totals, default=None)

    def _fewest_outcomes(
        self, count: int, first: int, phases: int, needed: int
    ) -> tuple[int, ...] | None:
        """Of the choices with the fewest photons the one with the smallest product.

        As indices; the earliest on a tie. A part of a choice with the fewest photons has
        itself the fewest for what is left to it.
        """
        photons = self.fewest_photons(count, first, phases, needed)
        if photons is None or count == 0:
            return None if photons is None else ()
        best: tuple[int, tuple[int, ...]] | None = None
        for index, size in self._affordable(first, phases):
            left = _left(size, phases, needed)
            if self.fewest_photons(count - 1, index, *left) != photons - size.photons:
                continue
            rest = self.fewest_outcomes(count - 1, index, *left)
            assert rest is not None  # it has a number of photons, so it exists
            product = size.outcomes * prod(self.sizes[i].outcomes for i in rest)
            if best is None or product < best[0]:
                best = product, (index, *rest)
        return None if best is None else best[1]

    def _spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > _MOST_STEPS:
            raise _TooLong

    def _affordable(self, first: int, phases: int) -> list[tuple[int, _Sized]]:
        self._spend(len(self.sizes) - first)
        return [
            (index, size)
            for index, size in enumerate(self.sizes[first:], start=first)
            if size.phases <= phases
        ]


def _left(size: _Sized, phases: int, needed: int) -> tuple[int, int]:
    """Phases and outcomes left to the others once ``size`` is chosen."""
    return phases - size.phases, -(-needed // size.outcomes)
