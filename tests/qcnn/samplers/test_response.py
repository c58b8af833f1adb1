"""How a distribution responds to its phases, and PQCNNs of which only some are trained."""

import pytest
import torch
from torch import Tensor

from qcnn import PQCNN, InvalidInput, QuantumTrain, target_from_text
from qcnn.engines import build_engine
from qcnn.samplers.controls import GENERATORS, build_generator
from qcnn.samplers.response import differentiate, most_independent, rank
from qcnn.weights.together import run_together

MESHES = [
    {"mesh": "rectangular"},
    {"mesh": "minimal"},
    {"layers": 2},
    {"space": "fock"},
    {"trained": 5},
]


def by_autograd(sampler: PQCNN) -> Tensor:
    """The Jacobian by the trained phases, one outcome after another."""
    probabilities = sampler()
    rows = [
        torch.autograd.grad(probability, sampler.trained_phases, retain_graph=True)[0]
        for probability in probabilities
    ]
    return torch.stack(rows)


@pytest.mark.parametrize("options", MESHES, ids=str)
def test_the_response_is_the_derivative_of_the_distribution(options: dict[str, object]) -> None:
    sampler = PQCNN(5, 2, dtype=torch.float64, seed=4, **options)  # type: ignore[arg-type]
    probabilities, jacobian = sampler.response()
    torch.testing.assert_close(probabilities, sampler().detach())
    torch.testing.assert_close(jacobian, by_autograd(sampler), rtol=0, atol=1e-7)


def test_the_response_follows_the_phases() -> None:
    sampler = PQCNN(5, 2, seed=4)
    before = sampler.response()[1]
    with torch.no_grad():
        sampler.trained_phases.add_(0.3)
    after = sampler.response()[1]
    assert (after - before).abs().max() > 0.01
    torch.testing.assert_close(after, by_autograd(sampler).double(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", GENERATORS)
def test_the_response_of_every_control(name: str) -> None:
    control = build_generator(name, PQCNN(5, 2, seed=4), 4)
    probabilities, jacobian = control.response()
    shapes = dict.fromkeys(("classical", "distinguishable", "frozen", "pqcnn"), (10, 20))
    assert jacobian.shape == (shapes | {"qubits": (16, 8)}).get(name, (10, 0))
    if name == "classical":
        found = torch.autograd.functional.jacobian(
            lambda numbers: (control.get_buffer("matrix") @ numbers).softmax(0), control.phases
        )
        torch.testing.assert_close(jacobian.float(), found)
    if name != "redrawn_random":
        torch.testing.assert_close(probabilities.float(), control().detach())


def test_a_distribution_without_phases_has_no_columns() -> None:
    probabilities, jacobian = differentiate(lambda p: torch.ones(len(p), 3), torch.empty(0))
    assert probabilities.tolist() == [1.0] * 3
    assert jacobian.shape == (3, 0)


@pytest.mark.parametrize("seed", range(3))
def test_the_chosen_phases_act_independently(seed: int) -> None:
    sampler = PQCNN(6, 3, dtype=torch.float64, seed=seed)
    probabilities, jacobian = sampler.response()
    roots = jacobian / (2 * probabilities.sqrt().unsqueeze(1))
    rank = sampler.effective_phases
    every = most_independent(probabilities, jacobian, rank)
    assert torch.linalg.matrix_rank(roots[:, every], rtol=1e-8).item() == rank
    half = most_independent(probabilities, jacobian, rank // 2)
    assert half.tolist() == sorted(set(half.tolist()))
    least = torch.linalg.svdvals(roots[:, half])[-1]
    drawn = [torch.randperm(30)[: rank // 2] for _ in range(20)]
    assert least > max(torch.linalg.svdvals(roots[:, other])[-1] for other in drawn)


def test_only_the_trained_phases_change_and_count() -> None:
    whole, few = PQCNN(6, 3, seed=2), PQCNN(6, 3, seed=2, trained=7)
    assert torch.equal(few.phases, whole.phases)
    assert torch.equal(few(), whole())
    assert (few.trained_phases.numel(), few.effective_phases, few.fixed_numbers) == (7, 7, 23 + 7)
    with torch.no_grad():
        few.trained_phases.add_(0.1)
    moved = few.phases - whole.phases
    assert moved.count_nonzero().item() == 7
    few().square().sum().backward()
    assert few.trained_phases.grad is not None
    assert bool((few.trained_phases.grad != 0).all())
    torch.testing.assert_close(run_together([few, whole]).rows()[0], few())

    model = QuantumTrain(target_from_text("cnn816").build(), [few, whole], "mixing")
    counts = model.parameter_counts()
    assert (counts.phases, counts.effective_phases) == (7 + 30, 7 + whole.effective_phases)


@pytest.mark.parametrize("trained", [0, 20, 2.5, True])
def test_a_number_of_phases_that_cannot_be_trained_is_refused(trained: object) -> None:
    with pytest.raises(InvalidInput, match=f"trained is {trained}; allowed"):
        PQCNN(6, 3, trained=trained)  # type: ignore[arg-type]


@pytest.mark.parametrize("mesh", ["rectangular", "minimal"])
@pytest.mark.parametrize("space", ["unbunched", "fock"])
@pytest.mark.parametrize("size", [(1, 1), (3, 0), (3, 3), (5, 2), (6, 3), (8, 4)])
def test_the_rank_is_the_number_of_effective_phases(
    size: tuple[int, int], space: str, mesh: str
) -> None:
    sampler = PQCNN(*size, space=space, mesh=mesh, seed=0)
    run = build_engine("fused", sampler.mesh, size[1], space, sampler.input_state, torch.float64)
    assert rank(run, sampler.mesh.phases) == sampler.effective_phases
