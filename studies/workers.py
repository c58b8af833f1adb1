"""Worker processes: each claims trials until it is told to stop."""

import multiprocessing as mp
import os
import pickle
import signal
import socket
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType

import torch

from qcnn import InvalidInput
from qcnn.machine import available_cpus
from studies.failures import RunError
from studies.storage import join_store, without_password
from studies.study import Options
from studies.trials import TrialQueue
from studies.worker_start import begin, main_left_out, main_module

_POLL_SECONDS = 0.3
#: More worker processes for each processor than this only take memory from each other.
_MOST_JOBS_FOR_EACH_CPU = 16
#: Whether a command goes on when so many workers in a row end before they have begun.
_MOST_FALSE_STARTS = 3
#: Characters of a traceback; more would wait in the connection for somebody who reads.
_MOST_TEXT = 20_000


def check_jobs(jobs: int) -> None:
    """Raises InvalidInput for more jobs than can be of use here."""
    cpus = available_cpus()
    if jobs > cpus * _MOST_JOBS_FOR_EACH_CPU:
        raise InvalidInput(
            f"jobs is {jobs}; allowed are 1 to {cpus * _MOST_JOBS_FOR_EACH_CPU}, "
            f"{_MOST_JOBS_FOR_EACH_CPU} for each processor that this command may use ({cpus})"
        )


@dataclass(frozen=True)
class Loss:
    """A worker process that ended of itself.

    Attributes:
        worker: its name, as its trials carry it.
        reason: signal or exit code.
    """

    worker: str
    reason: str


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    name: str
    ready: bool = False


class WorkerPool:
    """``jobs`` worker processes of one torch thread each, ended together.

    A worker that dies is replaced; the trial it held is for the caller to release. Each has a
    connection of its own: what workers share can be left locked by one that is killed.
    """

    def __init__(self, options: Options, study: str) -> None:
        self._context = mp.get_context("spawn")
        self._arguments = (study, options)
        self._jobs = options.jobs
        self._workers: list[_Worker] = []
        self._false_starts = 0
        # It is started by the first process otherwise, and then lets Ctrl-C through again.
        resource_tracker.ensure_running()
        try:
            for _ in range(options.jobs):
                self._workers.append(self._start())
        except BaseException:
            self._end(kill=True)
            raise

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(kill=kind is not None)

    def replace_lost(self) -> list[Loss]:
        """Start a worker for each that was lost; returns those.

        Raises:
            InvalidInput: with a worker's sentence, if a run is not allowed; if workers end
                before they have begun; or if no further one can be started.
            OSError: as in a worker, if a file cannot be written.
            RunError: with a worker's sentence, if a run has raised another error.
            RuntimeError: with a worker's traceback, if the worker itself has.
        """
        # In this order: what a worker says before its end is heard.
        lost = [worker for worker in self._workers if not worker.process.is_alive()]
        for worker in self._workers:
            self._listen(worker)
        losses = []
        for worker in lost:
            loss = Loss(worker.name, _reason(worker.process.exitcode))
            losses.append(loss)
            if not worker.ready:
                self._count_false_start(loss.reason)
            worker.connection.close()
            self._workers.remove(worker)
            self._workers.append(self._start())
        return losses

    def _listen(self, worker: _Worker) -> None:
        # Of a worker that is gone the end of its connection is read, or a message that was cut.
        with suppress(EOFError, ConnectionError):
            while worker.connection.poll():
                fault = worker.connection.recv()
                if fault is not None:
                    raise RuntimeError(fault) if isinstance(fault, str) else fault
                worker.ready, self._false_starts = True, 0

    def _count_false_start(self, reason: str) -> None:
        self._false_starts += 1
        if self._false_starts >= _MOST_FALSE_STARTS:
            raise InvalidInput(
                f"{self._false_starts} worker processes in a row ended before they took a run, the "
                f"last by {reason}; allowed are machines and packages on which they can start"
            )

    def _start(self) -> _Worker:
        token = uuid.uuid4().hex[:8]
        arguments = pickle.dumps((*self._arguments, token))
        try:
            connection, theirs = self._context.Pipe()
            with closing(theirs):
                process = self._context.Process(
                    target=begin, args=(main_module(), arguments, theirs), daemon=True
                )
                with main_left_out(), _interrupts_held_back():
                    process.start()
        except OSError as error:
            raise InvalidInput(
                f"jobs is {self._jobs}, of which {len(self._workers)} could be started "
                f"({error.strerror or error}); allowed are as many processes as the system gives"
            ) from None
        return _Worker(process, connection, _name(process.pid, token))

    def _end(self, *, kill: bool) -> None:
        for worker in self._workers:
            if kill:
                worker.process.kill()
            worker.connection.close()
        for worker in self._workers:
            worker.process.join()


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Ctrl-C reaches the whole process group; a process started meanwhile never answers it.

    The signal is blocked, not ignored: one that arrives now is answered afterwards.
    """
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def work(study: str, options: Options, token: str, connection: Connection) -> None:
    """Claim trials and run them until the parent closes the connection.

    Says ``None`` through the connection before the first, and what ended it otherwise.

    Args:
        study: name of the study.
        options: of the command.
        token: the last part of the worker's name.
        connection: to the parent.
    """
    from studies.catalogue import studies_by_name

    torch.set_num_threads(1)
    name = _name(os.getpid(), token)
    try:
        with closing(join_store(options.out, options.storage)) as store:
            queue = store.patiently(
                lambda: TrialQueue(studies_by_name[study], options, name, store)
            )
            _say(connection, None)
            while not connection.poll():
                if not queue.run_next():
                    time.sleep(_POLL_SECONDS)
    except (InvalidInput, RunError) as error:
        # Of its own class, which is there to be read: foreign code has classes of its own.
        _say(
            connection, (InvalidInput if isinstance(error, InvalidInput) else RunError)(str(error))
        )
    except OSError as error:
        _say(connection, OSError(error.errno, error.strerror or str(error), error.filename))
    except Exception:
        text = without_password(traceback.format_exc(), options.storage)
        _say(connection, text[-_MOST_TEXT:])


def _say(connection: Connection, message: str | InvalidInput | RunError | OSError | None) -> None:
    """Tell the parent, unless it has closed the connection, and so waits for nothing."""
    with suppress(ConnectionError):
        connection.send(message)


def _name(process: int | None, token: str) -> str:
    return f"{socket.gethostname()}-{process}-{token}"


def _reason(code: int | None) -> str:
    """What ended a process.

    >>> _reason(-9), _reason(3)
    ('SIGKILL', 'exit code 3')
    """
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:  # a real-time signal
        return f"signal {-code}"
