"""Runs as Optuna trials that workers claim: the search's, and cells that must exist.

A trial is enqueued once, claimed atomically by one worker, and finished when it carries
its row. Every command and worker copies the rows of finished trials into the ``runs.csv``
of its own results folder. The trials of a worker that died are enqueued again. What waits
without being wanted by a command that starts is withdrawn: another one that lives and wants
it enqueues it again.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import sha256

import optuna
import pandas as pd
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from qcnn import InvalidInput
from qcnn.seeds import derive
from studies.design.arms import NO_ARM
from studies.design.configuration import Configuration, shortened
from studies.design.roles import FAILED, SEARCH
from studies.design.study import Cell, Options, Search, Study
from studies.runs.execute import checkpoint_path, execute
from studies.runs.failures import MOST_LOSSES, error_of_run, failed_row, is_of_the_folder, run_text
from studies.store.codec import (
    CELL,
    DRAWN,
    ROW,
    SEARCHED,
    WORKER,
    Row,
    cell_from_text,
    cell_key,
    cell_text,
    finished_trial,
    is_finished,
    is_open,
    parameters_text,
    row_from_text,
    row_key,
    row_text,
    stored_rows,
    values_of,
)
from studies.store.rows import COLUMNS, add_rows, drop_failed, read_rows
from studies.store.storage import Store, T

SAMPLER = "TPESampler(multivariate, constant_liar)"
PRUNER = "NopPruner"
#: So many wait at most of the search, and of the cells, for each job and altogether: enough
#: until the command looks again, and few to withdraw when a command asked for too many.
_AHEAD_OF_JOB, _AHEAD = 10, 100
#: Attributes of a study: numbers of its failed trials that are run again; losses of a run.
_RETRIED, _LOST = "retried", "lost"


class TrialQueue:
    """The trials of one study under one set of options.

    Args:
        study: the study.
        options: every choice of the command.
        worker: identity of the process, for its sampler's seed and its trials.
        store: where the trials are kept.
    """

    def __init__(self, study: Study, options: Options, worker: str, store: Store) -> None:
        # Its warnings are about what is handled here: failed trials, a server that is away.
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.study, self.options, self.worker, self.store = study, options, worker, store
        self.csv = options.out / "runs.csv"
        self._taken: set[tuple[str, int]] = set()
        self._begun = False
        self._lost_while_drawing = 0
        # Journals of earlier versions hold studies without the first word, in another form:
        # their rows are in runs.csv, from where they become trials of these.
        sampler = optuna.samplers.TPESampler(
            seed=derive(options.seed, study.name, worker) % 2**32,
            multivariate=True,
            constant_liar=True,
        )
        self.search = optuna.create_study(
            study_name=f"{study.name} search {self.key}",
            storage=store.storage,
            sampler=sampler,
            pruner=optuna.pruners.NopPruner(),
            directions=["maximize", "minimize"],
            load_if_exists=True,
        )
        self.cells = optuna.create_study(
            study_name=f"{study.name} cells {self.key}",
            storage=store.storage,
            sampler=optuna.samplers.RandomSampler(seed=0),
            pruner=optuna.pruners.NopPruner(),
            direction="maximize",
            load_if_exists=True,
        )

    @property
    def key(self) -> str:
        """Identity of the queue: commands with other axes do not share trials.

        What an interrupted command has left waiting is for the same command to resume.
        """
        options = self.options
        key = [self.study.name, options.dataset, options.epochs, options.seed]
        text = json.dumps([*key, dict(options.axes)], sort_keys=True, default=str)
        return sha256(text.encode()).hexdigest()[:12]

    def enqueue_missing(self, cells: Sequence[Cell]) -> None:
        """Enqueue what is neither done nor open: abandoned trials, the search's, ``cells``.

        Rows that are in ``runs.csv`` alone become finished trials first. At the first call what
        waits beyond the search's trials and ``cells`` is withdrawn. Of many that are missing
        only as many are enqueued as the workers can claim until the next call.
        """
        with self.store.setup_lock():
            self._release_abandoned()
            if self.options.retry_failed and not self._begun:
                self._retry_failed()
            if self.study.search is not None:
                self._enqueue_search(self.study.search)
            self._enqueue_cells(cells)
            self._begun = True

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
            held = self._held_by(worker)
            if held is None:
                return f"a worker was lost to {reason} between two runs"
            study, trial = held
            with suppress(UpdateFinishedTrialError):  # another command was faster
                study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
            cell = _cell_of(trial)
            losses = [] if cell is None else self._count_loss(study, trial, cell, reason)
            if cell is not None and len(losses) >= MOST_LOSSES:
                self._add_failed(study, trial, cell, losses)
            elif trial.state == TrialState.RUNNING:  # or it is enqueued again already
                _enqueue_again(study, trial)
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

    def take_rows(self) -> None:
        """Copy the rows of trials that were finished anywhere into ``runs.csv``."""
        new = {
            (study.study_name, trial.number): _row(trial)
            for study in self._studies
            for trial in _finished(study)
            if (study.study_name, trial.number) not in self._taken
        }
        if new:
            add_rows(self.csv, sorted(new.values(), key=lambda row: row["status"] == FAILED))
            self._taken |= set(new)

    def run_next(self) -> bool:
        """Claim one trial and run it; False where there is none."""
        return self._run_search_trial() or self._run_cell()

    def search_rows(self) -> pd.DataFrame:
        """Rows of this search, from its trials: the same on every machine."""
        rows = list(map(_row, _finished(self.search)))
        return pd.DataFrame(rows, columns=list(COLUMNS)).drop_duplicates("configuration")

    def search_state(self) -> tuple[int, float | None]:
        """How many trials of the search are done, and the best validation accuracy so far."""
        done = _finished(self.search)
        rows = [_row(trial) for trial in done if trial.state == TrialState.COMPLETE]
        return len(done), max((row["val_accuracy"] for row in rows), default=None)

    @property
    def _studies(self) -> tuple[optuna.Study, optuna.Study]:
        return self.search, self.cells

    @property
    def _ahead(self) -> int:
        return max(_AHEAD, _AHEAD_OF_JOB * self.options.jobs)

    def _release_abandoned(self) -> None:
        for study in self._studies:
            for trial in self.store.fail_abandoned(study):
                if study is self.cells or len(_counting(study)) < self.options.trials:
                    _enqueue_again(study, trial)
        self.store.sweep()

    def _retry_failed(self) -> None:
        """Forget which runs were given up, and what they have cost."""
        for study in self._studies:
            failed = [trial for trial in _finished(study) if _row(trial)["status"] == FAILED]
            study.set_user_attr(_RETRIED, sorted({*_retried(study), *(t.number for t in failed)}))
            for trial in failed:
                row = _row(trial)
                self.cells.set_user_attr(_losses_name(row["configuration"], row["seed"]), {})
                if study is self.search:
                    study.enqueue_trial(dict(trial.params), user_attrs={SEARCHED: True})
        drop_failed(self.csv)

    def _stored_rows(self) -> list[Row]:
        """Rows of ``runs.csv``, but for those of runs that another command wants again."""
        rows = stored_rows(read_rows(self.csv))
        forgotten = {name for name, losses in self.cells.user_attrs.items() if losses == {}}
        return [
            row
            for row in rows
            if row["status"] != FAILED
            or _losses_name(row["configuration"], row["seed"]) not in forgotten
        ]

    def _enqueue_search(self, search: Search) -> None:
        known = set(self.search_rows()["configuration"])
        for row in self._stored_rows():
            own = row["role"] == SEARCH and row["search"] == self.key
            if own and row["configuration"] not in known:
                self.search.add_trial(finished_trial(row, len(self.search.directions)))
        counting = _counting(self.search)
        waiting = [trial for trial in counting if trial.state == TrialState.WAITING]
        if not self._begun:
            surplus = max(0, len(counting) - self.options.trials)
            self._withdraw(self.search, waiting[::-1][:surplus])
        leads = dict(enumerate(search.leads(self.options)))
        room = max(0, self._ahead - len(waiting))
        for number in range(len(counting), min(self.options.trials, len(counting) + room)):
            self.search.enqueue_trial(dict(leads.get(number, {})), user_attrs={SEARCHED: True})

    def _enqueue_cells(self, cells: Sequence[Cell]) -> None:
        waiting = self.cells.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        if not self._begun:
            wanted = set(map(cell_key, cells))
            unwanted = [trial for trial in waiting if _key(trial) not in wanted]
            self._withdraw(self.cells, unwanted)
        known = set(map(_key, _counting(self.cells)))
        stored = {row_key(row): row for row in self._stored_rows()}
        room = self._ahead - len(waiting)
        for cell in cells:
            key = cell_key(cell)
            if key in known:
                continue
            attributes = {CELL: cell_text(cell)}
            if key in stored:
                self.cells.add_trial(finished_trial(stored[key], 1, **attributes))
            elif room > 0:
                self.cells.enqueue_trial({}, user_attrs=attributes)
                room -= 1
            known.add(key)

    def _withdraw(self, study: optuna.Study, trials: Iterable[FrozenTrial]) -> None:
        """End waiting trials; those that a worker claims at this moment are left to it."""
        storage = self.store.storage
        study_id = storage.get_study_id_from_name(study.study_name)
        for trial in trials:
            trial_id = storage.get_trial_id_from_study_id_trial_number(study_id, trial.number)
            with suppress(UpdateFinishedTrialError):
                if storage.set_trial_state_values(trial_id, TrialState.RUNNING):
                    storage.set_trial_state_values(trial_id, TrialState.FAIL)

    def _held_by(self, worker: str) -> tuple[optuna.Study, FrozenTrial] | None:
        """The trial in whose midst a worker is, if it is in any."""
        trials = [
            (trial.datetime_start, study, trial)
            for study in self._studies
            for trial in study.get_trials(deepcopy=False)
            if trial.user_attrs.get(WORKER) == worker and trial.datetime_start is not None
        ]
        if not trials:
            return None
        _, study, trial = max(trials, key=lambda item: item[0])
        return None if ROW in trial.user_attrs else (study, trial)

    def _count_loss(
        self, study: optuna.Study, trial: FrozenTrial, cell: Cell, reason: str
    ) -> list[str]:
        """What ended the workers that a run has cost, this one included."""
        digest, seed, _ = cell_key(cell)
        name = _losses_name(digest, seed)
        losses = dict(_attribute(self.cells, name, dict))
        losses[f"{study.study_name} {trial.number}"] = reason
        self.cells.set_user_attr(name, losses)
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
        key = cell_key(cell)
        waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        self._withdraw(study, (other for other in waiting if _key(other) == key))
        if study is self.cells and any(_key(other) == key for other in _finished(study)):
            return
        rows = read_rows(self.csv)
        alike = rows[(rows["configuration"] == key[0]) & (rows["trainable_parameters"] > 0)]
        row = failed_row(self.study.name, cell, losses, next(iter(stored_rows(alike)), None))
        attributes = {CELL: cell_text(cell)}
        if study is self.search:
            row, attributes = row | self._search_columns(trial), {}
        study.add_trial(finished_trial(row, len(study.directions), **attributes))

    def _search_columns(self, trial: optuna.Trial | FrozenTrial) -> dict[str, str]:
        return {
            "search": self.key,
            "search_parameters": parameters_text(trial),
            "sampler": SAMPLER,
            "pruner": PRUNER,
        }

    def _run_search_trial(self) -> bool:
        trial = self.store.patiently(lambda: self._claim(self.search, SEARCHED))
        if trial is None:
            return False
        search = self.study.search
        assert search is not None  # or no search trial is ever enqueued
        with self.store.held(self.search, trial):
            try:
                cell = self.store.patiently(lambda: self._draw(search, trial))
                row = self._row(cell) | self._search_columns(trial)
            except UpdateFinishedTrialError:  # taken for dead, and given to another
                return True
            except Exception:
                self._give_up(self.search, trial)
                raise
            self._finish(self.search, trial, row)
        return True

    def _run_cell(self) -> bool:
        trial = self.store.patiently(lambda: self._claim(self.cells, CELL))
        if trial is None:
            return False
        cell = cell_from_text(trial.user_attrs[CELL])
        with self.store.held(self.cells, trial):
            try:
                row = self._row(cell) | {"setting": cell.arm.setting, "arm": cell.arm.name}
            except Exception:
                self._give_up(self.cells, trial)
                raise
            self._finish(self.cells, trial, row)
        return True

    def _claim(self, study: optuna.Study, mark: str) -> optuna.Trial | None:
        """A waiting trial; asking is atomic, and a trial made because none waited is dropped."""
        if not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            return None
        trial = study.ask()
        if mark not in trial.user_attrs:
            study.tell(trial, state=TrialState.FAIL)
            return None
        try:
            trial.set_user_attr(WORKER, self.worker)
        except UpdateFinishedTrialError:  # taken for dead already
            return None
        return trial

    def _draw(self, search: Search, trial: optuna.Trial) -> Cell:
        configuration: Configuration = search.suggest(trial, self.options)
        cell = Cell(configuration, self.options.seed, NO_ARM, SEARCH)
        trial.set_user_attr(DRAWN, cell_text(cell))
        return cell

    def _row(self, cell: Cell) -> Row:
        """The row of a run; one that is there is not made again.

        Raises:
            InvalidInput: for a run that its options do not allow.
            OSError: if the results folder cannot be used.
            RunError: for any other error of the run.
        """
        known = self._known_row(cell)
        if known is not None:
            return known
        name, measure, out = self.study.name, self.study.measure, self.options.out
        try:
            return execute(name, cell.configuration, cell.seed, cell.role, out, measure)
        except InvalidInput as error:
            raise InvalidInput(f"{error} ({run_text(cell)})") from None
        except Exception as error:
            if isinstance(error, OSError) and is_of_the_folder(error, out):
                raise
            raise error_of_run(error, cell, out, self.options.storage) from error

    def _known_row(self, cell: Cell) -> Row | None:
        self.store.patiently(self.take_rows)
        rows = self.store.patiently(self._stored_rows)
        return next((row for row in rows if row_key(row) == cell_key(cell)), None)

    def _finish(self, study: optuna.Study, trial: optuna.Trial, row: Row) -> None:
        """Store the row, in the storage first: it says which of two workers was the one."""

        def store() -> None:
            trial.set_user_attr(ROW, row_text(row))
            if row["status"] == "complete":
                values = values_of(row, len(study.directions))
                study.tell(trial, values, skip_if_finished=True)
            else:
                study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)

        # Finished already: stored at an earlier try, or taken for dead and given to another.
        with suppress(UpdateFinishedTrialError):
            self.store.patiently(store)
        self.store.patiently(self.take_rows)
        # With the row stored, a checkpoint is of no use.
        checkpoint = checkpoint_path(self.options.out, row["configuration"], row["seed"])
        checkpoint.unlink(missing_ok=True)

    def _give_up(self, study: optuna.Study, trial: optuna.Trial) -> None:
        self.store.patiently(
            lambda: study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        )


def _finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that are done, and not to be done again."""
    retried = _retried(study)
    trials = study.get_trials(deepcopy=False)
    return [trial for trial in trials if is_finished(trial) and trial.number not in retried]


def _counting(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that are done, run or wait."""
    opened = [trial for trial in study.get_trials(deepcopy=False) if is_open(trial)]
    return [*_finished(study), *opened]


def _retried(study: optuna.Study) -> set[int]:
    return set(_attribute(study, _RETRIED, list))


def _attribute(study: optuna.Study, name: str, kind: type[T]) -> T:
    """What a study carries under a name, else an empty one.

    Raises:
        InvalidInput: if it is of another kind, or not of whole numbers or texts, as no study
            writes it.
    """
    found = study.user_attrs.get(name, kind())
    values = found.values() if isinstance(found, dict) else found
    if not isinstance(found, kind) or any(type(each) not in (int, str) for each in values):
        raise InvalidInput(
            f"{name!r} in the storage of trials is {shortened(found)}; allowed is what a study "
            "writes"
        )
    return found


def _row(trial: FrozenTrial) -> Row:
    return row_from_text(trial.user_attrs[ROW])


def _cell_of(trial: FrozenTrial) -> Cell | None:
    """The run of a trial, unless it has yet to be drawn."""
    text = trial.user_attrs.get(CELL) or trial.user_attrs.get(DRAWN)
    return None if text is None else cell_from_text(text)


def _key(trial: FrozenTrial) -> tuple[str, int, str] | None:
    """What a trial is or will be the run of; a journal that lost lines may give it another row."""
    if ROW in trial.user_attrs:
        return row_key(_row(trial))
    cell = _cell_of(trial)
    return None if cell is None else cell_key(cell)


def _losses_name(digest: str, seed: int) -> str:
    return f"{_LOST} {digest} {seed}"


def _enqueue_again(study: optuna.Study, trial: FrozenTrial) -> None:
    """With the parameters given or drawn so far, unless the worker had stored the row."""
    names = (SEARCHED, CELL, DRAWN)
    kept = {name: trial.user_attrs[name] for name in names if name in trial.user_attrs}
    if kept and ROW not in trial.user_attrs:
        given = trial.system_attrs.get("fixed_params", {})
        study.enqueue_trial({**given, **trial.params}, user_attrs=kept)
