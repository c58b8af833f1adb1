"""What a trial carries: its cell while it waits, its whole row once it is finished.

A row travels in the storage as JSON, text and numbers, so that every machine's command
can write it into its own ``runs.csv``.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

import optuna
import pandas as pd
from optuna.distributions import distribution_to_json
from optuna.trial import FrozenTrial, TrialState, create_trial

from qcnn import InvalidInput
from studies.design.arms import Arm, with_arm
from studies.design.configuration import AXES, AXIS_DEFAULTS, known_configuration, shortened
from studies.design.roles import FINAL, SEARCH
from studies.design.study import Cell
from studies.store.row_checks import check_text, object_from_text, searched_parameters
from studies.store.rows import complete_row

#: Names of attributes.
SEARCHED, CELL, WORKER, ROW = "enqueued", "cell", "worker", "row"
#: What a trial of a search has drawn, as a cell.
DRAWN = "drawn"
_OPEN = (TrialState.WAITING, TrialState.RUNNING)
Row = dict[str, Any]


def is_open(trial: FrozenTrial) -> bool:
    """Whether a trial waits or runs."""
    return trial.state in _OPEN


def is_finished(trial: FrozenTrial) -> bool:
    """Whether a trial ended with a row, whatever its status."""
    return ROW in trial.user_attrs and not is_open(trial)


def row_text(row: Row) -> str:
    """A row as a trial carries it; what is missing is left out.

    >>> row_text({"val_accuracy": 0.1 + 0.2, "seed": 3, "test_accuracy": None})
    '{"val_accuracy": 0.30000000000000004, "seed": 3}'
    """
    return json.dumps({name: value for name, value in row.items() if value is not None})


def row_from_text(text: Any) -> Row:
    """The row that a trial carries, of any version of this project.

    Raises:
        InvalidInput: if it is not what a study writes.
    """
    return dict(_checked_row(_text_of("row", text)))


@lru_cache(maxsize=1 << 16)
def _checked_row(text: str) -> Row:
    with _named("row"):
        return complete_row(object_from_text(text, "text"))


def stored_rows(rows: pd.DataFrame) -> list[Row]:
    """Rows of ``runs.csv`` as they were when they were new."""
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return [{str(name): value for name, value in record.items()} for record in records]


def row_key(row: Row) -> tuple[str, int, str]:
    """The key of a row's cell."""
    return row["configuration"], row["seed"], row["role"]


def values_of(row: Row, objectives: int) -> list[float]:
    """What a study maximises, the validation accuracy, and what it minimises, the parameters."""
    return [float(row["val_accuracy"]), float(row["trainable_parameters"])][:objectives]


def parameters_text(trial: optuna.Trial | FrozenTrial) -> str:
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
    parameters = searched_parameters(row.get("search_parameters") or "")
    return create_trial(
        state=TrialState.COMPLETE if complete else TrialState.FAIL,
        params={name: value for name, (value, _) in parameters.items()},
        distributions={name: distribution for name, (_, distribution) in parameters.items()},
        values=values_of(row, objectives) if complete else None,
        user_attrs={**attributes, ROW: row_text(row)},
    )


def cell_text(cell: Cell) -> str:
    """A cell as its trial carries it."""
    return json.dumps(
        {
            "configuration": cell.configuration.axes(),
            "seed": cell.seed,
            "setting": cell.arm.setting,
            "arm": cell.arm.name,
            "role": cell.role,
        }
    )


def cell_from_text(text: Any) -> Cell:
    """The cell that a trial carries, of any version of this project.

    Raises:
        InvalidInput: if it cannot be run here.
    """
    return _checked_cell(_text_of("cell", text))


@cache
def _checked_cell(text: str) -> Cell:
    with _named("cell"):
        stored = with_arm(object_from_text(text, "text"))
        given = stored.get("configuration")
        axes = {**AXIS_DEFAULTS, **(given if isinstance(given, dict) else {})}
        unknown, missing = axes.keys() - set(AXES), set(AXES) - axes.keys()
        if unknown or missing:
            raise InvalidInput(
                f"configuration is {'with' if unknown else 'without'} the axis "
                f"{min(unknown or missing)!r}; allowed are all of {', '.join(AXES)}"
            )
        seed, role = (stored.get(name) for name in ("seed", "role"))
        setting, arm = (stored.get(name) for name in ("setting", "arm"))
        if not (type(seed) is int and 0 <= seed < 2**63):
            raise InvalidInput(f"seed is {seed!r}; allowed are whole numbers from 0 to {2**63 - 1}")
        if not (isinstance(setting, str) and isinstance(arm, str)):
            raise InvalidInput(f"setting and arm are {setting!r} and {arm!r}; allowed are texts")
        check_text("setting", setting)
        check_text("arm", arm)
        if role not in (SEARCH, FINAL):
            raise InvalidInput(f"role is {role!r}; allowed are {SEARCH}, {FINAL}")
        return Cell(known_configuration(axes), seed, Arm(setting, arm), role)


def _text_of(what: str, stored: Any) -> str:
    """What a trial carries, which a damaged storage may hold as anything that JSON can say."""
    if not isinstance(stored, str):
        with _named(what):
            raise InvalidInput(f"text is {shortened(stored)}; allowed is a JSON object")
    return stored


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Say of a mistake that it is of what a trial carries."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(f"a {what} in the storage of trials: {error}") from None


@cache
def cell_key(cell: Cell) -> tuple[str, int, str]:
    """What tells cells apart: the hash of the configuration, the seed and the role."""
    return cell.configuration.digest(), cell.seed, cell.role
