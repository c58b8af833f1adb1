"""Photons and modes of each PQCNN from the number of weights to generate."""

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from qcnn.checks import whole_number
from qcnn.errors import InvalidInput
from qcnn.fock import check_space, count_outcomes
from qcnn.mesh import check_mesh, count_phases

Size = tuple[int, int]


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
            if the request is impossible.

    >>> choose_sizes(6690, 2)
    [(9, 4), (8, 3)]
    >>> choose_sizes(6690, 2, mesh="minimal")
    [(10, 3), (8, 3)]
    """
    whole_number(num_weights, "num_weights", 1)
    whole_number(count, "count", 1)
    whole_number(max_modes, "max_modes", 2)
    check_space(space)
    check_mesh(mesh)
    catalogue = _Catalogue(space, max_modes, mesh)
    largest = max(size.outcomes for size in catalogue.sizes) ** count
    if num_weights > largest:
        raise InvalidInput(
            f"num_weights is {num_weights}; allowed for {count} PQCNNs of at most {max_modes} "
            f"modes in {space} space are at most {largest}"
        )
    return catalogue.choose(num_weights, count)


@dataclass(frozen=True)
class _Sized:
    modes: int
    photons: int
    phases: int
    outcomes: int


class _Catalogue:
    """All sizes, largest first, and the memoised searches over multisets of them."""

    def __init__(self, space: str, max_modes: int, mesh: str) -> None:
        self.sizes = [
            _Sized(
                modes,
                photons,
                count_phases(modes, photons, mesh),
                count_outcomes(modes, photons, space),
            )
            for modes in range(max_modes, 1, -1)
            for photons in range(modes, 0, -1)
        ]
        best: dict[int, int] = {}
        for size in self.sizes:
            best[size.phases] = max(best.get(size.phases, 0), size.outcomes)
        self.best_by_phases = sorted(best.items())
        self.most_outcomes = lru_cache(maxsize=None)(self._most_outcomes)
        self.fewest_photons = lru_cache(maxsize=None)(self._fewest_photons)
        self.fewest_outcomes = lru_cache(maxsize=None)(self._fewest_outcomes)

    def choose(self, num_weights: int, count: int) -> list[Size]:
        cheapest = count * self.best_by_phases[0][0]
        dearest = count * self.best_by_phases[-1][0]
        phases = next(
            phases
            for phases in range(cheapest, dearest + 1)
            if self.most_outcomes(count, phases) >= num_weights
        )
        found = self.fewest_outcomes(count, 0, phases, num_weights)
        assert found is not None  # most_outcomes has shown that a choice exists
        chosen = [self.sizes[index] for index in found]
        assert prod(size.outcomes for size in chosen) >= num_weights
        return [(size.modes, size.photons) for size in chosen]

    def _most_outcomes(self, count: int, phases: int) -> int:
        """Largest product of ``count`` outcome counts at exactly ``phases``; 0 for none."""
        if count == 0:
            return int(phases == 0)
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

    def _affordable(self, first: int, phases: int) -> list[tuple[int, _Sized]]:
        return [
            (index, size)
            for index, size in enumerate(self.sizes[first:], start=first)
            if size.phases <= phases
        ]


def _left(size: _Sized, phases: int, needed: int) -> tuple[int, int]:
    """Phases and outcomes left to the others once ``size`` is chosen."""
    return phases - size.phases, -(-needed // size.outcomes)
