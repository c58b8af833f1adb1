"""Run a study from start to report: search, fresh seeds, tables."""

import time
import uuid
from collections.abc import Callable
from pathlib import Path

from optuna.trial import TrialState
from rich.console import Console

from qcnn import InvalidInput
from studies.console import PhaseProgress, TrialProgress
from studies.report import build_report
from studies.rows import read_rows
from studies.study import Cell, Options, Search, Study, fresh_seeds
from studies.trials import TrialQueue, cell_key, is_finished, is_open
from studies.tuning import candidate_cells, chosen_cells
from studies.workers import WorkerPool

_POLL_SECONDS = 0.5
_RELEASE_SECONDS = 2.0


def run_study(study: Study, options: Options, console: Console) -> Path:
    """Do what is missing of a study and write its report.

    Returns:
        the path of the report.

    Raises:
        InvalidInput: for options that cannot be run.
    """
    if study.check is not None:
        study.check(options)
    read_rows(options.out / "runs.csv")  # a damaged file is refused before anything runs
    queue = TrialQueue(study, options, f"command-{uuid.uuid4().hex[:8]}")
    with TrialProgress(console) as progress:
        _run_phases(study, options, queue, progress)
    return build_report(options.out)


def _run_phases(study: Study, options: Options, queue: TrialQueue, progress: TrialProgress) -> None:
    candidates = {} if study.tuned is None else study.tuned(options)
    cells = queue.prepare_cells(study.cells(options))
    if study.search is not None:
        queue.prepare_search()
    with WorkerPool(options, study.name) as workers:
        if study.search is not None:
            _wait(
                queue,
                workers,
                progress.start("search", options.trials),
                lambda: _search_state(queue),
            )
            cells += queue.prepare_cells(_finalists(study.search, options, queue))
        if candidates:
            tried = queue.prepare_cells(candidate_cells(candidates, options))
            _wait(
                queue,
                workers,
                progress.start("tuning", len(tried)),
                lambda: _cells_state(queue, tried),
            )
            cells += queue.prepare_cells(chosen_cells(candidates, read_rows(queue.csv), options))
        _wait(
            queue,
            workers,
            progress.start("fresh seeds", len(cells)),
            lambda: _cells_state(queue, cells),
        )


def _finalists(search: Search, options: Options, queue: TrialQueue) -> list[Cell]:
    return [
        Cell(configuration, seed, label)
        for label, configuration in search.choose_finalists(queue.search_rows(), options)
        for seed in fresh_seeds(options, options.seeds)
    ]


def _wait(
    queue: TrialQueue,
    workers: WorkerPool,
    phase: PhaseProgress,
    state: Callable[[], tuple[int, float | None, bool]],
) -> None:
    """Until no trial of the phase is open; trials of dead workers are given to others."""
    released = time.monotonic()
    while True:
        done, best, more = state()
        phase.update(done, best)
        if not more:
            return
        if workers.replace_dead() or time.monotonic() - released > _RELEASE_SECONDS:
            queue.release_dead_claims()
            released = time.monotonic()
        time.sleep(_POLL_SECONDS)


def _search_state(queue: TrialQueue) -> tuple[int, float | None, bool]:
    trials = queue.search.trials
    values = [t.values[0] for t in trials if t.state == TrialState.COMPLETE]
    return (
        sum(map(is_finished, trials)),
        max(values, default=None),
        any(map(is_open, trials)),
    )


def _cells_state(queue: TrialQueue, cells: list[Cell]) -> tuple[int, float | None, bool]:
    done = queue.finished_keys()
    wanted = set(map(cell_key, cells))
    rows = read_rows(queue.csv)
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
