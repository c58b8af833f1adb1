"""Fock states: counts, order, defaults, effective phases."""

from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from qcnn import PQCNN, InvalidInput
from qcnn.optics.fock import (
    check_input,
    count_outcomes,
    effective_phases,
    enumerate_states,
    spread_input,
)

SIZES = st.integers(1, 6).flatmap(lambda m: st.tuples(st.just(m), st.integers(0, m)))


@given(SIZES, st.sampled_from(["unbunched", "fock"]))
def test_states_are_all_of_them_in_descending_order(size: tuple[int, int], space: str) -> None:
    modes, photons = size
    most = 1 if space == "unbunched" else photons
    every = [s for s in product(range(most + 1), repeat=modes) if sum(s) == photons]
    assert enumerate_states(modes, photons, space) == tuple(sorted(every, reverse=True))
    assert count_outcomes(modes, photons, space) == len(every)


@given(SIZES.filter(lambda size: size[1] > 0))
def test_spread_input_has_one_photon_at_each_floor(size: tuple[int, int]) -> None:
    modes, photons = size
    state = spread_input(modes, photons)
    assert sum(state) == photons
    assert max(state) == 1
    assert [mode for mode, count in enumerate(state) if count] == [
        i * modes // photons for i in range(photons)
    ]


@pytest.mark.parametrize(
    ("modes", "photons", "effective"),
    [(9, 4, 44), (8, 4, 37), (6, 3, 19), (12, 3, 49), (18, 2, 49), (12, 6, 91), (5, 2, 9)],
)
def test_effective_phases_published_ranks(modes: int, photons: int, effective: int) -> None:
    outcomes = count_outcomes(modes, photons, "unbunched")
    assert effective_phases(modes, outcomes, spread_input(modes, photons)) == effective


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("space", ["unbunched", "fock"])
@pytest.mark.parametrize(
    "input_state",
    [
        (1, 0),
        (1, 1),
        (1, 0, 1, 0),
        (1, 1, 0, 0),
        (1, 0, 1, 0, 1),
        (2, 0, 0, 1),
        (0, 2, 0, 0),
        (0, 0),
        spread_input(9, 4),
    ],
)
def test_effective_phases_are_the_numerical_rank(
    input_state: tuple[int, ...], space: str, layers: int
) -> None:
    """However many layers: a second universal mesh adds none."""
    sampler = PQCNN(
        len(input_state),
        sum(input_state),
        space=space,
        input_state=input_state,
        layers=layers,
        dtype=torch.float64,
        seed=3,
    )
    rows = []
    for outcome in range(sampler.outcomes):
        (row,) = torch.autograd.grad(sampler()[outcome], sampler.phases)
        rows.append(row)
    rank = int(torch.linalg.matrix_rank(torch.stack(rows), atol=1e-8))
    assert rank == sampler.effective_phases


def test_notebook_input_is_accepted_and_bunched_counts_must_sum() -> None:
    assert check_input(4, 2, "unbunched", [1, 1, 0, 0]) == (1, 1, 0, 0)
    with pytest.raises(InvalidInput, match=r"\(1, 0, 0, 0\); allowed are 4 counts that sum to 2"):
        check_input(4, 2, "fock", [1, 0, 0, 0])
    with pytest.raises(InvalidInput, match="photons is 5 with 4 modes; allowed"):
        check_input(4, 5, "unbunched", [2, 1, 1, 1])
    with pytest.raises(InvalidInput, match="the default input"):
        check_input(4, 5, "fock", None)
    assert check_input(2, 5, "fock", (5, 0)) == (5, 0)
