"""PQCNNs of different sizes that cost as much."""

from dataclasses import replace

import pytest
from stored_rows import CONFIGURATION

from qcnn import InvalidInput, load_data
from studies.design.configuration import build_model
from studies.settings.equal_cost import effective_parameters, equal_pqcnns, single_pqcnn

LIKE = replace(CONFIGURATION, target="cnn2202", mapping="mixing", mesh="minimal", sizes=())


@pytest.mark.parametrize("space", ["unbunched", "fock"])
@pytest.mark.parametrize("size", [(4, 1), (4, 3), (6, 3), (9, 4)])
def test_the_cost_is_what_a_model_counts(size: tuple[int, int], space: str) -> None:
    """Where outcomes are too few for the phases, too, as at (4,3)."""
    configuration = replace(LIKE, sizes=(size,) * 2, space=space)
    model = build_model(configuration, load_data("digits"), 0)
    counts = model.parameter_counts()  # type: ignore[operator]  # of a QuantumTrain
    assert effective_parameters(configuration) == counts.effective_phases + counts.mapping


@pytest.mark.parametrize("budget", [20, 220, 700])
@pytest.mark.parametrize("size", [(4, 1), (6, 2), (8, 6), (12, 6)])
def test_no_other_number_of_pqcnns_comes_nearer(size: tuple[int, int], budget: int) -> None:
    found = equal_pqcnns(LIKE, size, budget)
    number = len(found.sizes)
    assert set(found.sizes) == {size}
    away = abs(effective_parameters(found) - budget)
    for other in {max(1, number - 1), number + 1}:
        cost = effective_parameters(replace(LIKE, sizes=(size,) * other))
        assert abs(cost - budget) >= away


@pytest.mark.parametrize(("photons", "modes"), [(1, 220), (2, 75), (3, 46)])
def test_one_pqcnn_takes_the_whole_budget(photons: int, modes: int) -> None:
    found = single_pqcnn(LIKE, photons, 220)
    assert found.sizes == ((modes, photons),)
    assert abs(effective_parameters(found) - 220) <= 1


def test_a_mapping_that_costs_more_than_the_budget_leaves_one_pqcnn() -> None:
    """A matrix product state has 110 parameters of its own at χ = 2."""
    found = equal_pqcnns(replace(LIKE, mapping="mps:bond_dimension=2"), (9, 4), 50)
    assert found.sizes == ((9, 4),)


def test_a_budget_that_too_many_pqcnns_would_be_needed_for_is_refused() -> None:
    with pytest.raises(InvalidInput, match="budget is 2000; allowed with PQCNNs of 4 modes and 1"):
        equal_pqcnns(LIKE, (4, 1), 2000)


def test_photons_that_leave_one_outcome_are_refused() -> None:
    with pytest.raises(InvalidInput, match="photons is 4 with 4 modes and space 'unbunched'"):
        equal_pqcnns(LIKE, (4, 4), 100)
