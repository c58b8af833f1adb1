"""Rows as a study stores them, made up."""

from typing import Any

from qcnn import InvalidInput
from studies.design.arms import Arm, arm_of_label, with_arm
from studies.design.configuration import Configuration, configuration_from_axes

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


#: What a row of a target without photons has in its axes.
PLAIN = {"sizes": "", "space": "none", "input": "none", "mesh": "none", "combine": ""}


def make_row(seed: int, role: str = "final", **values: Any) -> dict[str, Any]:
    """A row with ``values``; its configuration and its curves fit them where they are not given.

    Its arm is given as ``setting`` and ``arm``, or in words as ``label``.
    """
    named = with_arm({"label": values.pop("label", "finalist" if role == "final" else "")})
    axes = CONFIGURATION.axes()
    axes |= {name: value for name, value in values.items() if name in axes}
    epochs = axes["epochs"]
    row: dict[str, Any] = {
        "study": "mode_sweep",
        "configuration": digest_of(axes),
        "role": role,
        **named,
        "status": "complete",
        "seed": seed,
        "phases": 128,
        "effective_phases": 81,
        "mapping_parameters": 428,
        "fixed_numbers": 0,
        "trainable_parameters": 556,
        "train_accuracy": 0.9,
        "val_accuracy": min(0.8 + seed / 100, 1.0),
        "test_accuracy": min(0.85 + seed / 200, 1.0) if role == "final" else None,
        "best_val_accuracy": 0.85,
        "best_val_epoch": 1,
        "seconds": 1.5,
        "engine": "merlin",
        "train_loss_by_epoch": curve("1.5000", "0.6000", epochs),
        "train_accuracy_by_epoch": curve("0.5000", "0.9000", epochs),
        "val_accuracy_by_epoch": curve("0.5000", "0.8000", epochs),
        "val_loss_by_epoch": curve("1.5000", "0.7000", epochs),
        "search": "key" if role == "search" else "",
        "search_parameters": "{}",
        "look": 0,
    }
    return row | axes | values


def arm(words: str) -> Arm:
    """The arm that these are the words for."""
    return Arm(*arm_of_label(words))


def curve(first: str, last: str, epochs: int) -> str:
    """A value for each epoch."""
    return " ".join([first] * (epochs - 1) + [last])


def digest_of(axes: dict[str, Any]) -> str:
    """The hash of a configuration's axes; of those that make none, any."""
    try:
        return configuration_from_axes(axes).digest()
    except InvalidInput:
        return CONFIGURATION.digest()
