"""One run: a configuration and a seed become a row and, for final runs, stored weights."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from threadpoolctl import threadpool_limits
from torch import nn

from qcnn import (
    Data,
    DivergedError,
    EpochRecord,
    InvalidInput,
    NothingAccepted,
    QuantumTrain,
    TrainResult,
    count_parameters,
    evaluate,
    load_data,
    natural_adam,
    train,
    train_alternating,
    train_from_shots,
)
from qcnn.checks import reason
from qcnn.files import write_bytes
from qcnn.training.optimiser import make_adam
from qcnn.weights.generated import GeneratedNetwork
from studies.design.configuration import (
    ALTERNATING,
    NATURAL,
    Configuration,
    build_model,
    build_target,
    noisy,
)
from studies.design.roles import FINAL
from studies.design.study import Measure
from studies.store.artifacts import load_model, model_path, store_model
from studies.store.provenance import git_commit, package_versions, platform_text

#: Epochs from which on a run keeps a checkpoint: minutes. Fewer are sooner done again than a file
#: for each of them is worth.
_LONG = 200


def use_one_thread() -> None:
    """Compute in one thread, for which results are promised, until the process ends."""
    torch.set_num_threads(1)
    # NumPy and SciPy have threads of their own, which spin while they wait for work.
    threadpool_limits(1)


def execute(
    study: str,
    configuration: Configuration,
    seed: int,
    role: str,
    folder: Path,
    measure: Measure | None = None,
) -> dict[str, Any]:
    """Train and evaluate once.

    A search row has no test accuracy, so that nothing can be chosen on it. The weights
    of a final run are stored as ``weights/<configuration>-<seed>.safetensors``, beside its
    trained model (``studies.store.artifacts``). A run that is evaluated under noise takes
    the model of the run without, and has no curves of its own. What ``measure`` finds
    before and after the training is the row's ``measured``. A run in rounds, or of many
    epochs, goes on from the checkpoint that an interrupted one has left.

    Returns:
        the row; its status is ``complete`` or ``diverged``.
    """
    data = load_data(configuration.dataset)
    started = time.monotonic()
    model = build_model(configuration, data, seed)
    row = {
        "study": study,
        "configuration": configuration.digest(),
        "role": role,
        "seed": seed,
        **configuration.axes(),
        **_parameter_columns(model),
        "git_commit": git_commit(),
        "versions": package_versions(),
        "platform": platform_text(),
    }
    history: list[EpochRecord] = []
    measured: dict[str, Any] = {}
    try:
        if measure is not None:
            measured["start"] = measure(model, data)
        if configuration.evaluated_under:
            result = _evaluate_under_noise(configuration, model, data, seed, folder)
        else:
            trained = _train(model, data, configuration, seed, folder, history.append)
            started -= trained.seconds_before
            result = _accuracies(trained)
        model.eval()
        if role == FINAL:
            # One network for both: some generators draw anew whenever weights are generated.
            network = model.export() if isinstance(model, GeneratedNetwork) else model
            result["test_accuracy"] = evaluate(network, data.test_images, data.test_labels).accuracy
            write_bytes(weights_path(folder, configuration, seed), _serialise(network))
            if isinstance(model, QuantumTrain) and not configuration.evaluated_under:
                store_model(model, model_path(folder, configuration, seed))
        if measure is not None:
            measured["end"] = measure(model, data)
        row |= {"status": "complete", **result}
    except (DivergedError, NothingAccepted) as error:
        row |= {"status": "diverged", "error": str(error)}
    row["measured"] = json.dumps(measured) if measured else ""
    return row | _curves(history) | {"seconds": round(time.monotonic() - started, 2)}


def _accuracies(trained: TrainResult) -> dict[str, Any]:
    return {
        "train_accuracy": trained.last.train.accuracy,
        "val_accuracy": trained.last.validation.accuracy,
        "best_val_accuracy": trained.best.validation.accuracy,
        "best_val_epoch": trained.best.epoch,
        "shots_spent": trained.last.shots,
    }


def _evaluate_under_noise(
    configuration: Configuration, model: nn.Module, data: Data, seed: int, folder: Path
) -> dict[str, Any]:
    assert isinstance(model, QuantumTrain)  # a configuration without PQCNNs has no noise
    trained = configuration.trained()
    path = model_path(folder, trained, seed)
    if path.exists():
        load_model(model, path)
    else:
        _train(model, data, trained, seed, folder, lambda _: None)
        store_model(model, path)
    noise, device = configuration.evaluated_under, configuration.device
    model.samplers = nn.ModuleList(noisy(model.pqcnns(), noise, seed, device))
    return {
        "train_accuracy": evaluate(model, data.train_images, data.train_labels).accuracy,
        "val_accuracy": evaluate(model, data.validation_images, data.validation_labels).accuracy,
    }


def weights_path(folder: Path, configuration: Configuration, seed: int) -> Path:
    """Where the network's weights of a final run are kept."""
    return folder / "weights" / f"{configuration.digest()}-{seed}.safetensors"


def evaluate_weights(configuration: Configuration, seed: int, path: Path) -> float:
    """The test accuracy (a fraction) of the stored weights of a final run.

    Args:
        configuration: of the run.
        seed: of the run.
        path: of the file (:func:`weights_path`).

    Raises:
        InvalidInput: if it is no such file, or of another network.
    """
    data = load_data(configuration.dataset)
    network = build_target(configuration, data, seed)
    try:
        network.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError) as error:
        raise InvalidInput(
            f"{path} is no file with the weights of its run ({reason(error)}); allowed is one as "
            "the study has stored it"
        ) from None
    accuracy = evaluate(network, data.test_images, data.test_labels).accuracy
    assert accuracy is not None  # images have classes
    return accuracy


def checkpoint_path(folder: Path, digest: str, seed: int) -> Path:
    """Where a run that takes long keeps its last epoch or round, until its row is written.

    Args:
        folder: of the study's results.
        digest: the configuration's.
        seed: the run's.
    """
    return folder / "checkpoints" / f"{digest}-{seed}.safetensors"


def _train(
    model: nn.Module,
    data: Data,
    configuration: Configuration,
    seed: int,
    folder: Path,
    on_epoch: Callable[[EpochRecord], None],
) -> TrainResult:
    if configuration.from_shots:
        shots = configuration.from_shots_config(seed)
        # Another model than a QuantumTrain is refused.
        return train_from_shots(cast(QuantumTrain, model), data, shots, on_epoch)
    path = None
    if configuration.optimiser == ALTERNATING or configuration.epochs >= _LONG:
        path = checkpoint_path(folder, configuration.digest(), seed)
        path.parent.mkdir(parents=True, exist_ok=True)
    if configuration.optimiser == ALTERNATING:
        config = configuration.alternating_config(seed)
        return train_alternating(model, data, config, path, on_epoch)
    natural = configuration.optimiser == NATURAL
    optimiser = natural_adam(model) if natural else make_adam
    return train(
        model,
        data,
        configuration.train_config(seed),
        on_epoch,
        optimiser=optimiser,
        checkpoint=path,
    )


def _parameter_columns(model: nn.Module) -> dict[str, Any]:
    counts = count_parameters(model)
    engines = {s.engine for s in model.pqcnns()} if isinstance(model, QuantumTrain) else set()
    return {
        "phases": counts.phases,
        "effective_phases": counts.effective_phases,
        "mapping_parameters": counts.mapping,
        "fixed_numbers": counts.fixed_numbers,
        "trainable_parameters": counts.total,
        "engine": "+".join(sorted(engines)) or "none",
    }


@torch.no_grad()
def _serialise(network: nn.Module) -> bytes:
    return save({n: value.contiguous().clone() for n, value in network.state_dict().items()})


def _curves(history: list[EpochRecord]) -> dict[str, str]:
    def text(values: Sequence[float | None]) -> str:
        return " ".join(f"{value:.4f}" for value in values)

    return {
        "train_loss_by_epoch": text([record.train.loss for record in history]),
        "train_accuracy_by_epoch": text([record.train.accuracy for record in history]),
        "val_loss_by_epoch": text([record.validation.loss for record in history]),
        "val_accuracy_by_epoch": text([record.validation.accuracy for record in history]),
    }
