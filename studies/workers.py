"""Worker processes: each claims trials until it is told to stop."""

import multiprocessing as mp
import os
import signal
import socket
import threading
import time
import traceback
import uuid
from contextlib import closing
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from types import TracebackType

import torch

from qcnn import InvalidInput
from studies.storage import join_store, without_password
from studies.study import Options
from studies.trials import TrialQueue

_POLL_SECONDS = 0.3


class WorkerPool:
    """``jobs`` worker processes of one torch thread each, ended together.

    A worker that dies is replaced; the trial it held is for the caller to release.
    """

    def __init__(self, options: Options, study: str) -> None:
        self._context = mp.get_context("spawn")
        self._arguments = (study, options)
        self._stop = self._context.Event()
        self._faults = self._context.SimpleQueue()
        self._processes = [self._start() for _ in range(options.jobs)]

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if kind is not None:
            for process in self._processes:
                process.kill()
        for process in self._processes:
            process.join()

    def replace_dead(self) -> bool:
        """Start a worker for each that died; whether there were any.

        Raises:
            InvalidInput: with a worker's sentence, if a run's options cannot be run.
            OSError: as in a worker, if a file cannot be written.
            RuntimeError: with a worker's traceback, if it stopped by another error.
        """
        if not self._faults.empty():
            fault = self._faults.get()
            raise RuntimeError(fault) if isinstance(fault, str) else fault
        dead = [process for process in self._processes if not process.is_alive()]
        for process in dead:
            self._processes[self._processes.index(process)] = self._start()
        return bool(dead)

    def _start(self) -> BaseProcess:
        process = self._context.Process(
            target=_work, args=(*self._arguments, self._stop, self._faults), daemon=True
        )
        # Ctrl-C reaches the whole process group; only the parent answers it.
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process.start()
        finally:
            signal.signal(signal.SIGINT, previous)
        return process


def _work(
    study: str,
    options: Options,
    stop: Event,
    faults: "mp.SimpleQueue[str | InvalidInput | OSError]",
) -> None:
    from studies.catalogue import studies_by_name

    threading.Thread(target=_die_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    worker = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        with closing(join_store(options.out, options.storage)) as store:
            queue = store.patiently(
                lambda: TrialQueue(studies_by_name[study], options, worker, store)
            )
            while not stop.is_set():
                if not queue.run_next():
                    time.sleep(_POLL_SECONDS)
    except (InvalidInput, OSError) as error:
        faults.put(error)
    except Exception:
        faults.put(without_password(traceback.format_exc(), options.storage))


def _die_with_parent() -> None:
    parent = mp.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
