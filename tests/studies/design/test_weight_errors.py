"""Errors of weights by shots: what is measured tends to what is expected, and nothing to less."""

import pytest
import torch
from torch import Tensor, nn

from qcnn import PQCNN, Data, QuantumTrain
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.samplers.marginals import Marginals
from qcnn.samplers.measured import shift_jacobian
from qcnn.samplers.sampler import Sampler
from studies.design.weight_errors import (
    ACCEPTED,
    ERROR,
    LEAST,
    READ,
    _variance,
    weight_errors,
)

IMAGES, LABELS = torch.zeros(1, 1, 2, 2), torch.zeros(1, dtype=torch.int64)
DATA = Data("none", IMAGES, LABELS, IMAGES, LABELS, IMAGES, LABELS, classes=2)
MAPPINGS = ("mixing", "mps:bond_dimension=2,form=orthogonal", "whitened", "affine")


def model_of(mapping: str, order: int = 0, trained: int | None = None) -> QuantumTrain:
    torch.manual_seed(0)
    samplers: list[Sampler] = [PQCNN(6, 3, trained=trained, seed=seed) for seed in (1, 2)]
    if order:
        samplers = [Marginals(sampler, order) for sampler in samplers]
    return QuantumTrain(nn.Linear(9, 5), samplers, mapping, seed=3)


def under_shots(model: QuantumTrain, shots: int, seed: int) -> dict[str, float]:
    """What is measured of the model by drawn shots."""
    kept = model.samplers

    def device(sampler: Sampler, place: int) -> Sampler:
        if isinstance(sampler, Marginals):
            return Marginals(device(sampler.sampler, place), sampler.order)
        assert isinstance(sampler, PQCNN)
        return NoisyPQCNN(sampler, Noise(shots=shots), 100 * seed + place, platform="drawn")

    model.samplers = nn.ModuleList(device(s, place) for place, s in enumerate(model.pqcnns()))
    found = weight_errors(model.eval(), DATA)
    model.samplers = kept
    return found


@pytest.mark.parametrize(
    ("mapping", "order"), [*((mapping, 0) for mapping in MAPPINGS), ("mixing", 1), ("mixing", 2)]
)
def test_many_shots_have_the_expected_error(mapping: str, order: int) -> None:
    model = model_of(mapping, order)
    expected = weight_errors(model, DATA)
    assert 0 < expected[LEAST] <= 1.05 * expected[READ]
    found = [under_shots(model, 10**8, seed) for seed in range(30)]
    square = sum(each[ERROR] ** 2 * each[ACCEPTED] for each in found) / len(found)
    assert square**0.5 == pytest.approx(expected[READ], rel=0.2)
    assert found[0][ACCEPTED] < 10**8


def test_the_expected_error_is_that_of_pqcnns_that_accept_unequal_numbers() -> None:
    """By the acceptance of each: those that accept few move the weights by as much more."""
    kept = {seed: acceptance(seed) for seed in range(12)}
    few, many = (choose(kept, key=kept.__getitem__) for choose in (min, max))
    assert kept[many] / kept[few] > 3
    torch.manual_seed(0)
    samplers = [PQCNN(6, 3, trained=8, seed=seed) for seed in (few, many)]
    model = QuantumTrain(nn.Linear(30, 20), samplers, "whitened", seed=3)
    expected = weight_errors(model, DATA)[READ]
    found = [under_shots(model, 10**8, seed) for seed in range(30)]
    square = sum(each[ERROR] ** 2 * each[ACCEPTED] for each in found) / len(found)
    # Of 16 phases 30 times: a sampling error of 1/√(2 · 480).
    assert square**0.5 == pytest.approx(expected, rel=0.1)
    shares = kept[few], kept[many]
    harmonic = 2 / sum(1 / share for share in shares)
    assert found[0][ACCEPTED] == pytest.approx(10**8 * harmonic, rel=1e-3)
    assert (sum(shares) / 2 / harmonic) ** 0.5 > 1.15


def acceptance(seed: int) -> float:
    return float(shift_jacobian(PQCNN(6, 3, trained=8, seed=seed))[0][:-1].sum())


def test_the_least_error_is_that_of_the_fisher_information() -> None:
    """By whole matrices, of a model with one PQCNN of which some phases are trained."""
    sampler = PQCNN(5, 2, trained=4, seed=1, dtype=torch.float64)
    model = QuantumTrain(nn.Linear(9, 5).double(), sampler, "mixing", seed=3).double()

    def numbers(phases: Tensor) -> Tensor:
        whole = sampler.phases.detach().index_copy(0, sampler.get_buffer("_places"), phases)
        return model.weights_from([sampler(whole)]) / model.layout.scale

    jacobian = torch.func.jacrev(numbers)(sampler.trained_phases.detach())
    probabilities, slopes = sampler.response()
    fisher = slopes.T @ (slopes / probabilities.unsqueeze(1))
    variance = (jacobian @ torch.linalg.inv(fisher) * jacobian).sum().detach() / len(jacobian)
    assert weight_errors(model, DATA)[LEAST] == pytest.approx(variance.sqrt().item(), rel=0.2)


def test_whitened_comes_near_the_least_at_the_start() -> None:
    found = weight_errors(model_of("whitened:damping=0,floor=1e-9"), DATA)
    assert found[READ] == pytest.approx(found[LEAST], rel=0.01)
    # With as many effective phases as there are independent outcomes the mesh says nothing.
    whole, part = (weight_errors(model_of("mixing", trained=each), DATA) for each in (None, 5))
    assert whole[READ] == pytest.approx(whole[LEAST], rel=1e-3)
    assert part[READ] > 1.1 * part[LEAST]


def test_the_variance_of_a_shot_is_multinomial() -> None:
    """Of a slope that is not 0 on average, too, as those of mappings that know no scale are."""
    probabilities = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    slope = torch.tensor([1.0, 4.0, -2.0], dtype=torch.float64)
    covariance = probabilities.diag() - probabilities.outer(probabilities)
    expected = float(slope @ covariance @ slope)
    assert _variance(slope, probabilities) == pytest.approx(expected)


def test_what_is_not_generated_has_none() -> None:
    assert weight_errors(nn.Linear(2, 2), DATA) == {}
