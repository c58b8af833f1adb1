"""What a trial carries: its cell while it waits, its whole row once it is finished.

A row travels in the storage as JSON, text and numbers, so that every machine's command
can write it into its own ``runs.csv``.
"""

import json
from functools import cache
from typing import Any

import optuna
import pandas as pd
from optuna.distributions import distribution_to_json, json_to_distribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from studies.configuration import configuration_from_axes
from studies.study import Cell

#: Names of attributes.
SEARCHED, CELL, WORKER, ROW = "enqueued", "cell", "worker", "row"
_OPEN = (TrialState.WAITING, TrialState.RUNNING)
Row = dict[str, Any]


def is_open(trial: FrozenTrial) -> bool:
    """Whether a trial waits or runs."""
    return trial.state in _OPEN


def is_finished(trial: FrozenTrial) -> bool:
    """Whether a trial ended with a row, complete or diverged."""
    return ROW in trial.user_attrs and not is_open(trial)


def row_text(row: Row) -> str:
    """A row as a trial carries it; what is missing is left out.

    >>> row_from_text(row_text({"val_accuracy": 0.1 + 0.2, "seed": 3, "test_accuracy": None}))
    {'val_accuracy': 0.30000000000000004, 'seed': 3}
    """
    return json.dumps({name: value for name, value in row.items() if value is not None})


def row_from_text(text: str) -> Row:
    """The row that a trial carries."""
    return dict(json.loads(text))


def stored_rows(rows: pd.DataFrame) -> list[Row]:
    """Rows of ``runs.csv`` as they were when they were new."""
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return [{str(name): value for name, value in record.items()} for record in records]


def values_of(row: Row, objectives: int) -> list[float]:
    """What a study maximises, the validation accuracy, and what it minimises, the parameters."""
    return [float(row["val_accuracy"]), float(row["trainable_parameters"])][:objectives]


def parameters_text(trial: optuna.Trial) -> str:
    """What a search has drawn, as a row holds it."""
    return json.dumps(
        {
            name: [value, distribution_to_json(trial.distributions[name])]
            for name, value in trial.params.items()
        }
    )


def finished_trial(row: Row, objectives: int, **attributes: Any) -> FrozenTrial:
    """A trial for a row that another storage's trial has left in ``runs.csv``."""
    complete = row["status"] == "complete"
    parameters = json.loads(row.get("search_parameters") or "{}")
    return create_trial(
        state=TrialState.COMPLETE if complete else TrialState.FAIL,
        params={name: value for name, (value, _) in parameters.items()},
        distributions={name: json_to_distribution(text) for name, (_, text) in parameters.items()},
        values=values_of(row, objectives) if complete else None,
        user_attrs={**attributes, ROW: row_text(row)},
    )


def cell_text(cell: Cell) -> str:
    """A cell as its trial carries it."""
    return json.dumps({**vars(cell), "configuration": cell.configuration.axes()})


@cache
def cell_from_text(text: str) -> Cell:
    """The cell that a trial carries."""
    stored = json.loads(text)
    return Cell(configuration_from_axes(stored.pop("configuration")), **stored)


@cache
def cell_key(cell: Cell) -> tuple[str, int, str]:
    """What tells cells apart: the hash of the configuration, the seed and the role."""
    return cell.configuration.digest(), cell.seed, cell.role
