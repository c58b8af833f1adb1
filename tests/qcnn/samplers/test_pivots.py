"""Which phases are taken for the most independent ones, where the choice is by hand."""

import pytest
import torch

from qcnn.samplers.response import differentiate, most_independent


def test_effects_are_measured_on_the_roots_of_the_probabilities() -> None:
    """On √p a phase that moves a likely outcome by 1 outweighs one that moves a rare one by 0.1."""
    probabilities = torch.tensor([0.5, 0.01, 0.49])
    jacobian = torch.tensor([[0.0, 1.0], [0.1, 0.0], [0.0, 0.0]])
    # By p itself: 0.1 and 1. By √p: 0.1 / 0.2 = 0.5 and 1 / 1.41 = 0.71. By log p: 10 and 2.
    assert most_independent(probabilities, jacobian, 1).tolist() == [1]
    closer = jacobian * torch.tensor([1.5, 1.0])
    assert most_independent(probabilities, closer, 1).tolist() == [0]  # 0.75 and 0.71
    assert most_independent(probabilities, closer, 2).tolist() == [0, 1]


def test_an_outcome_that_never_happens_does_not_decide() -> None:
    probabilities = torch.tensor([0.5, 0.0, 0.5])
    jacobian = torch.tensor([[0.3, 0.0], [0.0, 1e-9], [-0.3, 0.0]])
    assert most_independent(probabilities, jacobian, 1).tolist() == [0]


@pytest.mark.parametrize("count", [1, 3])
def test_derivatives_are_per_radian(count: int) -> None:
    phases = torch.linspace(0.1, 1.0, count, dtype=torch.float64)

    def run(angles: torch.Tensor) -> torch.Tensor:
        return torch.cat([angles.sin(), angles.square()], dim=1)

    found, jacobian = differentiate(run, phases)
    torch.testing.assert_close(found, torch.cat([phases.sin(), phases.square()]))
    expected = torch.cat([torch.diag(phases.cos()), torch.diag(2 * phases)])
    torch.testing.assert_close(jacobian, expected, atol=1e-7, rtol=1e-7)
