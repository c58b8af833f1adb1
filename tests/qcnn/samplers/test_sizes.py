"""choose_sizes against exhaustive search, and its limits."""

from itertools import combinations_with_replacement
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qcnn import InvalidInput, choose_sizes
from qcnn.meshes import count_phases, mesh_names
from qcnn.optics.fock import count_outcomes
from qcnn.samplers.sizes import Size, _Catalogue


def exhaustive(
    num_weights: int, count: int, space: str, max_modes: int, mesh: str
) -> list[Size] | None:
    """The same choice by looking at every multiset of sizes."""
    sizes = [(m, n) for m in range(max_modes, 1, -1) for n in range(m, 0, -1)]
    best: tuple[tuple[int, int, int], list[Size]] | None = None
    for chosen in combinations_with_replacement(sizes, count):  # larger lists come first
        outcomes = prod(count_outcomes(m, n, space) for m, n in chosen)
        if outcomes < num_weights:
            continue
        phases = sum(count_phases(m, n, mesh) for m, n in chosen)
        cost = (phases, sum(n for _, n in chosen), outcomes)
        if best is None or cost < best[0]:
            best = cost, list(chosen)
    return None if best is None else best[1]


@given(
    st.integers(1, 20_000),
    st.integers(1, 3),
    st.sampled_from(["unbunched", "fock"]),
    st.integers(2, 8),
    st.sampled_from(mesh_names()),
)
def test_choice_is_that_of_exhaustive_search(
    num_weights: int, count: int, space: str, max_modes: int, mesh: str
) -> None:
    limits = {"space": space, "max_modes": max_modes, "mesh": mesh}
    expected = exhaustive(num_weights, count, **limits)
    if expected is None:
        with pytest.raises(ValueError, match="allowed for"):
            choose_sizes(num_weights, count, **limits)
    else:
        assert choose_sizes(num_weights, count, **limits) == expected


@pytest.mark.parametrize("space", ["unbunched", "fock"])
@pytest.mark.parametrize("count", range(1, 9))
def test_paper_target_at_every_count(count: int, space: str) -> None:
    sizes = choose_sizes(6690, count, space=space)
    assert len(sizes) == count
    assert prod(count_outcomes(m, n, space) for m, n in sizes) >= 6690
    assert sizes == sorted(sizes, reverse=True)


def test_notebook_sizes_are_no_better_than_what_is_found() -> None:
    sizes = choose_sizes(6690, 2)
    phases = sum(m * (m - 1) for m, _ in sizes)
    photons = sum(n for _, n in sizes)
    assert (phases, photons) <= (9 * 8 + 8 * 7, 4 + 4)


def test_impossible_requests_name_the_largest_that_fits() -> None:
    with pytest.raises(ValueError, match="at most 24 modes in unbunched space are at most 2704156"):
        choose_sizes(2_704_157, 1)
    assert choose_sizes(2_704_156, 1) == [(24, 12)]


@pytest.mark.parametrize(
    ("arguments", "options", "name"),
    [
        ((0, 1), {}, "num_weights"),
        ((10, 0), {}, "count"),
        ((10, 1.5), {}, "count"),
        ((10, True), {}, "count"),
        ((10, 1), {"max_modes": 1}, "max_modes"),
        ((10, 1), {"space": "dual"}, "space"),
        ((10, 1), {"mesh": "dense"}, "mesh"),
    ],
)
def test_bad_input(arguments: tuple[int, int], options: dict[str, object], name: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name} is .*; allowed"):
        choose_sizes(*arguments, **options)  # type: ignore[arg-type]


def test_large_requests_end() -> None:
    assert len(choose_sizes(10**30, 8)) == 8


@pytest.mark.parametrize("count", [13, 14, 400, 10_000])
def test_many_samplers_are_the_smallest_ones(count: int) -> None:
    assert choose_sizes(6690, count) == [(2, 1)] * count


@pytest.mark.parametrize(
    ("arguments", "options", "found"),
    [
        ((6690, 2), {"max_modes": 10**12}, [(9, 4), (8, 3)]),
        ((2**60, 1), {"max_modes": 10**9}, [(64, 29)]),
        ((6690, 1), {"mesh": "minimal", "max_modes": 10**9}, [(18, 5)]),
    ],
)
def test_no_limit_on_the_modes_is_no_longer_search(
    arguments: tuple[int, int], options: dict[str, object], found: list[Size]
) -> None:
    assert choose_sizes(*arguments, **options) == found  # type: ignore[arg-type]


@given(st.integers(1, 10**7), st.integers(1, 3), st.sampled_from(mesh_names()))
def test_larger_sizes_are_left_out_only_where_they_cost_more(
    weights: int, count: int, mesh: str
) -> None:
    """The same choice whether sizes beyond the first ones are allowed or looked at at once."""
    catalogue = _Catalogue("fock", 40, mesh)
    assert choose_sizes(weights, count, space="fock", mesh=mesh, max_modes=40) == (
        catalogue.choose(weights, count)
    )


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((6690, 10**9), {}, "count is 1000000000; allowed are whole numbers from 1 to 1000000$"),
        ((10**5000, 3), {}, "num_weights is a whole number of 16610 bits; allowed are whole"),
        ((-(10**5000), 3), {}, "num_weights is a whole number of 16610 bits; allowed are whole"),
        ((2**200, 30), {"mesh": "minimal", "max_modes": 10**9}, "a search takes too long; allowed"),
        ((2**200, 1), {}, "at most 24 modes in unbunched space are at most 2704156"),
    ],
)
def test_extreme_requests_are_refused(
    arguments: tuple[int, int], options: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        choose_sizes(*arguments, **options)  # type: ignore[arg-type]
