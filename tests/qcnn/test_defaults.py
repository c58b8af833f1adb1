"""Defaults that stored rows do not spell out: a change of one changes what their text means."""

from dataclasses import asdict
from typing import Any

import pytest

from qcnn import AlternatingConfig, TrainConfig, baseline_from_text, mapping_from_text
from qcnn.noise import Noise
from qcnn.training.phases.cobyla import LAST_RADIUS

MAPPINGS: dict[str, dict[str, Any]] = {
    "logit_tanh": {},
    "affine": {},
    "log_affine": {"floor": 0.1},
    "mixing": {"floor": 0.1},
    "mlp": {"hidden": 8, "activation": "none"},
    "mps": {"bond_dimension": 10, "form": "lean"},
    "roots": {"gain": 10.0, "floor": 0.01, "directions": "normal"},
    "whitened": {"scale": 30.0, "damping": 0.01, "floor": 0.01},
}
BASELINES: dict[str, dict[str, Any]] = {
    "direct": {},
    "hashing": {"buckets": 100},
    "low_rank": {"rank": 1},
    "magnitude_pruning": {"kept": 400, "after": 0.5},
    "random_subspace": {"dimension": 100, "directions": "normal"},
    "structured_pruning": {"share": 0.5},
    "weight_sharing": {"rows": 5, "start": "target"},
}


@pytest.mark.parametrize("name", MAPPINGS)
def test_of_mappings(name: str) -> None:
    assert MAPPINGS[name].items() <= vars(mapping_from_text(name)).items()


@pytest.mark.parametrize("name", BASELINES)
def test_of_baselines(name: str) -> None:
    assert BASELINES[name].items() <= vars(baseline_from_text(name)).items()


def test_of_noise_there_is_none() -> None:
    assert asdict(Noise()) == {
        "brightness": 1.0,
        "indistinguishability": 1.0,
        "g2": 0.0,
        "transmittance": 1.0,
        "phase_error": 0.0,
        "shots": 0,
        "further": (),
    }


def test_of_both_trainings() -> None:
    own = {
        "epochs": 20,
        "batch_size": 128,
        "learning_rate": 0.03,
        "phase_learning_rate": None,
        "schedule": "one-cycle",
        "gradient_clip": 1.0,
        "seed": 0,
    }
    assert own.items() <= asdict(TrainConfig()).items()
    # The paper's: 200 rounds of 5 epochs at 1e-3, then 1,000 evaluations on 1,000 images.
    papers = {
        "rounds": 200,
        "adam_epochs": 5,
        "batch_size": 128,
        "learning_rate": 1e-3,
        "evaluations": 1000,
        "phase_batch_size": 1000,
        "trust_radius": 1.0,
        "seed": 0,
    }
    assert papers.items() <= asdict(AlternatingConfig()).items()
    assert LAST_RADIUS == 1e-4
