"""Study commands as processes that tests start, look into and kill."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import optuna
import psutil
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from studies.design.arms import labels
from studies.rows.runs_file import read_rows
from studies.store.codec import cell_from_text
from studies.store.trial_states import CELL, ROW, WORKER, is_finished, is_open

ARGUMENTS = (
    *("studies.run", "mode_sweep", "--dataset", "digits", "--preset", "smoke"),
    *("--epochs", "4", "--trials", "6", "--jobs", "2"),
)
#: Two sizes and one PQCNN alone, each tuned and run once, the target itself, and a finalist.
SEARCHED, CELLS = 6, 8
PATIENCE_SECONDS = 400


class Command:
    """``python -m studies.run`` on a results folder, with its output in files beside it."""

    def __init__(self, folder: Path, *arguments: str, **changes: str) -> None:
        self.folder = folder
        self._output, self._errors = (folder.with_suffix(end) for end in (".out", ".err"))
        with self._output.open("w") as output, self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *ARGUMENTS, "--out", str(folder), *arguments],
                stdout=output,
                stderr=errors,
                env={**os.environ, **changes},
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    def workers(self) -> list[psutil.Process]:
        """The worker processes, not the helper processes of multiprocessing."""
        return [
            child
            for child in psutil.Process(self.process.pid).children()
            if "spawn_main" in " ".join(child.cmdline())
        ]

    def signal_all(self, number: int) -> None:
        """Send a signal to the command and its workers, as a terminal does."""
        os.killpg(self.process.pid, number)

    def end(self, code: int = 0) -> None:
        """Wait until it has ended with an exit code."""
        assert self.process.wait(timeout=PATIENCE_SECONDS) == code, (self.output, self.errors)


def wait_until(condition: Callable[[], object]) -> None:
    """Until a condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_for_first_row(folder: Path) -> None:
    wait_until((folder / "runs.csv").exists)


def journal(folder: Path) -> BaseStorage:
    return JournalStorage(JournalFileBackend(str(folder / "journal.log")))


def trials(storage: BaseStorage) -> list[FrozenTrial]:
    """The trials of a storage's studies."""
    names = optuna.get_all_study_names(storage)
    return [t for name in names for t in optuna.load_study(study_name=name, storage=storage).trials]


def busy_workers(storage: BaseStorage) -> list[int]:
    """Process ids of the workers that are in the middle of a trial."""
    return [
        int(trial.user_attrs[WORKER].split("-")[-2])
        for trial in trials(storage)
        if trial.state == TrialState.RUNNING and WORKER in trial.user_attrs
    ]


def wait_for_busy_worker(storage: BaseStorage, among: list[psutil.Process]) -> psutil.Process:
    """One of some workers that is in the middle of a trial."""
    found: list[psutil.Process] = []

    def look() -> bool:
        busy = busy_workers(storage)
        found.extend(worker for worker in among if worker.pid in busy)
        return bool(found)

    wait_until(look)
    return found[0]


def check_finished(folder: Path, storage: BaseStorage) -> None:
    """Every cell has its row, none has two, and nothing is left open."""
    rows = read_rows(folder / "runs.csv")
    assert not rows.duplicated(["configuration", "seed", "role"]).any()
    assert (rows["status"] == "complete").all()
    found = set(labels(rows[rows["role"] == "final"]))
    assert {label for label in found if "PQCNN" not in label} == {"direct", "finalist"}
    assert len(found) == 5
    assert (folder / "report.md").exists()
    stored = trials(storage)
    assert not any(map(is_open, stored))
    cells = [cell_from_text(t.user_attrs[CELL]).key for t in stored if is_cell_done(t)]
    assert len(cells) == len(set(cells)) == CELLS
    assert sum(map(is_finished, stored)) == SEARCHED + CELLS


def is_cell_done(trial: FrozenTrial) -> bool:
    return CELL in trial.user_attrs and is_finished(trial)


def abandoned(storage: BaseStorage) -> list[FrozenTrial]:
    """Trials that a worker began and did not finish."""
    return [t for t in trials(storage) if WORKER in t.user_attrs and ROW not in t.user_attrs]
