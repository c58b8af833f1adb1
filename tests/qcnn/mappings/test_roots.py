"""The mapping roots: where it starts, how far it moves weights, and which ones."""

import pytest
import torch
from torch import Tensor

from qcnn import PQCNN, InvalidInput, QuantumTrain, target_from_text
from qcnn.mappings import mapping_from_text
from qcnn.samplers.sampler import Sampler

TARGET = "cnn:channels=3+5,kernel=5+3,pooling=3+2"


def model_of(text: str, count: int = 22) -> QuantumTrain:
    samplers: list[Sampler] = [
        PQCNN(5, 2, space="fock", mesh="minimal", seed=seed) for seed in range(count)
    ]
    return QuantumTrain(target_from_text(TARGET).build(seed=1), samplers, text, seed=3)


def moved(model: QuantumTrain) -> Tensor:
    """The change of the weights in units of 1/√fan-in."""
    return ((model.generate() - model.layout.initial) / model.layout.scale).detach()


@pytest.mark.parametrize("directions", ["normal", "layered"])
def test_it_starts_at_the_initial_weights_and_trains_phases_alone(directions: str) -> None:
    model = model_of(f"roots:directions={directions}")
    assert moved(model).abs().max() < 1e-4
    counts = model.parameter_counts()
    assert (counts.total, counts.mapping, counts.effective_phases) == (220, 0, 220)
    # 22 starts of 15 outcomes, and w₀, beside the matrix.
    matrix = 678 * 330 if directions == "normal" else None
    assert matrix is None or counts.fixed_numbers == 330 + 678 + matrix


def test_weights_move_by_the_gain_times_how_far_roots_have_moved() -> None:
    """On average over weights and matrices, each of unit variance for all outcomes together."""
    model = model_of("roots:gain=7,floor=1e-9")
    before = torch.stack([sampler() for sampler in model.pqcnns()])
    with torch.no_grad():
        for parameter in model.phase_parameters():
            parameter += 0.1
    after = torch.stack([sampler() for sampler in model.pqcnns()])
    distance = (15 * (after.sqrt() - before.sqrt()).square()).mean()
    assert moved(model).square().mean().item() == pytest.approx(49 * distance.item(), rel=0.15)


def test_the_gain_scales_the_change() -> None:
    found = []
    for gain in (1, 4):
        model = model_of(f"roots:gain={gain}")
        with torch.no_grad():
            model.phase_parameters()[0] += 0.1
        found.append(moved(model))
    torch.testing.assert_close(4 * found[0], found[1], rtol=1e-3, atol=1e-3)


def test_each_pqcnn_moves_the_weights_of_one_layer() -> None:
    model = model_of("roots:directions=layered,gain=30")
    layers = []
    for parameter in model.phase_parameters():
        start = parameter.detach().clone()
        with torch.no_grad():
            parameter += 0.2
        parts = [part.abs().max().item() > 1e-3 for part in moved(model).split([78, 140, 460])]
        assert sum(parts) == 1
        layers.append(parts.index(True))
        with torch.no_grad():
            parameter.copy_(start)
    # 30, 65 and 460 changes that are smooth.
    counts = [layers.count(layer) for layer in range(3)]
    assert sum(counts) == 22
    assert counts == sorted(counts)
    assert min(counts) > 0


@pytest.mark.parametrize(("channels", "count"), [("2+2", 22), ("4+4", 47), ("3+5", 22)])
def test_layers_get_pqcnns_by_their_phases_so_that_no_phase_is_lost(
    channels: str, count: int
) -> None:
    """15 outcomes of a PQCNN stand for 10 phases; the first two targets have no room to spare."""
    samplers: list[Sampler] = [
        PQCNN(5, 2, space="fock", mesh="minimal", seed=seed, dtype=torch.float64)
        for seed in range(count)
    ]
    network = target_from_text(f"cnn:channels={channels},kernel=5+3,pooling=3+2").build(seed=1)
    model = QuantumTrain(network.double(), samplers, "roots:directions=layered", seed=3).double()
    responses = [sampler.response() for sampler in samplers]

    def weights(*probabilities: Tensor) -> Tensor:
        return model.weights_from(list(probabilities))

    by_probabilities = torch.autograd.functional.jacobian(
        weights, tuple(probabilities for probabilities, _ in responses)
    )
    by_phases = torch.cat(
        [part @ response[1] for part, response in zip(by_probabilities, responses, strict=True)],
        dim=1,
    )
    # Some starts are nearly where phases have no effect.
    assert torch.linalg.matrix_rank(by_phases, rtol=1e-9) == 10 * count


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("roots:gain=0", "gain is 0.0; allowed are positive numbers"),
        ("roots:floor=-1", "floor is -1.0; allowed are positive numbers"),
        ("roots:directions=any", "directions is 'any'; allowed are normal, layered"),
        ("roots:matrix=sparse", "matrix is 'sparse'; allowed are automatic, dense, hadamard"),
    ],
)
def test_bad_options(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        mapping_from_text(text)
