"""One check of seeds, wherever one is taken."""

from collections.abc import Callable

import numpy as np
import pytest
from torch import nn

from qcnn import (
    PQCNN,
    AlternatingConfig,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
    baseline_from_text,
    baseline_names,
    mapping_names,
    target_from_text,
)
from qcnn.noise import Noise, NoisyPQCNN, measure_distribution
from qcnn.samplers.controls import GENERATORS, build_generator
from qcnn.seeds import derive

OPTIONS = {"hashing": "buckets=6", "magnitude_pruning": "kept=9", "random_subspace": "dimension=5"}


def of_mapping(name: str) -> Callable[[int], object]:
    return lambda seed: QuantumTrain(nn.Linear(2, 2), [PQCNN(5, 2)], name, seed=seed)


def of_baseline(name: str) -> Callable[[int], object]:
    baseline = baseline_from_text(f"{name}:{OPTIONS.get(name, '')}")
    return lambda seed: baseline.build(nn.Linear(5, 5), seed)


TAKERS: dict[str, Callable[[int], object]] = {
    "sampler": lambda seed: PQCNN(3, 1, seed=seed),
    "target": lambda seed: target_from_text("notebook").build(seed=seed),
    "noise": lambda seed: NoisyPQCNN(PQCNN(3, 1), Noise(), seed),
    "device": lambda seed: measure_distribution(PQCNN(3, 1), Noise(), seed),
    "training": lambda seed: TrainConfig(seed=seed),
    "rounds": lambda seed: AlternatingConfig(seed=seed),
    **{
        f"control {name}": lambda seed, name=name: build_generator(name, PQCNN(3, 1), seed)
        for name in GENERATORS
    },
    **{f"mapping {name}": of_mapping(name) for name in mapping_names()},
    **{f"baseline {name}": of_baseline(name) for name in baseline_names()},
}


@pytest.mark.parametrize("taker", TAKERS)
def test_what_is_no_seed_is_refused(taker: str) -> None:
    for seed in (-1, 1.5, True, 2**64, "1", float("nan"), np.float64(1), np.int64(-1)):
        with pytest.raises(InvalidInput, match=r"^seed is .*; allowed are whole numbers from 0 to"):
            TAKERS[taker](seed)  # type: ignore[arg-type]


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("seed", [0, 2**63, 2**64 - 1, np.int64(7), np.uint64(2**64 - 1)])
def test_whole_numbers_of_any_type_are_seeds(taker: str, seed: int) -> None:
    TAKERS[taker](seed)


def test_types_do_not_change_the_numbers() -> None:
    assert derive(7, "phases") == derive(np.int64(7), "phases") == derive(np.uint8(7), "phases")
