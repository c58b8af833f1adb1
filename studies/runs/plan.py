"""Trials as a command plans them: what waits, and what becomes of what lost workers held.

The trials of a worker that died are enqueued again. What waits without being wanted by a
command that starts is withdrawn: another one that lives and wants it enqueues it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from qcnn import InvalidInput
from studies.design.roles import FAILED, SEARCH
from studies.design.study import Cell, RunKey, Search
from studies.rows.runs_file import RunsFile, stored_row
from studies.rows.schema import COLUMNS, Record
from studies.runs.failures import MOST_LOSSES, failed_row, run_text
from studies.runs.trials import Trials
from studies.store.codec import (
    cell_of_trial,
    cell_text,
    finished_trial,
    key_of_trial,
    parameters_text,
    remembered,
    row_of_trial,
)
from studies.store.storage import Store, patient
from studies.store.trial_states import (
    CELL,
    DRAWN,
    RETRIED,
    ROW,
    SEARCHED,
    WORKER,
    Ended,
    attribute,
    counting,
    finished,
    lost_name,
    opened,
    retried_of,
)

#: So many wait at most of the search, and of the cells, for each job and altogether: enough
#: until the command looks again, and few to withdraw when a command asked for too many.
_AHEAD_OF_JOB, _AHEAD = 10, 100
_SEARCH = COLUMNS.index("search")


class Plan:
    """What waits of the trials of a command.

    Workers go on while it looks: a run that waits is open, then done, then stored as a row. It
    is looked for in the opposite order, so that it is found in at least one of these places.

    Args:
        trials: of the command.
        runs: its results file.
    """

    def __init__(self, trials: Trials, runs: RunsFile) -> None:
        self.trials, self._runs = trials, runs
        self._begun = False
        self._done_cells = _Known(trials.cells)
        self._lost_while_drawing = 0

    @property
    def store(self) -> Store:
        """Where the trials are kept."""
        return self.trials.store

    @patient
    def enqueue_missing(self, cells: Sequence[Cell]) -> None:
        """Enqueue what is neither done nor open: abandoned trials, the search's, ``cells``.

        Rows that are in ``runs.csv`` alone become finished trials first. At the first call what
        waits beyond the search's trials and ``cells`` is withdrawn. Of many that are missing
        only as many are enqueued as the workers can claim until the next call.
        """
        with self.store.setup_lock():
            self._release_abandoned()
            if self.trials.options.place.retry_failed and not self._begun:
                _retry_failed(self.trials, self._runs)
            if self.trials.study.search is not None:
                self._enqueue_search(self.trials.study.search)
            self._enqueue_cells(cells)
            self._begun = True

    @patient
    def release_lost(self, worker: str, reason: str) -> str:
        """Give the run of a worker that was lost to another, or give it up after too many losses.

        Args:
            worker: its name.
            reason: what ended it.

        Returns:
            a sentence on the loss.

        Raises:
            InvalidInput: if workers are lost again and again before there is a configuration.
        """
        with self.store.setup_lock():
            held = _held_by(self.trials, worker)
            if held is None:
                return f"a worker was lost to {reason} between two runs"
            study, trial = held
            with suppress(UpdateFinishedTrialError):  # another command was faster
                study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
            cell = cell_of_trial(trial)
            losses = [] if cell is None else self._count_loss(study, trial, cell.key, reason)
            if cell is not None and len(losses) >= MOST_LOSSES:
                self._add_failed(study, trial, cell, losses)
            elif trial.state == TrialState.RUNNING:  # or it is enqueued again already
                enqueue_again(study, trial)
        if cell is None:
            self._count_undrawn(reason)
            return f"a worker was lost to {reason} while it drew a configuration"
        then = "its status is failed" if len(losses) >= MOST_LOSSES else "it is run again"
        return (
            f"a worker was lost to {reason} in {run_text(cell)}, loss {len(losses)} of "
            f"{MOST_LOSSES}: {then}"
        )

    def leave(self) -> None:
        """Give back what killed workers of this command held, where it is seen at once.

        What fails here is done by the next command.
        """
        if self.store.sees_deaths_at_once:
            with suppress(Exception), self.store.setup_lock():
                self._release_abandoned()

    @property
    def _ahead(self) -> int:
        return max(_AHEAD, _AHEAD_OF_JOB * self.trials.options.place.jobs)

    def _release_abandoned(self) -> None:
        for study in self.trials.both:
            for trial in self.store.fail_abandoned(study):
                of_search = study is self.trials.search
                if not of_search or len(counting(study)) < self.trials.options.amount.trials:
                    enqueue_again(study, trial)
        self.store.sweep()

    def _stored(self) -> Mapping[RunKey, Record]:
        return remembered(self._runs.read(), self.trials.cells)

    def _enqueue_search(self, search: Search) -> None:
        study, options = self.trials.search, self.trials.options
        stored = self._stored()
        known = {row_of_trial(trial)["configuration"] for trial in finished(study)}
        for key, record in stored.items():
            own = key.role == SEARCH and record[_SEARCH] == self.trials.key
            if own and key.configuration not in known:
                study.add_trial(finished_trial(stored_row(record), len(study.directions)))
        counted = counting(study)
        waiting = [trial for trial in counted if trial.state == TrialState.WAITING]
        if not self._begun:
            surplus = max(0, len(counted) - options.amount.trials)
            self._withdraw(study, waiting[::-1][:surplus])
        leads = dict(enumerate(search.leads(options)))
        room = max(0, self._ahead - len(waiting))
        for number in range(len(counted), min(options.amount.trials, len(counted) + room)):
            study.enqueue_trial(dict(leads.get(number, {})), user_attrs={SEARCHED: True})

    def _enqueue_cells(self, cells: Sequence[Cell]) -> None:
        study = self.trials.cells
        waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        if not self._begun:
            wanted = {cell.key for cell in cells}
            self._withdraw(study, (t for t in waiting if key_of_trial(t) not in wanted))
        stored = self._stored()
        begun = set(map(key_of_trial, opened(study)))
        done = self._done_cells.keys()
        room = self._ahead - len(waiting)
        for cell in cells:
            if cell.key in done or cell.key in begun:
                continue
            attributes = {CELL: cell_text(cell)}
            if cell.key in stored:
                study.add_trial(finished_trial(stored_row(stored[cell.key]), 1, **attributes))
            elif room > 0:
                study.enqueue_trial({}, user_attrs=attributes)
                room -= 1
            begun.add(cell.key)

    def _withdraw(self, study: optuna.Study, trials: Iterable[FrozenTrial]) -> None:
        """End waiting trials; those that a worker claims at this moment are left to it."""
        storage = self.store.storage
        study_id = storage.get_study_id_from_name(study.study_name)
        for trial in trials:
            trial_id = storage.get_trial_id_from_study_id_trial_number(study_id, trial.number)
            with suppress(UpdateFinishedTrialError):
                if storage.set_trial_state_values(trial_id, TrialState.RUNNING):
                    storage.set_trial_state_values(trial_id, TrialState.FAIL)

    def _count_loss(
        self, study: optuna.Study, trial: FrozenTrial, key: RunKey, reason: str
    ) -> list[str]:
        """What ended the workers that a run has cost, this one included."""
        name = lost_name(key)
        losses = dict(attribute(self.trials.cells, name, dict))
        losses[f"{study.study_name} {trial.number}"] = reason
        self.trials.cells.set_user_attr(name, losses)
        return list(losses.values())

    def _count_undrawn(self, reason: str) -> None:
        self._lost_while_drawing += 1
        if self._lost_while_drawing >= MOST_LOSSES:
            raise InvalidInput(
                f"{self._lost_while_drawing} workers were lost while they drew a configuration, "
                f"the last to {reason}; allowed are searches that draw one"
            )

    def _add_failed(
        self, study: optuna.Study, trial: FrozenTrial, cell: Cell, losses: list[str]
    ) -> None:
        """Finish a run by a row that says what it cost."""
        key, trials = cell.key, self.trials
        waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        self._withdraw(study, (other for other in waiting if key_of_trial(other) == key))
        if study is trials.cells and any(key_of_trial(other) == key for other in finished(study)):
            return
        alike = (
            row
            for other, record in self._runs.read().items()
            if other.configuration == key.configuration
            and (row := stored_row(record))["trainable_parameters"] > 0
        )
        row = failed_row(trials.study.name, cell, losses, next(alike, None))
        row["look"] = trials.study.looks_before(cell, trials.options.scope)
        attributes = {CELL: cell_text(cell)}
        if study is trials.search:
            row, attributes = row | trials.search_columns(parameters_text(trial)), {}
        study.add_trial(finished_trial(row, len(study.directions), **attributes))


class _Known:
    """The runs that the trials which are done are of; what was seen is not looked at again."""

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        self._begin()

    def _begin(self) -> None:
        self._ended, self._keys = Ended(self._study), set[RunKey | None]()
        self._retried = retried_of(self._study)

    def keys(self) -> AbstractSet[RunKey | None]:
        """Of those that are not to be done again."""
        if retried_of(self._study) != self._retried:
            self._begin()
        new = self._ended.new()
        self._keys.update(map(key_of_trial, new))
        self._ended.take(new)
        return self._keys


def enqueue_again(study: optuna.Study, trial: FrozenTrial) -> None:
    """With the parameters given or drawn so far, unless the worker had stored the row."""
    names = (SEARCHED, CELL, DRAWN)
    kept = {name: trial.user_attrs[name] for name in names if name in trial.user_attrs}
    if kept and ROW not in trial.user_attrs:
        given = trial.system_attrs.get("fixed_params", {})
        study.enqueue_trial({**given, **trial.params}, user_attrs=kept)


def _retry_failed(trials: Trials, runs: RunsFile) -> None:
    """Forget which runs were given up, and what they have cost."""
    for study in trials.both:
        failed = [trial for trial in finished(study) if row_of_trial(trial)["status"] == FAILED]
        study.set_user_attr(RETRIED, sorted({*retried_of(study), *(t.number for t in failed)}))
        for trial in failed:
            trials.cells.set_user_attr(lost_name(RunKey.of(row_of_trial(trial))), {})
            if study is trials.search:
                study.enqueue_trial(dict(trial.params), user_attrs={SEARCHED: True})
    runs.drop_failed()


def _held_by(trials: Trials, worker: str) -> tuple[optuna.Study, FrozenTrial] | None:
    """The trial in whose midst a worker is, if it is in any."""
    held = [
        (trial.datetime_start, study, trial)
        for study in trials.both
        for trial in study.get_trials(deepcopy=False)
        if trial.user_attrs.get(WORKER) == worker and trial.datetime_start is not None
    ]
    if not held:
        return None
    _, study, trial = max(held, key=lambda item: item[0])
    return None if ROW in trial.user_attrs else (study, trial)
