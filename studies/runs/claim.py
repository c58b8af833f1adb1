"""Trials as a worker claims them: one at a time, run and finished by its row."""

from contextlib import suppress
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from qcnn import InvalidInput
from studies.design.arms import NO_ARM
from studies.design.roles import COMPLETE, SEARCH
from studies.design.study import Cell, RunKey, Search
from studies.rows.runs_file import stored_row
from studies.runs.execute import checkpoint_path, execute
from studies.runs.failures import error_of_run, is_of_the_folder, run_text
from studies.runs.finished import Done, take_rows
from studies.runs.trials import Trials
from studies.store.codec import (
    cell_from_text,
    cell_text,
    parameters_text,
    remembered,
    row_text,
    values_of,
    words_of,
)
from studies.store.storage import patient
from studies.store.trial_states import CELL, DRAWN, ROW, SEARCHED, WORKER


def run_next(done: Done) -> bool:
    """Claim one trial and run it; False where there is none.

    Raises:
        InvalidInput: for a run that its options do not allow.
        OSError: if the results folder cannot be used.
        RunError: for any other error of the run.
    """
    return _run_search_trial(done) or _run_cell(done)


def _run_search_trial(done: Done) -> bool:
    trials = done.trials
    search = trials.study.search
    trial = None if search is None else _claim(trials, trials.search, SEARCHED)
    if search is None or trial is None:
        return False
    with trials.store.held(trials.search, trial):
        try:
            cell = _draw(trials, search, trial)
            row = _row(done, cell) | trials.search_columns(parameters_text(trial))
        except UpdateFinishedTrialError:  # taken for dead, and given to another
            return True
        except Exception:
            _give_up(trials, trials.search, trial)
            raise
        _finish(done, trials.search, trial, row)
    return True


def _run_cell(done: Done) -> bool:
    trials = done.trials
    trial = _claim(trials, trials.cells, CELL)
    if trial is None:
        return False
    cell = cell_from_text(trial.user_attrs[CELL])
    with trials.store.held(trials.cells, trial):
        try:
            row = _row(done, cell) | {"setting": cell.arm.setting, "arm": cell.arm.name}
        except Exception:
            _give_up(trials, trials.cells, trial)
            raise
        _finish(done, trials.cells, trial, row)
    return True


@patient
def _claim(trials: Trials, study: optuna.Study, mark: str) -> optuna.Trial | None:
    """A waiting trial; asking is atomic, and a trial made because none waited is dropped."""
    if not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        return None
    trial = study.ask()
    if mark not in trial.user_attrs:
        study.tell(trial, state=TrialState.FAIL)
        return None
    try:
        trial.set_user_attr(WORKER, trials.worker)
    except UpdateFinishedTrialError:  # taken for dead already
        return None
    return trial


@patient
def _draw(trials: Trials, search: Search, trial: optuna.Trial) -> Cell:
    configuration = search.suggest(trial, trials.options)
    cell = Cell(configuration, trials.options.scope.seed, NO_ARM, SEARCH)
    trial.set_user_attr(DRAWN, cell_text(cell))
    return cell


def _row(done: Done, cell: Cell) -> dict[str, Any]:
    """The row of a run; one that is there is not made again."""
    take_rows(done)
    known, trials = _known_row(done, cell.key), done.trials
    if known is not None:
        return known
    name, measure, out = trials.study.name, trials.study.measure, trials.options.place.out
    try:
        row = execute(name, cell.configuration, cell.seed, cell.role, out, measure)
        return row | {"look": trials.study.looks_before(cell, trials.options.scope)}
    except InvalidInput as error:
        raise InvalidInput(f"{error} ({run_text(cell)})") from None
    except Exception as error:
        if isinstance(error, OSError) and is_of_the_folder(error, out):
            raise
        raise error_of_run(error, cell, out, trials.options.place.storage) from error


@patient
def _known_row(done: Done, key: RunKey) -> dict[str, Any] | None:
    record = done.runs.read().get(key)
    if record is None or not remembered({key: record}, done.trials.cells):
        return None
    return stored_row(record)


def _finish(done: Done, study: optuna.Study, trial: optuna.Trial, row: dict[str, Any]) -> None:
    """Store the row, in the storage first: it says which of two workers was the one."""
    # Finished already: stored at an earlier try, or taken for dead and given to another.
    with suppress(UpdateFinishedTrialError):
        _store(done.trials, study, trial, row)
    take_rows(done)
    # With the row stored, a checkpoint is of no use.
    checkpoint = checkpoint_path(done.trials.options.place.out, row["configuration"], row["seed"])
    checkpoint.unlink(missing_ok=True)


@patient
def _store(trials: Trials, study: optuna.Study, trial: optuna.Trial, row: dict[str, Any]) -> None:
    for name, value in words_of(row).items():
        trial.set_user_attr(name, value)
    trial.set_user_attr(ROW, row_text(row))
    if row["status"] == COMPLETE:
        study.tell(trial, values_of(row, len(study.directions)), skip_if_finished=True)
    else:
        study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)


@patient
def _give_up(trials: Trials, study: optuna.Study, trial: optuna.Trial) -> None:
    study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
