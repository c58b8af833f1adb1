"""Runs as Optuna trials that workers claim: the search's, and cells that must exist.

Both live in a journal file beside the results (one host). A trial is enqueued once,
claimed atomically by one worker, and finished when its row is in ``runs.csv``. A worker
holds a lock file as long as it lives, so that the trials of a dead one are recognised
and enqueued again.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
from filelock import FileLock, Timeout
from optuna.distributions import distribution_to_json, json_to_distribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from qcnn.seeds import derive
from studies.configuration import Configuration, configuration_from_axes
from studies.execute import checkpoint_path, execute
from studies.labels import FINAL, SEARCH
from studies.rows import add_rows, read_rows
from studies.study import Cell, Options, Study

SAMPLER = "TPESampler(multivariate, constant_liar)"
PRUNER = "NopPruner"
_CLAIM_GRACE = timedelta(seconds=10)
_OPEN = (TrialState.WAITING, TrialState.RUNNING)


class TrialQueue:
    """The trials of one study under one set of options.

    Args:
        study: the study.
        options: every choice of the command.
        worker: identity of the process, for its sampler's seed and its claims.
    """

    def __init__(self, study: Study, options: Options, worker: str) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.study, self.options, self.worker = study, options, worker
        self.csv = options.out / "runs.csv"
        self.workers = options.out / "workers"
        self.workers.mkdir(parents=True, exist_ok=True)
        self.setup_lock = FileLock(options.out / "setup.lock")
        storage = JournalStorage(JournalFileBackend(str(options.out / "journal.log")))
        sampler = optuna.samplers.TPESampler(
            seed=derive(options.seed, study.name, worker) % 2**32,
            multivariate=True,
            constant_liar=True,
        )
        self.search = optuna.create_study(
            study_name=f"search {self.key}",
            storage=storage,
            sampler=sampler,
            pruner=optuna.pruners.NopPruner(),
            directions=["maximize", "minimize"],
            load_if_exists=True,
        )
        self.cells = optuna.create_study(
            study_name=f"cells {self.key}",
            storage=storage,
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

    def prepare_search(self) -> None:
        """Enqueue what is missing of the search, after taking in rows of earlier journals."""
        with self.setup_lock:
            self._release_dead_claims(self.search)
            self._import_rows()
            counted = sum(is_open(t) or is_finished(t) for t in self.search.trials)
            for _ in range(counted, self.options.trials):
                self.search.enqueue_trial({}, user_attrs={"enqueued": True})

    def prepare_cells(self, cells: Iterable[Cell]) -> list[Cell]:
        """Enqueue the cells that have no row and are not in the queue; returns all of them."""
        wanted = list(cells)
        with self.setup_lock:
            self._release_dead_claims(self.cells)
            rows = self.final_rows()
            known = set(zip(rows["configuration"], rows["seed"], strict=True))
            known |= {_cell_key(t) for t in self.cells.trials if is_open(t) and _is_cell(t)}
            for cell in wanted:
                if (cell.configuration.digest(), cell.seed) not in known:
                    known.add((cell.configuration.digest(), cell.seed))
                    self.cells.enqueue_trial({}, user_attrs={"cell": _cell_text(cell)})
        return wanted

    def release_dead_claims(self) -> None:
        """Enqueue again the trials whose worker is gone."""
        with self.setup_lock:
            self._release_dead_claims(self.search)
            self._release_dead_claims(self.cells)

    def run_next(self) -> bool:
        """Claim one trial and run it; False where there is none."""
        return self._run_search_trial() or self._run_cell()

    def search_rows(self) -> pd.DataFrame:
        """Rows of this search."""
        rows = read_rows(self.csv)
        return rows[(rows["role"] == SEARCH) & (rows["search"] == self.key)]

    def final_rows(self) -> pd.DataFrame:
        """Rows of final runs."""
        rows = read_rows(self.csv)
        return rows[rows["role"] == FINAL]

    def _run_search_trial(self) -> bool:
        trial = self._claim(self.search, "enqueued")
        if trial is None:
            return False
        try:
            assert self.study.search is not None  # or no search trial is ever enqueued
            configuration = self.study.search.suggest(trial, self.options)
            row = self._known_row(configuration)
            if row is None:
                row = self._execute(configuration, self.options.seed, SEARCH) | {
                    "search": self.key,
                    "search_parameters": _parameters_text(trial),
                    "sampler": SAMPLER,
                    "pruner": PRUNER,
                }
                self._store(configuration, self.options.seed, row)
            self._finish(self.search, trial, row, _values(row))
        except Exception:
            self.search.tell(trial, state=TrialState.FAIL)
            raise
        return True

    def _run_cell(self) -> bool:
        trial = self._claim(self.cells, "cell")
        if trial is None:
            return False
        try:
            cell = _cell_from_text(trial.user_attrs["cell"])
            row = self._execute(cell.configuration, cell.seed, FINAL) | {"label": cell.label}
            self._store(cell.configuration, cell.seed, row)
            self._finish(self.cells, trial, row, _values(row)[:1])
        except Exception:
            self.cells.tell(trial, state=TrialState.FAIL)
            raise
        return True

    def _execute(self, configuration: Configuration, seed: int, role: str) -> dict[str, Any]:
        out = self.options.out
        return execute(self.study.name, configuration, seed, role, out, self.study.measure)

    def _store(self, configuration: Configuration, seed: int, row: dict[str, Any]) -> None:
        """Add a run's row, after which its checkpoint is of no use."""
        add_rows(self.csv, [row])
        checkpoint_path(self.options.out, configuration, seed).unlink(missing_ok=True)

    def _claim(self, study: optuna.Study, mark: str) -> optuna.Trial | None:
        """A waiting trial; asking is atomic, and a trial made because none waited is dropped."""
        if not any(t.state == TrialState.WAITING for t in study.trials):
            return None
        trial = study.ask()
        if mark not in trial.user_attrs:
            study.tell(trial, state=TrialState.FAIL)
            return None
        trial.set_user_attr("worker", self.worker)
        return trial

    def _finish(
        self, study: optuna.Study, trial: optuna.Trial, row: dict[str, Any], values: list[float]
    ) -> None:
        summary = {key: row.get(key) for key in ("status", "val_accuracy", "trainable_parameters")}
        trial.set_user_attr("row", json.loads(json.dumps(summary, default=float)))
        if row["status"] == "complete":
            study.tell(trial, values)
        else:
            study.tell(trial, state=TrialState.FAIL)

    def _known_row(self, configuration: Configuration) -> dict[str, Any] | None:
        rows = read_rows(self.csv)
        same = rows[
            (rows["role"] == SEARCH)
            & (rows["configuration"] == configuration.digest())
            & (rows["seed"] == self.options.seed)
        ]
        return None if same.empty else dict(same.iloc[0])

    def _release_dead_claims(self, study: optuna.Study) -> None:
        for trial in study.trials:
            if trial.state != TrialState.RUNNING:
                continue
            if not self._is_alive(trial):
                study.tell(trial.number, state=TrialState.FAIL)
                kept = {k: v for k, v in trial.user_attrs.items() if k in ("enqueued", "cell")}
                if kept:
                    study.enqueue_trial(trial.params, user_attrs=kept)

    def _is_alive(self, trial: FrozenTrial) -> bool:
        worker = trial.user_attrs.get("worker")
        if worker is None:  # claimed a moment ago, its worker not yet written down
            assert trial.datetime_start is not None
            return datetime.now() - trial.datetime_start < _CLAIM_GRACE
        try:
            with worker_lock(self.options.out, worker):
                return False
        except Timeout:
            return True

    def _import_rows(self) -> None:
        """Show the sampler rows that another journal's trials have left in ``runs.csv``."""
        if any(is_finished(trial) for trial in self.search.trials):
            return
        for row in self.search_rows().to_dict("records"):
            parameters = json.loads(row["search_parameters"])
            complete = row["status"] == "complete"
            self.search.add_trial(
                optuna.trial.create_trial(
                    state=TrialState.COMPLETE if complete else TrialState.FAIL,
                    params={name: value for name, (value, _) in parameters.items()},
                    distributions={
                        name: json_to_distribution(text) for name, (_, text) in parameters.items()
                    },
                    values=_values(row) if complete else None,
                    user_attrs={"row": {"status": row["status"]}},
                )
            )


def is_open(trial: FrozenTrial) -> bool:
    """Whether a trial waits or runs."""
    return trial.state in _OPEN


def is_finished(trial: FrozenTrial) -> bool:
    """Whether a trial ended with a row, complete or diverged."""
    return "row" in trial.user_attrs and not is_open(trial)


def _is_cell(trial: FrozenTrial) -> bool:
    return "cell" in trial.user_attrs


def _values(row: dict[str, Any]) -> list[float]:
    if row["status"] != "complete":
        return [0.0, float(row["trainable_parameters"])]
    return [float(row["val_accuracy"]), float(row["trainable_parameters"])]


def _parameters_text(trial: optuna.Trial) -> str:
    return json.dumps(
        {
            name: [value, distribution_to_json(trial.distributions[name])]
            for name, value in trial.params.items()
        }
    )


def _cell_text(cell: Cell) -> str:
    return json.dumps({"axes": cell.configuration.axes(), "seed": cell.seed, "label": cell.label})


def _cell_from_text(text: str) -> Cell:
    stored = json.loads(text)
    return Cell(configuration_from_axes(stored["axes"]), stored["seed"], stored["label"])


def _cell_key(trial: FrozenTrial) -> tuple[str, int]:
    cell = _cell_from_text(trial.user_attrs["cell"])
    return cell.configuration.digest(), cell.seed


def worker_lock(folder: Path, worker: str) -> FileLock:
    """The lock that says a worker lives."""
    return FileLock(folder / "workers" / f"{worker}.lock", timeout=0)
