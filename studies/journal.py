"""Trials in a journal file beside the results, for the worker processes of one host."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.trial import FrozenTrial, TrialState

from studies.storage import Store, T

#: A trial that was claimed a moment ago may not be locked yet.
_CLAIM_GRACE = timedelta(seconds=10)
_LOCK_GRACE_SECONDS = 3
_POLL_SECONDS = 0.005


class WholeLines(JournalFileBackend):
    """Optuna's journal file, which a full disk or a killed writer does not spoil.

    A last line that was cut is removed before the next is written; Optuna alone would
    write on behind it, and then refuse to read the file. Two locks are held: one that
    the kernel frees with its holder, and Optuna's own, which keeps the dashboard out.
    The path is made absolute because Optuna's lock, left by a killed process, is
    otherwise waited for without end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self._appending = FileLock(f"{self._path}.append.lock")
        inner = JournalFileSymlinkLock(str(self._path), grace_period=_LOCK_GRACE_SECONDS)
        super().__init__(str(self._path), inner)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add operations behind the last whole line."""
        with self._appending.acquire(poll_interval=_POLL_SECONDS):
            _cut_torn_line(self._path)
            super().append_logs(logs)


class JournalStore(Store):
    """The store of one host; a worker holds a lock file while it runs a trial."""

    def __init__(self, folder: Path) -> None:
        self._claims = folder / "claims"
        self._claims.mkdir(parents=True, exist_ok=True)
        self._setup = FileLock(folder / "setup.lock")
        self.storage = JournalStorage(WholeLines(folder / "journal.log"))

    def setup_lock(self) -> FileLock:
        """A file lock, which the kernel frees with its holder."""
        return self._setup

    @contextmanager
    def held(self, study: optuna.Study, trial: optuna.Trial) -> Iterator[None]:
        """Hold the trial's lock file."""
        path = self._claim_path(study, trial.number)
        try:
            with FileLock(path):
                yield
        finally:
            path.unlink(missing_ok=True)

    def fail_abandoned(self, study: optuna.Study) -> list[FrozenTrial]:
        """End the running trials whose lock file nobody holds."""
        failed = []
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if self._is_claimed(study, trial):
                continue
            try:
                state = TrialState.FAIL
                failed.append(study.tell(trial.number, state=state, skip_if_finished=True))
            except UpdateFinishedTrialError:  # its worker was faster
                continue
            self._claim_path(study, trial.number).unlink(missing_ok=True)
        return failed

    def patiently(self, operation: Callable[[], T]) -> T:
        """The operation's result: a file always answers."""
        return operation()

    def close(self) -> None:
        """Nothing to do: the file is open only while it is read or written."""

    def _is_claimed(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        path = self._claim_path(study, trial.number)
        if not path.exists():
            assert trial.datetime_start is not None
            return datetime.now() - trial.datetime_start < _CLAIM_GRACE
        try:
            with FileLock(path, timeout=0):
                return False
        except Timeout:
            return True

    def _claim_path(self, study: optuna.Study, number: int) -> Path:
        return self._claims / f"{study.study_name.replace(' ', '-')}-{number}.lock"


def _cut_torn_line(path: Path) -> None:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return
        file.seek(-1, os.SEEK_END)
        if file.read() == b"\n":
            return
        file.seek(0)
        whole = file.read().rfind(b"\n") + 1
    os.truncate(path, whole)
