"""How each control responds to its numbers, against automatic differentiation."""

import pytest
import torch
from torch import Tensor, nn

from qcnn import PQCNN
from qcnn.samplers.controls import GENERATORS, build_generator


@pytest.mark.parametrize("name", GENERATORS)
def test_the_response_is_the_jacobian(name: str) -> None:
    control = build_generator(name, PQCNN(6, 3, seed=3), 3)
    numbers = [p for p in control.parameters() if p.requires_grad and p.numel()]
    torch.manual_seed(0)
    with torch.no_grad():
        for number in numbers:  # not only where it starts
            number += 0.5 * torch.randn_like(number)
    distribution = control()
    if name == "redrawn_random":
        found, jacobian = control.response()
        assert found.shape == distribution.shape
        assert jacobian.shape == (20, 0)
        return
    found, jacobian = control.response()
    torch.testing.assert_close(found, distribution.detach().double(), atol=1e-6, rtol=1e-5)
    assert found.dtype == jacobian.dtype == torch.float64
    if not numbers:
        assert jacobian.shape[0] == 20
        return
    rows = [torch.autograd.grad(p, numbers[0], retain_graph=True)[0] for p in distribution]
    expected = torch.stack(rows).double()
    assert expected.abs().max() > 1e-3
    torch.testing.assert_close(jacobian, expected, atol=1e-6, rtol=1e-4)


def test_a_classical_generator_starts_with_parameters_and_logits_of_unit_variance() -> None:
    sampler = PQCNN(9, 4, seed=0)
    numbers, logits = [], []
    for seed in range(40):
        control = build_generator("classical", sampler, seed)
        parameters = [p for p in control.parameters() if p.requires_grad and p.numel()]
        numbers.append(parameters[0].detach())
        logits.append(control().detach().log())
    assert torch.stack(numbers).std().item() == pytest.approx(1, abs=0.05)
    assert torch.stack(logits).std(dim=1).mean().item() == pytest.approx(1, abs=0.05)


def test_the_generators_numbers_and_its_map_come_from_streams_of_their_own() -> None:
    def draw(seed: int) -> tuple[Tensor, Tensor]:
        control = build_generator("classical", PQCNN(6, 3, seed=0), seed)
        assert isinstance(control, nn.Module)
        return control.phases.detach(), control.get_buffer("matrix")

    (phases, matrix), (other_phases, other_matrix) = draw(1), draw(2)
    assert not torch.equal(phases, other_phases)
    assert not torch.equal(matrix, other_matrix)
    # Drawn from one stream, the first numbers of both would be the same but for their scale.
    ratio = matrix.flatten()[: len(phases)] / phases
    assert ratio.std() > 0.1
