"""Every combination of single and double precision works, and numbers stay probabilities."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

from qcnn import (
    PQCNN,
    AlternatingConfig,
    Data,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
    baseline_from_text,
    evaluate,
    mapping_names,
    train,
    train_alternating,
)
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.noise.device import draw_shots
from qcnn.samplers.controls import GENERATORS, build_generator

MAPPINGS = (*mapping_names(), "mps:form=torchmps", "mlp:activation=tanh")
BASELINES = (
    "direct",
    "hashing:buckets=6",
    "low_rank:rank=1",
    "magnitude_pruning:kept=9",
    "random_subspace:dimension=5",
    "random_subspace:dimension=5,directions=orthogonal",
    "structured_pruning",
    "weight_sharing:rows=1,start=source",
)
#: What is in double precision; everything else is in single.
DOUBLE = ("nothing", "default", "model", "target", "samplers", "target and samplers")


@pytest.fixture
def double(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "default":
        torch.set_default_dtype(torch.float64)
    yield request.param
    torch.set_default_dtype(torch.float32)


def made(model: nn.Module, double: str) -> nn.Module:
    return model.double() if double == "model" else model


def target(double: str) -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
    return network.double() if "target" in double else network


def corners() -> Data:
    labels = torch.arange(24) % 3
    images = torch.rand(24, 1, 2, 2, dtype=torch.float32)
    return Data("corners", *[images, labels] * 3, classes=3)


def every_sampler(double: str) -> list[nn.Module]:
    """One of each kind."""
    dtype = torch.float64 if "samplers" in double else torch.float32

    def sampler(seed: int) -> PQCNN:
        return PQCNN(5, 2, seed=seed, dtype=dtype)

    noises = Noise(phase_error=0.1), Noise(indistinguishability=0.8), Noise(shots=900)
    return [
        PQCNN(5, 2, seed=0, trained=3, dtype=dtype),
        *(build_generator(name, sampler(place), place) for place, name in enumerate(GENERATORS)),
        *(NoisyPQCNN(sampler(place), noise, place) for place, noise in enumerate(noises)),
    ]


@pytest.mark.parametrize("double", DOUBLE, indirect=True)
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_every_mapping_and_sampler(mapping: str, double: str) -> None:
    data = corners()
    model = made(QuantumTrain(target(double), every_sampler(double), mapping), double)  # type: ignore[arg-type]
    train(model, data, TrainConfig(epochs=1, batch_size=12))
    result = evaluate(model, data.test_images, data.test_labels)
    assert np.isfinite(result.loss)
    assert isinstance(model, QuantumTrain)
    weights = next(iter(model.export().parameters()))
    wide = double in ("default", "model") or "target" in double
    assert weights.dtype == (torch.float64 if wide else torch.float32)


@pytest.mark.parametrize("double", DOUBLE, indirect=True)
@pytest.mark.parametrize("text", BASELINES)
def test_every_baseline(text: str, double: str) -> None:
    data = corners()
    model = made(baseline_from_text(text).build(target(double), 0), double)
    train(model, data, TrainConfig(epochs=1, batch_size=12))
    assert np.isfinite(evaluate(model, data.test_images, data.test_labels).loss)


@pytest.mark.parametrize("double", DOUBLE, indirect=True)
def test_the_alternating_schedule(double: str) -> None:
    samplers = [PQCNN(5, 2, seed=0), NoisyPQCNN(PQCNN(5, 2, seed=1), Noise(shots=900), 1)]
    model = made(QuantumTrain(target(double), samplers, "affine"), double)
    config = AlternatingConfig(rounds=1, adam_epochs=1, evaluations=50, batch_size=12)
    assert np.isfinite(train_alternating(model, corners(), config).last.train.loss)


def test_a_sampler_that_is_made_double_computes_in_double(engine: str) -> None:
    sampler = PQCNN(5, 2, seed=0, engine=engine).double()
    exact = PQCNN(5, 2, engine=engine, dtype=torch.float64)(sampler.phases.detach())
    assert torch.equal(sampler(), exact)
    assert sampler.float()().dtype == torch.float32


@pytest.mark.parametrize("phases", [torch.zeros(12).half(), torch.zeros(12, dtype=torch.int64)])
def test_other_types_of_phases_are_refused(phases: torch.Tensor) -> None:
    with pytest.raises(InvalidInput, match=r"phases has dtype .*; allowed are torch.float32 and"):
        PQCNN(4, 2)(phases)


def test_a_noisy_sampler_in_half_precision_is_refused() -> None:
    for noise in (Noise(indistinguishability=0.9), Noise(phase_error=0.1), Noise(shots=10)):
        with pytest.raises(InvalidInput, match="phases has dtype torch.bfloat16; allowed are"):
            NoisyPQCNN(PQCNN(4, 2), noise, 0).bfloat16()()


@pytest.mark.parametrize(
    ("modes", "state"),
    [(3, (3, 0, 0)), (4, (2, 1, 0, 1)), (5, (0, 5, 0, 0, 0)), (6, (1, 1, 1, 1, 1, 1))],
)
def test_shots_of_bunched_inputs_are_drawn(modes: int, state: tuple[int, ...]) -> None:
    sampler = PQCNN(modes, sum(state), space="fock", input_state=state, seed=0)
    for seed in range(5):
        found = NoisyPQCNN(sampler, Noise(shots=1000), seed)().detach()
        assert float(found.sum()) == pytest.approx(1, abs=1e-6)
        assert float((found * 1000 - (found * 1000).round()).abs().max()) < 1e-3


@pytest.mark.parametrize("excess", [0.0, 2.5e-8, 1e-4])
@pytest.mark.parametrize("outcomes", [1, 7, 30_000])
def test_shares_above_one_are_no_reason_to_refuse(outcomes: int, excess: float) -> None:
    shares = np.full(outcomes, (1 + excess) / outcomes)
    drawn = draw_shots(shares, 500, np.random.default_rng(0))
    assert drawn.sum() == 500
    assert drawn.shape == (outcomes + 1,)


@pytest.mark.parametrize("n", [57, 85])
@pytest.mark.parametrize("grad", [True, False])
def test_sums_that_rounding_has_destroyed_are_refused(engine: str, n: int, grad: bool) -> None:
    sampler = PQCNN(
        2, 2 * n, space="fock", input_state=(n, n), seed=0, engine=engine, dtype=torch.float64
    ).requires_grad_(grad)
    with pytest.raises(InvalidInput, match=rf"of {2 * n} photons have the sum .*; allowed are"):
        sampler()
    noisy = NoisyPQCNN(sampler, Noise(phase_error=1e-9), 0)
    with pytest.raises(InvalidInput, match="photons"):
        noisy.train()()
    with pytest.raises(InvalidInput, match="photons"):
        noisy.eval()()


def test_single_precision_of_the_reference_is_checked_too() -> None:
    """MerLin's factorials overflow: nan."""
    sampler = PQCNN(2, 60, space="fock", input_state=(30, 30), seed=0, engine="merlin")
    with pytest.raises(InvalidInput, match="60 photons have the sum nan"):
        sampler()


@pytest.mark.parametrize("n", [1, 10, 25])
def test_sums_that_are_right_are_not_refused(n: int) -> None:
    sampler = PQCNN(2, 2 * n, space="fock", input_state=(n, n), dtype=torch.float64)
    for seed in range(30):
        phases = 7 * torch.rand(2, generator=torch.Generator().manual_seed(seed)).double()
        assert float(sampler(phases).sum()) == pytest.approx(1, abs=1e-12)
