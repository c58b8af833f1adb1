"""Runs as Optuna trials that workers claim: the search's, and cells that must exist.

A trial is enqueued once, claimed atomically by one worker, and finished when it carries
its row. Every command and worker copies the rows of finished trials into the ``runs.csv``
of its own results folder. The trials of a worker that died are enqueued again.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256

import optuna
import pandas as pd
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from qcnn.seeds import derive
from studies.configuration import Configuration
from studies.execute import checkpoint_path, execute
from studies.labels import SEARCH
from studies.rows import COLUMNS, add_rows, read_rows
from studies.storage import Store
from studies.study import Cell, Options, Search, Study
from studies.trial_rows import (
    CELL,
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
    row_text,
    stored_rows,
    values_of,
)

SAMPLER = "TPESampler(multivariate, constant_liar)"
PRUNER = "NopPruner"


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

        Rows that are in ``runs.csv`` alone become finished trials first.
        """
        with self.store.setup_lock():
            for study in (self.search, self.cells):
                for trial in self.store.fail_abandoned(study):
                    _enqueue_again(study, trial)
            if self.study.search is not None:
                self._enqueue_search(self.study.search)
            self._enqueue_cells(cells)

    def take_rows(self) -> None:
        """Copy the rows of trials that were finished anywhere into ``runs.csv``."""
        new = {
            (study.study_name, trial.number): row_from_text(trial.user_attrs[ROW])
            for study in (self.search, self.cells)
            for trial in _finished(study)
            if (study.study_name, trial.number) not in self._taken
        }
        if new:
            add_rows(self.csv, new.values())
            self._taken |= set(new)

    def run_next(self) -> bool:
        """Claim one trial and run it; False where there is none."""
        return self._run_search_trial() or self._run_cell()

    def search_rows(self) -> pd.DataFrame:
        """Rows of this search, from its trials: the same on every machine."""
        rows = [row_from_text(trial.user_attrs[ROW]) for trial in _finished(self.search)]
        return pd.DataFrame(rows, columns=list(COLUMNS)).drop_duplicates("configuration")

    def _enqueue_search(self, search: Search) -> None:
        known = set(self.search_rows()["configuration"])
        rows = read_rows(self.csv)
        for row in stored_rows(rows[(rows["role"] == SEARCH) & (rows["search"] == self.key)]):
            if row["configuration"] not in known:
                self.search.add_trial(finished_trial(row, len(self.search.directions)))
        trials = self.search.get_trials(deepcopy=False)
        leads = dict(enumerate(search.leads(self.options)))
        for number in range(sum(map(_counts, trials)), self.options.trials):
            self.search.enqueue_trial(dict(leads.get(number, {})), user_attrs={SEARCHED: True})

    def _enqueue_cells(self, cells: Sequence[Cell]) -> None:
        known = {
            cell_key(cell_from_text(trial.user_attrs[CELL]))
            for trial in self.cells.get_trials(deepcopy=False)
            if CELL in trial.user_attrs and _counts(trial)
        }
        stored = {
            (row["configuration"], row["seed"], row["role"]): row
            for row in stored_rows(read_rows(self.csv))
        }
        for cell in cells:
            key = cell_key(cell)
            if key in known:
                continue
            known.add(key)
            attributes = {CELL: cell_text(cell)}
            if key in stored:
                self.cells.add_trial(finished_trial(stored[key], 1, **attributes))
            else:
                self.cells.enqueue_trial({}, user_attrs=attributes)

    def _run_search_trial(self) -> bool:
        trial = self.store.patiently(lambda: self._claim(self.search, SEARCHED))
        if trial is None:
            return False
        search = self.study.search
        assert search is not None  # or no search trial is ever enqueued
        with self.store.held(self.search, trial):
            try:
                configuration = self.store.patiently(lambda: search.suggest(trial, self.options))
                row = self._row(
                    configuration,
                    self.options.seed,
                    SEARCH,
                    search=self.key,
                    search_parameters=parameters_text(trial),
                    sampler=SAMPLER,
                    pruner=PRUNER,
                )
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
                row = self._row(cell.configuration, cell.seed, cell.role, label=cell.label)
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
        trial.set_user_attr(WORKER, self.worker)
        return trial

    def _row(self, configuration: Configuration, seed: int, role: str, **columns: str) -> Row:
        """The row of a run, with further ``columns``; one that is there is not made again."""
        known = self._known_row(configuration, seed, role)
        if known is not None:
            return known
        name, out = self.study.name, self.options.out
        return execute(name, configuration, seed, role, out, self.study.measure) | columns

    def _known_row(self, configuration: Configuration, seed: int, role: str) -> Row | None:
        self.store.patiently(self.take_rows)
        rows = read_rows(self.csv)
        same = (rows["configuration"] == configuration.digest()) & (rows["seed"] == seed)
        return next(iter(stored_rows(rows[same & (rows["role"] == role)])), None)

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
    return [trial for trial in study.get_trials(deepcopy=False) if is_finished(trial)]


def _counts(trial: FrozenTrial) -> bool:
    return is_open(trial) or is_finished(trial)


def _enqueue_again(study: optuna.Study, trial: FrozenTrial) -> None:
    """With the parameters given or drawn so far, unless the worker had stored the row."""
    kept = {name: trial.user_attrs[name] for name in (SEARCHED, CELL) if name in trial.user_attrs}
    if kept and ROW not in trial.user_attrs:
        given = trial.system_attrs.get("fixed_params", {})
        study.enqueue_trial({**given, **trial.params}, user_attrs=kept)
