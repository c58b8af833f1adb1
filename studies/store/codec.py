"""What a trial carries: its cell while it waits, its whole row once it is finished.

A row travels in the storage as JSON, text and numbers, so that every machine's command
can write it into its own ``runs.csv``.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

import optuna
from optuna.distributions import distribution_to_json
from optuna.trial import FrozenTrial, TrialState, create_trial

from qcnn import InvalidInput
from studies.design.arms import Arm, label_of, with_arm
from studies.design.configuration import AXES, AXIS_DEFAULTS, known_configuration, shortened
from studies.design.roles import COMPLETE
from studies.design.study import Cell, RunKey
from studies.rows.row_checks import check_row, object_from_text, searched_parameters
from studies.rows.schema import COLUMNS, SCHEMA, Record, has_failed, record_of, row_of
from studies.store.trial_states import CELL, DRAWN, ROW, lost_name


def remembered(rows: Mapping[RunKey, Record], cells: optuna.Study) -> Mapping[RunKey, Record]:
    """Rows but for those of failed runs that another command wants again."""
    failed = [key for key, record in rows.items() if has_failed(record)]
    if not failed:
        return rows
    losses = cells.user_attrs
    forgotten = {key for key in failed if losses.get(lost_name(key)) == {}}
    return {key: record for key, record in rows.items() if key not in forgotten}


def row_of_trial(trial: FrozenTrial) -> dict[str, Any]:
    """The row of a finished trial."""
    return row_from_text(trial.user_attrs[ROW])


def cell_of_trial(trial: FrozenTrial) -> Cell | None:
    """The run of a trial, unless it has yet to be drawn."""
    text = trial.user_attrs.get(CELL) or trial.user_attrs.get(DRAWN)
    return None if text is None else cell_from_text(text)


def key_of_trial(trial: FrozenTrial) -> RunKey | None:
    """What a trial is or will be the run of; a journal that lost lines may give it another row."""
    if ROW in trial.user_attrs:
        return RunKey.of(row_of_trial(trial))
    cell = cell_of_trial(trial)
    return None if cell is None else cell.key


def row_text(row: dict[str, Any]) -> str:
    """A row as a trial carries it; what is missing is left out.

    >>> row_text({"val_accuracy": 0.1 + 0.2, "seed": 3, "test_accuracy": None})
    '{"val_accuracy": 0.30000000000000004, "seed": 3}'
    """
    return json.dumps({name: value for name, value in row.items() if value is not None})


def row_from_text(text: Any) -> dict[str, Any]:
    """The row that a trial carries, of any version of this project.

    Raises:
        InvalidInput: if it is not what a study writes.
    """
    return dict(_checked_row(_text_of("row", text)))


@lru_cache(maxsize=1 << 16)
def _checked_row(text: str) -> dict[str, Any]:
    with _named("row"):
        return complete_row(object_from_text(text, "text"))


def complete_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of any version of this project, with the axes that came later, once it is checked.

    Raises:
        InvalidInput: if it is not what a study writes.
    """
    # What is missing may be left out, None or NaN.
    given = {name: value for name, value in row.items() if value is not None and value == value}
    whole = {**AXIS_DEFAULTS, **with_arm(given)}
    if unknown := whole.keys() - set(COLUMNS):
        raise InvalidInput(f"a row has {min(unknown)!r}; allowed are the columns of runs.csv")
    check_row(row_of(record_of(whole)))
    return whole


def words_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a person looks for in the trial of a row, as optuna-dashboard shows it.

    >>> words_of({"arm": "direct", "role": "final", "configuration": "ab", "val_accuracy": 0.5})
    {'label': 'direct', 'digest': 'ab', 'accuracy': 0.5}
    """
    label = label_of(row.get("setting") or "", row.get("arm") or "") or row["role"]
    words = {
        "label": label,
        "digest": row["configuration"],
        "accuracy": row.get("val_accuracy"),
    }
    return {name: value for name, value in words.items() if value is not None}


def values_of(row: dict[str, Any], objectives: int) -> list[float]:
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


def finished_trial(row: dict[str, Any], objectives: int, **attributes: Any) -> FrozenTrial:
    """A trial for a row that another storage's trial has left in ``runs.csv``."""
    complete = row["status"] == COMPLETE
    parameters = searched_parameters(row.get("search_parameters") or "")
    return create_trial(
        state=TrialState.COMPLETE if complete else TrialState.FAIL,
        params={name: value for name, (value, _) in parameters.items()},
        distributions={name: distribution for name, (_, distribution) in parameters.items()},
        values=values_of(row, objectives) if complete else None,
        user_attrs={**attributes, **words_of(row), ROW: row_text(row)},
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
        seed, role, setting, arm = map(stored.get, ("seed", "role", "setting", "arm"))
        if not (type(seed) is int and 0 <= seed < 2**63):
            raise InvalidInput(f"seed is {seed!r}; allowed are whole numbers from 0 to {2**63 - 1}")
        if not (isinstance(setting, str) and isinstance(arm, str)):
            raise InvalidInput(f"setting and arm are {setting!r} and {arm!r}; allowed are texts")
        for name, value in (("setting", setting), ("arm", arm), ("role", role)):
            SCHEMA[name].check(value)
        return Cell(known_configuration(axes), seed, Arm(setting, arm), str(role))


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
