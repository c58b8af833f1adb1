"""One contract for every control, and what distinguishes each."""

import pytest
import torch

from qcnn import PQCNN, InvalidInput, QuantumTrain, target_from_text
from qcnn.samplers.controls import GENERATORS, build_generator


def make(name: str, seed: int = 3):  # type: ignore[no-untyped-def]
    return build_generator(name, PQCNN(6, 3, seed=seed), seed)


@pytest.mark.parametrize("name", GENERATORS)
def test_contract(name: str) -> None:
    control = make(name)
    distribution = control()
    assert distribution.shape == (control.outcomes,) == (20,)
    assert bool((distribution >= 0).all())
    assert distribution.sum().item() == pytest.approx(1, abs=1e-6)
    again = make(name)
    assert torch.equal(again(), distribution)
    if name != "no_input":
        assert not torch.equal(make(name, seed=4)(), distribution)

    model = QuantumTrain(target_from_text("cnn816").build(), [make(name), make(name, 5)], "mixing")
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    counts = model.parameter_counts()
    assert counts.total == trained
    assert counts.phases == {"pqcnn": 60, "classical": 60}.get(name, 0)
    model(torch.rand(2, 1, 28, 28)).square().sum().backward()
    for sampler in model.pqcnns():
        assert (sampler.phases.grad is not None) == (name in ("pqcnn", "classical"))


def test_fixed_numbers_are_counted() -> None:
    found = {name: make(name).fixed_numbers for name in GENERATORS}
    assert found == {
        "pqcnn": 0,
        "frozen": 30,
        "fixed_random": 20,
        "redrawn_random": 0,
        "matched_random": 20,
        "no_input": 0,
        "classical": 600,
    }


def test_only_redrawn_numbers_change_from_pass_to_pass() -> None:
    for name in GENERATORS:
        control = make(name)
        assert torch.equal(control(), control()) is (name != "redrawn_random")


def test_matched_numbers_are_the_probabilities_in_another_order() -> None:
    probabilities, matched = make("pqcnn")().detach(), make("matched_random")()
    assert not torch.equal(matched, probabilities)
    assert torch.equal(matched.sort().values, probabilities.sort().values)


def test_without_input_a_mapping_reads_zeros() -> None:
    model = QuantumTrain(target_from_text("cnn816").build(), [make("no_input")], "mixing")
    for name, weights in model.weights().items():
        initial = model.target.get_parameter(name)
        torch.testing.assert_close(weights, initial, atol=1e-4, rtol=0)


def test_rank_of_the_classical_generator() -> None:
    control = make("classical")
    rows = [torch.autograd.grad(control()[i], control.phases)[0] for i in range(20)]
    rank = int(torch.linalg.matrix_rank(torch.stack(rows).double(), atol=1e-6))
    assert rank == control.effective_phases == 19


def test_unknown_generator() -> None:
    with pytest.raises(InvalidInput, match="generator is 'magic'; allowed are pqcnn, frozen"):
        make("magic")
