"""One contract for every control, and what distinguishes each."""

import perceval as pcvl
import pytest
import torch

from qcnn import PQCNN, InvalidInput, QuantumTrain, target_from_text
from qcnn.samplers.controls import GENERATORS, build_generator
from qcnn.samplers.light import DistinguishablePhotons
from qcnn.samplers.qubits import Qubits

#: What is trained of those of which something is, in the place of a PQCNN(6, 3) of 30 phases,
#: of which 19 are effective.
TRAINED = {"pqcnn": 30, "classical": 30, "distinguishable": 30, "qubits": 20}


def make(name: str, seed: int = 3):  # type: ignore[no-untyped-def]
    return build_generator(name, PQCNN(6, 3, seed=seed), seed)


@pytest.mark.parametrize("name", GENERATORS)
def test_contract(name: str) -> None:
    control = make(name)
    distribution = control()
    assert distribution.shape == (control.outcomes,) == ((32,) if name == "qubits" else (20,))
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
    assert counts.phases == 2 * TRAINED.get(name, 0)
    model(torch.rand(2, 1, 28, 28)).square().sum().backward()
    for sampler in model.pqcnns():
        assert (sampler.phases.grad is not None) == (name in TRAINED)


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
        "distinguishable": 0,
        "qubits": 0,
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


@pytest.mark.parametrize("options", [{}, {"mesh": "minimal"}, {"trained": 7}, {"space": "fock"}])
def test_distinguishable_photons_differ_in_their_interference_alone(
    options: dict[str, object],
) -> None:
    sampler = PQCNN(6, 3, seed=3, **options)  # type: ignore[arg-type]
    found = build_generator("distinguishable", sampler, 3)
    assert isinstance(found, DistinguishablePhotons)
    assert found.describe() == sampler.describe()
    assert torch.equal(found._initial if "trained" in options else found.phases, start(sampler))
    assert not torch.allclose(found(), sampler(), atol=0.01)


def start(sampler: PQCNN) -> torch.Tensor:
    return sampler.phases.detach()


@pytest.mark.parametrize(
    ("sampler", "qubits", "layers"),
    [
        (PQCNN(9, 4), 7, 6),  # 126 outcomes and 44 effective phases
        (PQCNN(9, 4, trained=15), 7, 2),
        (PQCNN(10, 4), 8, 6),  # 210 and 51
        (PQCNN(8, 1), 3, 2),  # 8 and 7
        (PQCNN(2, 1), 1, 1),
        (PQCNN(3, 3), 1, 1),  # a single outcome
    ],
)
def test_qubits_have_the_outcomes_and_nearly_the_effective_phases(
    sampler: PQCNN, qubits: int, layers: int
) -> None:
    found = build_generator("qubits", sampler, 0)
    assert isinstance(found, Qubits)
    assert (found.qubits, found.layers) == (qubits, layers)
    assert found.outcomes >= sampler.outcomes
    if qubits > 1:  # of all angles
        assert found.effective_phases == qubits * layers


def test_light_in_a_circuit_is_not_replaced() -> None:
    circuit = pcvl.Circuit(3) // (0, pcvl.BS()) // (1, pcvl.PS(pcvl.P("a")))
    sampler = PQCNN.from_circuit(circuit, [1, 1, 0], seed=0)
    with pytest.raises(InvalidInput, match="mesh is '.*'; allowed are minimal, rectangular"):
        build_generator("distinguishable", sampler, 0)


def test_unknown_generator() -> None:
    with pytest.raises(InvalidInput, match="generator is 'magic'; allowed are pqcnn, frozen"):
        make("magic")
