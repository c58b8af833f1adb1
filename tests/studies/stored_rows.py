"""Rows as a study stores them, made up."""

from typing import Any

from studies.configuration import Configuration

CONFIGURATION = Configuration(
    dataset="digits",
    target="notebook",
    sizes=((9, 4), (8, 4)),
    space="unbunched",
    input="spread",
    mesh="rectangular",
    combine="",
    mapping="mps:bond_dimension=4",
    epochs=2,
    batch_size=128,
    learning_rate=0.03,
    phase_learning_rate=0.0,
    schedule="one-cycle",
    gradient_clip=1.0,
)


def make_row(seed: int, role: str = "final", **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "study": "mode_sweep",
        "configuration": CONFIGURATION.digest(),
        "role": role,
        "label": "finalist" if role == "final" else "",
        "status": "complete",
        "seed": seed,
        "phases": 128,
        "effective_phases": 81,
        "mapping_parameters": 428,
        "fixed_numbers": 0,
        "trainable_parameters": 556,
        "train_accuracy": 0.9,
        "val_accuracy": 0.8 + seed / 100,
        "test_accuracy": 0.85 + seed / 200 if role == "final" else None,
        "best_val_accuracy": 0.85,
        "best_val_epoch": 1,
        "seconds": 1.5,
        "engine": "merlin",
        "train_accuracy_by_epoch": "0.5000 0.9000",
        "val_accuracy_by_epoch": "0.5000 0.8000",
        "val_loss_by_epoch": "1.5000 0.7000",
        "search": "key" if role == "search" else "",
        "search_parameters": "{}",
    }
    return row | CONFIGURATION.axes() | values
