"""Trials in a journal file beside the results, for the worker processes of one host."""

import json
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.storages.journal._storage import JournalOperation
from optuna.trial import FrozenTrial, TrialState

from qcnn import InvalidInput
from studies.store.storage import Store, T

#: A trial that was claimed a moment ago may not be locked yet.
_CLAIM_GRACE = timedelta(seconds=10)
_LOCK_GRACE_SECONDS = 3
_POLL_SECONDS = 0.005
_OPERATIONS = frozenset(map(int, JournalOperation))


class WholeLines(JournalFileBackend):
    """Optuna's journal file, which a full disk or a killed writer does not spoil.

    A last line that was cut is removed before the next is written; Optuna alone would
    write on behind it, and then refuse to read the file. Empty lines are passed over, any
    other line that is no operation is named. Two locks are held: one that
    the kernel frees with its holder, and Optuna's own, which keeps the dashboard out.
    The path is made absolute because Optuna's lock, left by a killed process, is
    otherwise waited for without end.

    Attributes:
        last: the operation that was read last.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self._appending = FileLock(f"{self._path}.append.lock")
        # Operations, bytes and lines that were read.
        self._place = (0, 0, 0)
        self._damage: InvalidInput | None = None
        self.last: dict[str, Any] = {}
        inner = JournalFileSymlinkLock(str(self._path), grace_period=_LOCK_GRACE_SECONDS)
        super().__init__(str(self._path), inner)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add operations behind the last whole line."""
        with self._appending.acquire(poll_interval=_POLL_SECONDS):
            if self._damage is not None:
                raise self._damage
            _cut_torn_line(self._path)
            try:
                super().append_logs(logs)
            except RuntimeError as error:
                # Optuna's lock hides why it cannot be given back: the folder is read-only.
                if isinstance(error.__context__, OSError):
                    raise error.__context__ from None
                raise

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """The operations from a number on, in the order in which they were written.

        Raises:
            InvalidInput: at a line that holds no operation.
        """
        if self._damage is not None:
            raise self._damage
        count, offset, line = self._place if self._place[0] == log_number_from else (0, 0, 0)
        with self._path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < offset:
                raise self.damage("the file has become shorter")
            file.seek(offset)
            for content in file:
                if not content.endswith(b"\n"):  # somebody writes it, or it was cut
                    return
                offset, line = offset + len(content), line + 1
                if content.strip():
                    self._place = (count + 1, offset, line)
                    self.last = self._operation(content)
                    count += 1
                    if count > log_number_from:
                        yield self.last

    def damage(self, reason: str) -> InvalidInput:
        """What is wrong with the line that was read last; from now on nothing is read or added."""
        self._damage = InvalidInput(
            f"{self._path} is not a whole journal (line {self._place[2]}: {reason}); allowed is a "
            "file as the studies write it, or none: with the file renamed, the same command goes "
            "on from runs.csv"
        )
        return self._damage

    def _operation(self, content: bytes) -> dict[str, Any]:
        try:
            log = json.loads(content.decode())
        except (ValueError, RecursionError):
            raise self.damage("it is not JSON") from None
        code = log.get("op_code") if isinstance(log, dict) else None
        if type(code) is not int or code not in _OPERATIONS:
            raise self.damage("it is no operation on trials")
        return dict(log)


class _NamingDamage(JournalStorage):
    """Optuna's storage, in which an operation that cannot be done is named by its line."""

    def __init__(self, lines: WholeLines) -> None:
        self._lines = lines
        super().__init__(lines)

    def _write_log(self, op_code: int, extra_fields: dict[str, Any]) -> None:
        self._sync_with_backend()  # nothing is written behind a damaged line
        super()._write_log(op_code, extra_fields)

    def _sync_with_backend(self) -> None:
        try:
            super()._sync_with_backend()
        except (InvalidInput, OSError):
            raise
        except Exception as error:
            # Of its own operations Optuna reports some as errors, for its callers to handle.
            if str(self._lines.last.get("worker_id")).startswith(self._worker_id_prefix):
                raise
            reason = f"{type(error).__name__} in an operation on trials"
            raise self._lines.damage(reason) from None


class JournalStore(Store):
    """The store of one host; a worker holds a lock file while it runs a trial."""

    sees_deaths_at_once = True

    def __init__(self, folder: Path) -> None:
        self._claims = folder / "claims"
        self._claims.mkdir(parents=True, exist_ok=True)
        self._setup = FileLock(folder / "setup.lock")
        self.storage = _NamingDamage(WholeLines(folder / "journal.log"))

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
        return failed

    def sweep(self) -> None:
        """Remove the lock files that nobody holds, of whatever study they are.

        A worker that opens one at this moment sees that it is gone, and makes another.
        """
        for path in self._claims.glob("*.lock"):
            with suppress(Timeout), FileLock(path, timeout=0):
                path.unlink(missing_ok=True)

    def patiently(self, operation: Callable[[], T]) -> T:
        """The operation's result: a file always answers."""
        return operation()

    def close(self) -> None:
        """Nothing to do: the file is open only while it is read or written."""

    def _is_claimed(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        path = self._claim_path(study, trial.number)
        if path.exists():
            return _is_held(path)
        assert trial.datetime_start is not None
        return datetime.now() - trial.datetime_start < _CLAIM_GRACE

    def _claim_path(self, study: optuna.Study, number: int) -> Path:
        return self._claims / f"{study.study_name.replace(' ', '-')}-{number}.lock"


def _is_held(path: Path) -> bool:
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


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
