"""Settings of the suite, and what the installed commit offers."""

from importlib import import_module
from time import process_time
from types import ModuleType

import torch

# Studies run one thread in each process.
torch.set_num_threads(1)

SEED = 0


class Steady:
    """Measured so that a change of 10 % is seen: processor time, in several rounds.

    With ``--interleave-rounds`` the commits that are compared take turns, so that what else the
    machine does slows all of them.
    """

    timer = process_time
    rounds = 6
    repeat = (3, 10, 3.0)


def require(module: str) -> ModuleType:
    """A module, or a benchmark that is skipped where the commit does not have it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise NotImplementedError(f"this commit has no {module}") from error


def require_engine(name: str) -> None:
    """Skip the benchmark where the commit does not have the engine."""
    require(f"qcnn.engines.{name}")


def _import_once() -> None:
    """Import what takes seconds before asv makes a copy of this process for each benchmark."""
    for engine in ("fused", "merlin"):
        try:
            require_engine(engine)
        except NotImplementedError:
            continue


_import_once()
