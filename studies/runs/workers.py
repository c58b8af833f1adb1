"""Worker processes, started and replaced by the command."""

import multiprocessing as mp
import pickle
import signal
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType

from qcnn import InvalidInput
from qcnn.machine import available_cpus
from studies.design.study import Options
from studies.runs.worker_start import begin, main_left_out, main_module, worker_name

#: More worker processes for each processor than this only take memory from each other.
_MOST_JOBS_FOR_EACH_CPU = 16
#: Whether a command goes on when so many workers in a row end before they have begun.
_MOST_FALSE_STARTS = 3
#: What the processes import to work, and this one does not.
_WORK = "studies.runs.work"


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
        self._jobs = options.place.jobs
        self._workers: list[_Worker] = []
        self._false_starts = 0
        # It is started by the first process otherwise, and then lets Ctrl-C through again.
        resource_tracker.ensure_running()
        try:
            for _ in range(options.place.jobs):
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
                    target=begin, args=(main_module(), _WORK, arguments, theirs), daemon=True
                )
                with main_left_out(), _interrupts_held_back():
                    process.start()
        except OSError as error:
            raise InvalidInput(
                f"jobs is {self._jobs}, of which {len(self._workers)} could be started "
                f"({error.strerror or error}); allowed are as many processes as the system gives"
            ) from None
        return _Worker(process, connection, worker_name(process.pid, token))

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
