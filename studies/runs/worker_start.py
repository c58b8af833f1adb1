"""Where a worker process begins: it watches its parent before it imports anything large."""

import ctypes
import multiprocessing as mp
import os
import pickle
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import spawn
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any

#: Of prctl(2): the signal that a process gets when its parent ends.
_PR_SET_PDEATHSIG = 1


def begin(main: Mapping[str, Any], module: str, arguments: bytes, connection: Connection) -> None:
    """Import the parent's main module, as every spawned process does, then work.

    Args:
        main: where that module is, by :func:`main_module`.
        module: whose function ``work`` the process is for; its parent need not import it.
        arguments: of that function, pickled: a study, options and the token of the worker's name.
        connection: to the parent.
    """
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _be_killed_with_parent()
    spawn.prepare(dict(main))
    work = import_module(module).work
    study, options, token = pickle.loads(arguments)
    work(study, options, worker_name(os.getpid(), token), connection)


def worker_name(process: int | None, token: str) -> str:
    """Host, process and a random token: what the trials of a worker carry."""
    return f"{socket.gethostname()}-{process}-{token}"


def main_module() -> dict[str, Any]:
    """Name or path of this process's main module, in the form that ``spawn`` uses."""
    data = spawn.get_preparation_data("worker")
    return {name: value for name, value in data.items() if name.startswith("init_main")}


@contextmanager
def main_left_out() -> Iterator[None]:
    """A process started meanwhile does not import the main module by itself."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _be_killed_with_parent() -> None:
    """Where the kernel does it nothing is waited for: a thread is, while a library is loaded."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _die_with_parent() -> None:
    parent = mp.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
