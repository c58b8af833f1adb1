"""How large a photonic generator may become: by its parameters, and by what it costs."""

from dataclasses import replace

import pytest
from stored_rows import CONFIGURATION

from studies.design.configuration import Configuration
from studies.design.recipes import mapping_parameters_of, phases_of, weights_of
from studies.settings.budgets import largest_mapping, most_pqcnns

WITHOUT_END = 10**9
CONCATENATED = replace(CONFIGURATION, target="paper", mesh="minimal")


@pytest.mark.parametrize(
    ("mapping", "size", "space", "most"),
    [
        # mixing holds a random number for each weight and outcome: 2²⁶ at most, which for 6,690
        # weights are 10,031 outcomes.
        ("mixing", (9, 4), "unbunched", 10_031 // 126),
        ("mixing", (12, 6), "unbunched", 10_031 // 924),
        ("mixing", (12, 6), "fock", 0),
        # The others have no such matrix; 150,000 outcomes are enough.
        ("whitened", (12, 6), "unbunched", 150_000 // 924),
        ("affine", (12, 6), "fock", 150_000 // 12_376),
        # 256 PQCNNs, however small they are.
        ("mixing", (6, 3), "unbunched", 256),
        ("whitened", (6, 3), "unbunched", 256),
    ],
)
def test_no_budget_buys_more_than_the_time_allows(
    mapping: str, size: tuple[int, int], space: str, most: int
) -> None:
    like = replace(CONCATENATED, mapping=mapping, space=space)
    found = most_pqcnns(like, [size], WITHOUT_END)
    assert (0 if found is None else len(found.sizes)) == most


def test_of_a_small_target_mixing_has_as_many_outcomes_as_the_others() -> None:
    like = replace(CONCATENATED, mapping="mixing", target="cnn:channels=1,kernel=3,pooling=20")
    assert weights_of(like.target, like.dataset) < 2**26 / 150_000
    found = most_pqcnns(like, [(12, 6)], WITHOUT_END)
    assert found is not None
    assert len(found.sizes) == 150_000 // 924


def count(configuration: Configuration) -> int:
    return phases_of(configuration) + mapping_parameters_of(configuration)


@pytest.mark.parametrize("trained_phases", [0, 7])
@pytest.mark.parametrize("mapping", ["mixing", "whitened", "affine"])
def test_a_budget_is_filled_with_whole_pqcnns(mapping: str, trained_phases: int) -> None:
    size = (9, 4)
    like = replace(CONFIGURATION, mapping=mapping, trained_phases=trained_phases, sizes=(size,))
    least = count(like)
    assert most_pqcnns(like, [size], least - 1) is None
    assert most_pqcnns(like, [size], least) == like
    found = most_pqcnns(like, [size], 1000)
    assert found is not None
    assert count(found) <= 1000 < count(replace(found, sizes=(*found.sizes, size)))


def test_what_is_left_of_a_budget_is_filled_with_smaller_pqcnns() -> None:
    """In the minimal mesh 44 phases of (9,4), 37 of (8,4) and 8 of (4,2), each with a gain."""
    like = replace(CONFIGURATION, mapping="mixing", mesh="minimal")
    sizes = [(9, 4), (8, 4), (6, 3), (4, 2)]
    for budget, expected in (
        (223, ((9, 4),) * 4 + ((8, 4),)),
        (45, ((9, 4),)),
        (44, ((8, 4),)),
        (20, ((6, 3),)),
        (45 + 19, ((9, 4), (4, 2), (4, 2))),
    ):
        found = most_pqcnns(like, sizes, budget)
        assert found is not None
        assert found.sizes == expected
    assert most_pqcnns(like, sizes, 3) is None


def test_the_bond_dimension_is_the_largest_that_the_budget_has_room_for() -> None:
    for budget in (157, 223, 471, 688, 3292):
        found = largest_mapping(CONFIGURATION, budget, "mps:bond_dimension={},form=orthogonal")
        texts = {chi: f"mps:bond_dimension={chi},form=orthogonal" for chi in range(1, 20)}
        counts = {
            chi: mapping_parameters_of(replace(CONFIGURATION, mapping=text))
            for chi, text in texts.items()
        }
        assert found is not None
        assert found.mapping == texts[max(c for c in counts if counts[c] + 128 <= budget)]
    assert largest_mapping(CONFIGURATION, 128, "mps:bond_dimension={}") is None
