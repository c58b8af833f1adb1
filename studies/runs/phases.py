"""The phases of a study: search, tuning, fresh seeds."""

import math
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path

from rich.console import Console

from qcnn import InvalidInput
from studies.design.roles import COMPLETE
from studies.design.study import Cell, Options, RunKey, Study
from studies.rows.runs_file import read_rows, stored_row
from studies.rows.schema import Record
from studies.runs.agenda import Agenda, TimeLeft, agenda_of, keys_of, known_rates
from studies.runs.console import PhaseProgress, TrialProgress, duration_in_words, print_plain
from studies.runs.finished import Done, follow, search_state, take_rows
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
            _run_phases(done, plan, console)
        finally:
            plan.leave()


def _run_phases(done: Done, plan: Plan, console: Console) -> None:
    trials = done.trials
    study, options = trials.study, trials.options
    candidates = {} if study.tuned is None else study.tuned(options)
    fixed = study.cells(options)
    plan.enqueue_missing(fixed)
    take_rows(done)
    look = partial(agenda_of, done, fixed, candidates)
    jobs, rows = options.place.jobs, done.runs.read()
    left = TimeLeft(known_rates(trials), jobs, rows)
    agenda = look()
    _print_agenda(console, agenda.in_words(rows, jobs), left(agenda, rows, agenda.to_search))
    with TrialProgress(console) as progress, WorkerPool(options, study.name) as workers:
        wait = partial(_wait, done, plan, workers, left)
        if study.search is not None:
            phase = progress.start("search", options.amount.trials)
            wait(phase, agenda, agenda.cells, lambda: _search_state(done))
            agenda = look()
        if agenda.tried:
            phase = progress.start("tuning", len(keys_of(agenda.tried)))
            wanted = (*agenda.tried, *agenda.cells)
            wait(phase, agenda, wanted, CellsState(done, agenda.tried))
            agenda = look()
        phase = progress.start("fresh seeds", len(keys_of(agenda.cells)))
        wait(phase, agenda, agenda.cells, CellsState(done, agenda.cells))


def _print_agenda(console: Console, words: str, seconds: float | None) -> None:
    time_left = "the time left is shown after the first of them"
    if seconds is not None:
        time_left = duration_in_words(seconds) if seconds else "all of them are done"
    print_plain(console, f"{words}: {time_left}")


def _wait(
    done: Done,
    plan: Plan,
    workers: WorkerPool,
    left: TimeLeft,
    phase: PhaseProgress,
    agenda: Agenda,
    cells: Sequence[Cell],
    state: Callable[[], tuple[int, float | None, int]],
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
        count, best, missing = state()
        # What is missing is of the search as long as that has not come to its end.
        to_search = missing if agenda.to_search else 0
        phase.update(count, best, left(agenda, done.runs.read(), to_search))
        if not missing:
            return
        time.sleep(_POLL_SECONDS)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _search_state(done: Done) -> tuple[int, float | None, int]:
    take_rows(done)
    count, best = search_state(done.trials)
    return count, best, max(0, done.trials.options.amount.trials - count)


class CellsState:
    """How many of some cells are done, and the best validation accuracy of generated weights.

    Of the rows those are looked at that were added since it was asked last.
    """

    def __init__(self, done: Done, cells: Iterable[Cell]) -> None:
        self._done, self._wanted = done, keys_of(cells)
        self._begin({})

    def _begin(self, rows: Mapping[RunKey, Record]) -> None:
        self._rows, self._seen = rows, 0
        self._missing = set(self._wanted)
        self._best: float | None = None

    def __call__(self) -> tuple[int, float | None, int]:
        """How many are done, the best, and how many are missing."""
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
        return len(self._wanted) - len(self._missing), self._best, len(self._missing)


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
