"""The phases of a study: search, tuning, fresh seeds."""

import math
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from rich.console import Console

from qcnn import InvalidInput
from studies.design.choose import candidate_cells, chosen_cells
from studies.design.study import Cell, Options, Search, Study, fresh_seeds
from studies.runs.console import PhaseProgress, TrialProgress
from studies.runs.queue import TrialQueue
from studies.runs.workers import WorkerPool, check_jobs
from studies.store.codec import cell_key
from studies.store.opening import open_store
from studies.store.rows import KEY, read_rows

_POLL_SECONDS = 0.5
_ENQUEUE_SECONDS = 2.0


def run_study(study: Study, options: Options, console: Console) -> None:
    """Do what is missing of a study.

    Raises:
        InvalidInput: for options that cannot be run.
    """
    check_jobs(options.jobs)
    if study.check is not None:
        study.check(options)
    read_rows(options.out / "runs.csv")  # a damaged file is refused before anything runs
    name = f"command-{uuid.uuid4().hex[:8]}"
    with closing(open_store(options.out, options.storage)) as store:
        queue = store.patiently(lambda: TrialQueue(study, options, name, store))
        try:
            with TrialProgress(console) as progress:
                _run_phases(study, options, queue, progress)
        finally:
            queue.leave()


def _run_phases(study: Study, options: Options, queue: TrialQueue, progress: TrialProgress) -> None:
    candidates = {} if study.tuned is None else study.tuned(options)
    cells = study.cells(options)
    queue.store.patiently(lambda: queue.enqueue_missing(cells))
    with WorkerPool(options, study.name) as workers:
        if study.search is not None:
            phase = progress.start("search", options.trials)
            _wait(queue, workers, phase, cells, _search_state)
            cells = [*cells, *_finalists(study.search, options, queue)]
        if candidates:
            tried = candidate_cells(candidates, options)
            phase = progress.start("tuning", len(set(map(cell_key, tried))))
            _wait(queue, workers, phase, [*tried, *cells], lambda queue: _cells_state(queue, tried))
            cells = [*cells, *chosen_cells(candidates, read_rows(queue.csv), options)]
        phase = progress.start("fresh seeds", len(set(map(cell_key, cells))))
        _wait(queue, workers, phase, cells, lambda queue: _cells_state(queue, cells))


def _finalists(search: Search, options: Options, queue: TrialQueue) -> list[Cell]:
    rows = queue.store.patiently(queue.search_rows)
    return [
        Cell(configuration, seed, arm)
        for arm, configuration in search.choose_finalists(rows, options)
        for seed in fresh_seeds(options, options.seeds)
    ]


def _wait(
    queue: TrialQueue,
    workers: WorkerPool,
    phase: PhaseProgress,
    cells: list[Cell],
    state: Callable[[TrialQueue], tuple[int, float | None, bool]],
) -> None:
    """Until all of the phase is done; what lost workers leave is given to others."""
    enqueued = -math.inf
    while True:
        losses = workers.replace_lost()
        if losses:  # a signal to all processes of the command has reached it by then
            time.sleep(_POLL_SECONDS)
        for loss in losses:
            _say(queue.store.patiently(partial(queue.release_lost, loss.worker, loss.reason)))
            enqueued = -math.inf
        if time.monotonic() - enqueued > _ENQUEUE_SECONDS:
            queue.store.patiently(lambda: queue.enqueue_missing(cells))
            enqueued = time.monotonic()
        done, best, more = queue.store.patiently(lambda: state(queue))
        phase.update(done, best)
        if not more:
            return
        time.sleep(_POLL_SECONDS)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _search_state(queue: TrialQueue) -> tuple[int, float | None, bool]:
    queue.take_rows()
    done, best = queue.search_state()
    return done, best, done < queue.options.trials


def _cells_state(queue: TrialQueue, cells: list[Cell]) -> tuple[int, float | None, bool]:
    queue.take_rows()
    rows = read_rows(queue.csv)
    wanted, done = set(map(cell_key, cells)), set(zip(*(rows[name] for name in KEY), strict=True))
    generated = rows[(rows["phases"] > 0) & (rows["status"] == "complete")]["val_accuracy"]
    best = None if generated.empty else float(generated.max())
    return len(wanted & done), best, not wanted <= done


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
