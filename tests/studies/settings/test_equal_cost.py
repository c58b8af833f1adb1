"""PQCNNs of different sizes that cost as much."""

from dataclasses import replace

import pytest
import torch
from stored_rows import CONFIGURATION
from torch import Tensor
from torch.autograd.functional import jacobian
from torch.nn.utils.stateless import _reparametrize_module

from qcnn import InvalidInput, QuantumTrain, load_data
from studies.design.configuration import build_model
from studies.design.recipes import effective_parameters
from studies.settings.equal_cost import equal_pqcnns, single_pqcnn

LIKE = replace(CONFIGURATION, target="cnn2202", mapping="mixing", mesh="minimal", sizes=())


@pytest.mark.parametrize("space", ["unbunched", "fock"])
@pytest.mark.parametrize("size", [(2, 1), (4, 1), (4, 2), (4, 3), (5, 2), (6, 2)])
def test_the_cost_is_the_number_of_directions_in_which_weights_change(
    size: tuple[int, int], space: str
) -> None:
    """Where phases reach every distribution, as with one photon, the gain is none of its own."""
    configuration = replace(LIKE, sizes=(size,) * 2, space=space)
    model = build_model(configuration, load_data("digits"), 0).double()
    assert isinstance(model, QuantumTrain)
    parameters = {name: each for name, each in model.named_parameters() if each.requires_grad}

    def weights(*values: Tensor) -> Tensor:
        with _reparametrize_module(model, dict(zip(parameters, values, strict=True))):
            return model.generate()

    blocks = jacobian(weights, tuple(parameters.values()))
    sizes = torch.linalg.svdvals(torch.cat([block.flatten(1) for block in blocks], dim=1))
    assert effective_parameters(configuration) == int((sizes > 1e-9 * sizes[0]).sum())


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


@pytest.mark.parametrize(("photons", "modes"), [(1, 221), (2, 75), (3, 46)])
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
