"""The results file of a study: one row for each run, ``runs.csv``.

It is the only source of reports. It is replaced as a whole by renaming a finished
temporary file, under a lock, so that no reader ever sees half of it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from qcnn import InvalidInput
from qcnn.files import write_bytes
from studies.configuration import AXES, AXIS_DEFAULTS

COLUMNS = (
    "study",
    "configuration",
    "role",
    "label",
    "status",
    "seed",
    "phases",
    "effective_phases",
    "mapping_parameters",
    "fixed_numbers",
    "trainable_parameters",
    "train_accuracy",
    "val_accuracy",
    "test_accuracy",
    "best_val_accuracy",
    "best_val_epoch",
    "seconds",
    "engine",
    *AXES,
    "train_loss_by_epoch",
    "train_accuracy_by_epoch",
    "val_loss_by_epoch",
    "val_accuracy_by_epoch",
    "measured",
    "error",
    "search",
    "search_parameters",
    "sampler",
    "pruner",
    "git_commit",
    "versions",
    "platform",
)
#: Columns that were added after rows had been stored, with what those rows get.
_ADDED = {**AXIS_DEFAULTS, "measured": ""}
KEY = ("configuration", "seed", "role")
_NUMBERS = {
    "seed": "int64",
    "phases": "int64",
    "effective_phases": "int64",
    "mapping_parameters": "int64",
    "fixed_numbers": "int64",
    "trainable_parameters": "int64",
    "epochs": "int64",
    "trained_phases": "int64",
    "batch_size": "int64",
    "layers": "int64",
    "train_accuracy": "float64",
    "val_accuracy": "float64",
    "test_accuracy": "float64",
    "best_val_accuracy": "float64",
    "best_val_epoch": "float64",
    "seconds": "float64",
    "learning_rate": "float64",
    "phase_learning_rate": "float64",
    "gradient_clip": "float64",
}
_TYPES = {name: _NUMBERS.get(name, "str") for name in COLUMNS}


def read_rows(path: Path) -> pd.DataFrame:
    """All rows of a results file; none where there is no file.

    Raises:
        InvalidInput: if the file is not a whole results file.
    """
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS))
    text = path.read_text(encoding="utf-8", errors="replace")
    damage = f"{path} is not a whole results file ({{}}); allowed is a file as the studies write it"
    if not text.endswith("\n"):
        raise InvalidInput(damage.format("its last line is cut"))
    try:
        rows = pd.read_csv(
            path, dtype=_TYPES, keep_default_na=False, na_values={name: [""] for name in _NUMBERS}
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise InvalidInput(damage.format(str(error).splitlines()[0])) from None
    for name, value in _ADDED.items():
        if name not in rows.columns:
            rows[name] = value
    missing = [name for name in COLUMNS if name not in rows.columns]
    if missing:
        raise InvalidInput(damage.format(f"column {missing[0]} is missing"))
    return rows[list(COLUMNS)]


def completed(rows: pd.DataFrame, role: str) -> pd.DataFrame:
    """The runs of a role that ended well, neither diverged nor failed."""
    return rows[(rows["role"] == role) & (rows["status"] == "complete")]


def add_rows(path: Path, new: Iterable[dict[str, Any]]) -> None:
    """Add complete runs; one that is there already (configuration, seed, role) stays.

    Raises:
        InvalidInput: if the file that is there is damaged; it is left as it is.
    """
    frame = pd.DataFrame(list(new), columns=list(COLUMNS))
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".csv.lock")):
        rows = read_rows(path)
        joined = frame if rows.empty else pd.concat([rows, frame], ignore_index=True)
        joined = joined.drop_duplicates(subset=list(KEY), keep="first")
        if len(joined) == len(rows):
            return
        write_text(path, joined.to_csv(index=False, lineterminator="\n", float_format="%.10g"))


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name in its folder, then rename it."""
    write_bytes(path, text.encode())
