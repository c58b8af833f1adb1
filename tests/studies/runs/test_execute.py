"""A run of a study is what the same steps give by hand, and each number is of its split."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kept_weights import evaluate_stored
from stored_rows import CONFIGURATION
from torch import nn

from qcnn import (
    PQCNN,
    AlternatingConfig,
    Data,
    EpochRecord,
    QuantumTrain,
    TrainConfig,
    baseline_from_text,
    count_parameters,
    evaluate,
    load_data,
    target_from_text,
    train,
)
from qcnn.noise import Noise, NoisyPQCNN
from qcnn.samplers.controls import build_generator
from qcnn.samplers.marginals import Marginals
from qcnn.seeds import derive
from studies.design.configuration import Configuration
from studies.design.roles import FINAL, SEARCH
from studies.runs.execute import execute

SEED = 3
SHORT = replace(CONFIGURATION, sizes=((5, 2), (4, 2)), mapping="mixing")
NO_PHOTONS: dict[str, Any] = {"sizes": (), "space": "none", "input": "none", "mesh": "none"}


@pytest.fixture(scope="module")
def data() -> Data:
    return load_data("digits")


def target(data: Data) -> nn.Module:
    return target_from_text("notebook").build(data.image_shape, data.classes, SEED)


def samplers(**options: Any) -> list[PQCNN]:
    """A stream of its own for each place."""
    first = options.pop("first", False)
    return [
        PQCNN(
            modes,
            photons,
            input_state=(1,) * photons + (0,) * (modes - photons) if first else None,
            seed=derive(SEED, "sampler", place),
            **options,
        )
        for place, (modes, photons) in enumerate(SHORT.sizes)
    ]


def first_modes_in_fock_space(data: Data) -> tuple[nn.Module, Configuration, TrainConfig]:
    model = QuantumTrain(
        target(data), samplers(space="fock", first=True, layers=2), "mixing", seed=SEED
    )
    configuration = replace(
        SHORT,
        space="fock",
        input="first",
        layers=2,
        batch_size=64,
        learning_rate=0.02,
        phase_learning_rate=0.05,
        schedule="cosine",
        gradient_clip=0.5,
    )
    config = TrainConfig(2, 64, 0.02, 0.05, "cosine", 0.5, SEED)
    return model, configuration, config


def few_trained_phases(data: Data) -> tuple[nn.Module, Configuration, TrainConfig]:
    model = QuantumTrain(target(data), samplers(trained=4), "whitened:scale=10", seed=SEED)
    changes: dict[str, Any] = {"learning_rate": 0.01, "schedule": "none", "gradient_clip": 0.0}
    configuration = replace(SHORT, trained_phases=4, mapping="whitened:scale=10", **changes)
    return model, configuration, TrainConfig(2, 128, 0.01, None, "none", None, SEED)


def a_classical_generator(data: Data) -> tuple[nn.Module, Configuration, TrainConfig]:
    controls = [
        build_generator("classical", sampler, derive(SEED, "sampler", place))
        for place, sampler in enumerate(samplers(mesh="minimal"))
    ]
    model = QuantumTrain(target(data), controls, "mixing", seed=SEED)
    configuration = replace(SHORT, generator="classical", mesh="minimal")
    return model, configuration, TrainConfig(2, 128, 0.03, None, "one-cycle", 1.0, SEED)


def a_baseline(data: Data) -> tuple[nn.Module, Configuration, TrainConfig]:
    text = "random_subspace:dimension=20"
    model = baseline_from_text(text).build(target(data), SEED)
    configuration = replace(SHORT, mapping=text, **NO_PHOTONS)
    return model, configuration, TrainConfig(2, 128, 0.03, None, "one-cycle", 1.0, SEED)


def under_noise(data: Data) -> tuple[nn.Module, Configuration, TrainConfig]:
    noisy = [
        NoisyPQCNN(sampler, Noise(phase_error=0.2), derive(SEED, "device", place))
        for place, sampler in enumerate(samplers())
    ]
    model = QuantumTrain(target(data), noisy, "mixing", seed=SEED)
    configuration = replace(SHORT, noise="phase_error=0.2")
    return model, configuration, TrainConfig(2, 128, 0.03, None, "one-cycle", 1.0, SEED)


def marginals_of_two_modes(data: Data) -> tuple[nn.Module, Configuration, TrainConfig]:
    read = [Marginals(sampler, 2) for sampler in samplers()]
    model = QuantumTrain(target(data), read, "mixing", seed=SEED)
    return (
        model,
        replace(SHORT, read="two modes"),
        TrainConfig(2, 128, 0.03, None, "one-cycle", 1.0, SEED),
    )


@pytest.mark.parametrize(
    "by_hand",
    [
        marginals_of_two_modes,
        first_modes_in_fock_space,
        few_trained_phases,
        a_classical_generator,
        a_baseline,
        under_noise,
    ],
)
def test_a_run_is_what_the_same_steps_give_by_hand(
    by_hand: Any, data: Data, tmp_path: Path
) -> None:
    model, configuration, config = by_hand(data)
    counts = count_parameters(model)
    result = train(model, data, config)
    test = evaluate(model, data.test_images, data.test_labels)
    row = execute("ablation", configuration, SEED, FINAL, tmp_path)
    assert (row["seed"], row["role"], row["status"]) == (SEED, FINAL, "complete")
    assert row["test_accuracy"] == test.accuracy
    assert row["train_accuracy"] == result.last.train.accuracy
    assert row["val_accuracy"] == result.last.validation.accuracy
    assert row["best_val_accuracy"] == result.best.validation.accuracy
    assert row["best_val_epoch"] == result.best.epoch
    for name, values in curves(result.history).items():
        assert row[f"{name}_by_epoch"] == " ".join(f"{value:.4f}" for value in values)
    assert {
        "phases": counts.phases,
        "effective_phases": counts.effective_phases,
        "mapping_parameters": counts.mapping,
        "fixed_numbers": counts.fixed_numbers,
        "trainable_parameters": counts.total,
    }.items() <= row.items()


def curves(history: tuple[EpochRecord, ...]) -> dict[str, list[float]]:
    return {
        "train_loss": [record.train.loss for record in history],
        "train_accuracy": [record.train.accuracy for record in history],
        "val_loss": [record.validation.loss for record in history],
        "val_accuracy": [record.validation.accuracy for record in history],
    }


def test_a_search_sees_no_test_image_and_keeps_no_weights(data: Data, tmp_path: Path) -> None:
    row = execute("ablation", SHORT, SEED, SEARCH, tmp_path)
    assert row.get("test_accuracy") is None
    assert row["val_accuracy"] > 0
    assert not list(tmp_path.rglob("*.safetensors"))


def test_an_evaluation_under_noise_is_of_the_run_without_it(data: Data, tmp_path: Path) -> None:
    """The trained model of the same seed, on devices that the seed fixes."""
    noisy = replace(SHORT, evaluated_under="phase_error=0.3")
    clean = execute("noise", SHORT, SEED, FINAL, tmp_path)
    other = execute("noise", SHORT, SEED + 1, FINAL, tmp_path)
    row = execute("noise", noisy, SEED, FINAL, tmp_path)
    model = QuantumTrain(target(data), samplers(), "mixing", seed=SEED)
    train(model, data, TrainConfig(2, 128, 0.03, None, "one-cycle", 1.0, SEED))
    assert evaluate(model, data.test_images, data.test_labels).accuracy == clean["test_accuracy"]
    model.samplers = nn.ModuleList(
        NoisyPQCNN(sampler, Noise(phase_error=0.3), derive(SEED, "device", place))
        for place, sampler in enumerate(model.samplers)
    )
    model.eval()
    for split in ("train", "val", "test"):
        name = {"val": "validation"}.get(split, split)
        images, labels = (getattr(data, f"{name}_{what}") for what in ("images", "labels"))
        assert row[f"{split}_accuracy"] == evaluate(model, images, labels).accuracy
    assert len({row["test_accuracy"], clean["test_accuracy"], other["test_accuracy"]}) == 3


def test_weights_of_every_seed_are_kept_apart(tmp_path: Path) -> None:
    rows = [execute("ablation", SHORT, seed, FINAL, tmp_path) for seed in (1, 2)]
    assert rows[0]["test_accuracy"] != rows[1]["test_accuracy"]
    for seed, row in zip((1, 2), rows, strict=True):
        assert evaluate_stored(SHORT, seed, tmp_path) == row["test_accuracy"]


def test_what_is_measured_is_of_the_model_before_and_after(tmp_path: Path) -> None:
    def measure(model: nn.Module, data: Data) -> dict[str, Any]:
        return {"loss": evaluate(model, data.train_images, data.train_labels).loss}

    row = execute("ablation", SHORT, SEED, FINAL, tmp_path, measure)
    measured = json.loads(row["measured"])
    assert list(measured) == ["start", "end"]
    assert f"{measured['end']['loss']:.4f}" == row["train_loss_by_epoch"].split()[-1]
    assert measured["start"]["loss"] > measured["end"]["loss"]


def test_both_trainings_are_configured_axis_by_axis() -> None:
    configuration = replace(
        SHORT,
        epochs=15,
        batch_size=33,
        learning_rate=0.5,
        phase_learning_rate=0.25,
        schedule="cosine",
        gradient_clip=2.0,
    )
    assert configuration.train_config(7) == TrainConfig(15, 33, 0.5, 0.25, "cosine", 2.0, 7)
    none = replace(configuration, phase_learning_rate=0.0, gradient_clip=0.0, schedule="none")
    assert none.train_config(8) == TrainConfig(15, 33, 0.5, None, "none", None, 8)
    alternating = replace(none, optimiser="adam+cobyla").alternating_config(9)
    assert alternating == AlternatingConfig(rounds=3, batch_size=33, learning_rate=0.5, seed=9)
