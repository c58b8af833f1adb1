"""What a mapping makes of probabilities does not depend on how small these are."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from qcnn import PQCNN, QuantumTrain, TrainConfig, load_data, train
from qcnn.mappings import mapping_from_text, relative, standardise
from qcnn.targets import target_from_text
from qcnn.targets.layout import describe_target
from qcnn.weights.combine import tensor_product
from qcnn.weights.together import run_together

READ_A_SLICE = (
    "affine",
    "log_affine",
    "mlp",
    "mlp:activation=tanh",
    "mps:bond_dimension=4",
    "mps:bond_dimension=4,form=orthogonal",
    "mps:bond_dimension=4,form=torchmps",
)


def probabilities(length: int, seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.rand(length, generator=random, dtype=torch.float64).pow(3)


@given(exponent=st.integers(-36, 0), length=st.integers(2, 500), seed=st.integers(0, 99))
def test_standardised_values_have_unit_spread_at_any_scale(
    exponent: int, length: int, seed: int
) -> None:
    values = probabilities(length, seed)
    found = standardise((values * 10.0**exponent).float()).double()
    torch.testing.assert_close(found.std(correction=0), torch.ones((), dtype=torch.float64))
    assert abs(found.mean().item()) < 1e-5
    torch.testing.assert_close(found, standardise(values), rtol=1e-3, atol=1e-4)


@given(exponent=st.integers(-36, 3), length=st.integers(1, 500))
def test_equal_values_become_nought_at_any_scale(exponent: int, length: int) -> None:
    """Also where they differ by rounding alone."""
    values = torch.full((length,), 1.7 * 10.0**exponent)
    assert standardise(values).abs().max().item() < 0.05
    rounded = values * (1 + torch.finfo().eps * (torch.arange(length) % 2))
    assert standardise(rounded).abs().max().item() < 0.05


def test_a_spread_that_is_small_beside_the_mean_is_still_unit() -> None:
    values = 1 + 1e-4 * torch.linspace(-1, 1, 101)
    assert standardise(values).std(correction=0).item() == pytest.approx(1, abs=0.01)


def test_relative_probabilities_of_nothing_are_nought() -> None:
    assert torch.equal(relative(torch.zeros(3)), torch.zeros(3))


@pytest.mark.parametrize("text", READ_A_SLICE)
@given(exponent=st.integers(-30, -1), seed=st.integers(0, 99))
def test_a_mapping_reads_proportions_only(text: str, exponent: int, seed: int) -> None:
    layout = describe_target(target_from_text("notebook").build(seed=1))
    module = mapping_from_text(text).build(layout, (10**6,), seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.3 * torch.randn(parameter.shape)
    whole = probabilities(layout.weights, seed).float()
    numbers = module([whole])
    assert numbers.std().item() > 0.01
    torch.testing.assert_close(module([whole * 10.0**exponent]), numbers, rtol=1e-3, atol=1e-3)


def model_of(pqcnns: int, text: str) -> QuantumTrain:
    target = target_from_text("notebook").build(seed=0)
    return QuantumTrain(target, [PQCNN(9, 4, seed=seed) for seed in range(pqcnns)], text)


def numbers_of(model: QuantumTrain) -> Tensor:
    """What the mapping makes of the distributions, before any placement."""
    numbers: Tensor = model.mapping(model._combined(run_together(model.pqcnns())).rows())
    return numbers


@pytest.mark.parametrize("text", ["affine", "log_affine"])
@pytest.mark.parametrize("pqcnns", [2, 3, 4, 5, 8, 20, 60])
def test_weights_keep_their_spread_however_many_outcomes_there_are(text: str, pqcnns: int) -> None:
    """It was 0.14, 0.058, 6e-6 for 2, 3 and 4 of ``affine``."""
    model = model_of(pqcnns, text)
    numbers = numbers_of(model)
    assert numbers.std(correction=0).item() == pytest.approx(1, abs=1e-3)
    assert 0.1 < model.generate().std().item() < 0.2


@pytest.mark.parametrize("text", READ_A_SLICE)
def test_gradients_of_the_phases_do_not_shrink_with_the_outcomes(text: str) -> None:
    """Those of MLP and MPS went from 0.09 to 1e-4 between 2 and 5 PQCNNs."""

    def size(pqcnns: int) -> float:
        model = model_of(pqcnns, text)
        random = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in model.mapping.parameters():
                parameter += 0.3 * torch.randn(parameter.shape, generator=random)
        numbers = numbers_of(model)
        numbers.backward(torch.randn(numbers.shape, generator=random))
        gradients = [sampler.trained_phases.grad for sampler in model.pqcnns()]
        return torch.cat(gradients).norm().item()

    few = size(2)
    assert all(0.1 < size(pqcnns) / few < 10 for pqcnns in (4, 5, 8))


@pytest.mark.parametrize("pqcnns", [1, 5, 40, 300])
def test_a_product_of_any_number_is_right_up_to_a_power_of_two(pqcnns: int) -> None:
    parts = [probabilities(126, seed) for seed in range(pqcnns)]
    parts = [part / part.sum() for part in parts]
    found = tensor_product([part.float() for part in parts], 2000).double()
    logarithms = torch.zeros(1, dtype=torch.float64)
    for part in reversed(parts):
        needed = -(-2000 // len(logarithms))
        logarithms = (part[:needed, None].log() + logarithms).flatten()[:2000]
    factors = (found.log() - logarithms) / torch.log(torch.tensor(2.0, dtype=torch.float64))
    seen = found > 1e-30
    assert seen.any()
    whole = factors[seen].mean().round()
    torch.testing.assert_close(factors[seen], whole.expand(int(seen.sum())), rtol=0, atol=1e-3)
    assert (whole == 0) == (pqcnns <= 5)


def test_the_notebook_reads_true_probabilities() -> None:
    """What saturates must still do so: where numbers are scaled up they stay far below it."""
    numbers = model_of(60, "logit_tanh").generate()
    assert torch.equal(numbers, torch.full_like(numbers, numbers[0].item()))
    assert numbers[0].item() == pytest.approx(-1)


def test_a_product_of_four_trains() -> None:
    """It stayed at chance, 10 % of the digits, where a product of two reached 39 %."""
    model = model_of(4, "affine")
    data = load_data("digits")
    result = train(model, data, TrainConfig(epochs=8, batch_size=32))
    assert result.last.train.accuracy > 0.25
