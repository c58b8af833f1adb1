"""The phases of a study: search, tuning, fresh seeds."""

import math
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path

import pandas as pd
from rich.console import Console

from qcnn import InvalidInput
from studies.design.choose import candidate_cells, chosen_cells
from studies.design.roles import COMPLETE
from studies.design.study import Cell, Options, RunKey, Search, Study, fresh_seeds
from studies.rows.runs_file import read_rows, stored_row
from studies.rows.schema import Record
from studies.runs.console import PhaseProgress, TrialProgress
from studies.runs.finished import Done, follow, search_rows, search_state, take_rows
from studies.runs.plan import Plan
from studies.runs.trials import open_trials
from studies.runs.workers import WorkerPool, check_jobs
from studies.store.opening import open_store

_POLL_SECONDS = 0.5
_ENQUEUE_SECONDS = 2.0


def run_study(study: Study, options: Options, console: Console) -> None:
    """Do what is missing of a study.

    Raises:
        InvalidInput: for options that cannot be run.
    """
    check_jobs(options.place.jobs)
    if study.check is not None:
        study.check(options)
    read_rows(options.place.out / "runs.csv")  # a damaged file is refused before anything runs
    name = f"command-{uuid.uuid4().hex[:8]}"
    with closing(open_store(options.place.out, options.place.storage)) as store:
        trials = open_trials(study, options, name, store)
        done = follow(trials)
        plan = Plan(trials, done.runs)
        try:
            with TrialProgress(console) as progress:
                _run_phases(done, plan, progress)
        finally:
            plan.leave()


def _run_phases(done: Done, plan: Plan, progress: TrialProgress) -> None:
    trials = done.trials
    study, options = trials.study, trials.options
    candidates = {} if study.tuned is None else study.tuned(options)
    cells = study.cells(options)
    plan.enqueue_missing(cells)
    with WorkerPool(options, study.name) as workers:
        if study.search is not None:
            phase = progress.start("search", options.amount.trials)
            _wait(plan, workers, phase, cells, lambda: _search_state(done))
            cells = [*cells, *_finalists(study.search, options, search_rows(trials))]
        if candidates:
            tried = candidate_cells(candidates, options)
            phase = progress.start("tuning", len(_keys(tried)))
            _wait(plan, workers, phase, [*tried, *cells], CellsState(done, tried))
            rows = read_rows(trials.csv)
            cells = [*cells, *chosen_cells(candidates, rows, options)]
        phase = progress.start("fresh seeds", len(_keys(cells)))
        _wait(plan, workers, phase, cells, CellsState(done, cells))


def _finalists(search: Search, options: Options, rows: pd.DataFrame) -> list[Cell]:
    return [
        Cell(configuration, seed, arm)
        for arm, configuration in search.choose_finalists(rows, options)
        for seed in fresh_seeds(options, options.amount.seeds)
    ]


def _keys(cells: list[Cell]) -> set[RunKey]:
    return {cell.key for cell in cells}


def _wait(
    plan: Plan,
    workers: WorkerPool,
    phase: PhaseProgress,
    cells: list[Cell],
    state: Callable[[], tuple[int, float | None, bool]],
) -> None:
    """Until all of the phase is done; what lost workers leave is given to others."""
    enqueued = -math.inf
    while True:
        losses = workers.replace_lost()
        if losses:  # a signal to all processes of the command has reached it by then
            time.sleep(_POLL_SECONDS)
        for loss in losses:
            _say(plan.release_lost(loss.worker, loss.reason))
            enqueued = -math.inf
        if time.monotonic() - enqueued > _ENQUEUE_SECONDS:
            plan.enqueue_missing(cells)
            enqueued = time.monotonic()
        done, best, more = state()
        phase.update(done, best)
        if not more:
            return
        time.sleep(_POLL_SECONDS)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _search_state(done: Done) -> tuple[int, float | None, bool]:
    take_rows(done)
    count, best = search_state(done.trials)
    return count, best, count < done.trials.options.amount.trials


class CellsState:
    """How many of some cells are done, and the best validation accuracy of generated weights.

    Of the rows those are looked at that were added since it was asked last.
    """

    def __init__(self, done: Done, cells: list[Cell]) -> None:
        self._done, self._wanted = done, _keys(cells)
        self._begin({})

    def _begin(self, rows: Mapping[RunKey, Record]) -> None:
        self._rows, self._seen = rows, 0
        self._missing = set(self._wanted)
        self._best: float | None = None

    def __call__(self) -> tuple[int, float | None, bool]:
        """Done, best, and whether any is missing."""
        take_rows(self._done)
        rows = self._done.runs.read()
        if rows is not self._rows:
            self._begin(rows)
        for key, record in islice(rows.items(), self._seen, None):
            self._missing.discard(key)
            row = stored_row(record)
            if row["phases"] > 0 and row["status"] == COMPLETE:
                self._best = max(row["val_accuracy"], self._best or 0.0)
        self._seen = len(rows)
        return len(self._wanted) - len(self._missing), self._best, bool(self._missing)


def check_folder(folder: Path) -> None:
    """Make the results folder.

    Raises:
        InvalidInput: if it cannot be written.
    """
    probe = folder / f".write-{uuid.uuid4().hex}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InvalidInput(
            f"out is {str(folder)!r}, which cannot be written ({error.strerror}); allowed is a "
            "folder that can be written"
        ) from None
