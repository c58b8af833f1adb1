"""What is said of runs that raise an error, and of those that end their worker process."""

import errno
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcnn.files import write_bytes
from studies.design.roles import FAILED
from studies.design.study import Cell
from studies.rows.schema import COUNTS
from studies.store.provenance import git_commit, package_versions, platform_text
from studies.store.urls import without_password

if TYPE_CHECKING:  # SQLAlchemy takes its time, and a journal needs none
    from sqlalchemy.engine import URL

#: A run is given up after it was the loss of so many workers.
MOST_LOSSES = 3
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


class RunError(RuntimeError):
    """An error that the code of a model has raised in a run, in one sentence."""


def run_text(cell: Cell) -> str:
    """A run as messages name it."""
    configuration = cell.configuration
    return (
        f"configuration {configuration.digest()} (mapping {configuration.mapping}, target "
        f"{configuration.target}, dataset {configuration.dataset}) with seed {cell.seed}"
    )


def is_of_the_folder(error: OSError, folder: Path) -> bool:
    """Whether an error of a run is one of the results folder or its disk, not of the model."""
    named = isinstance(error.filename, str | os.PathLike)
    inside = named and folder.absolute() in Path(error.filename).absolute().parents
    return inside or error.errno in _OF_THE_DISK


def error_of_run(error: Exception, cell: Cell, folder: Path, storage: "URL | None") -> RunError:
    """An error that a run has raised, in one sentence; its traceback is stored in the folder.

    Args:
        error: what was raised.
        cell: the run.
        folder: of the study's results.
        storage: whose password is kept out of the traceback.
    """
    path = folder / "errors" / f"{cell.configuration.digest()}-{cell.seed}.log"
    trace = without_password("".join(traceback.format_exception(error)), storage)
    try:
        write_bytes(path, f"{run_text(cell)}\n\n{trace}".encode())
        where = f"the traceback is in {path}"
    except OSError:  # the sentence is worth more than its traceback
        print(trace, file=sys.stderr, flush=True)
        where = "the traceback is above"
    return RunError(f"{run_text(cell)} ended in {_one_line(error)}; {where}")


def _one_line(error: Exception) -> str:
    """Class and message of an error, of which only the first line."""
    name = type(error).__name__
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # foreign code
        lines = []
    return f"{name}: {lines[0]}" if lines else name


def failed_row(
    study: str, cell: Cell, reasons: Sequence[str], like: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The row of a run that was given up.

    Args:
        study: name of the study.
        cell: the run.
        reasons: what ended each worker.
        like: a row of the same configuration, which has counted its parameters, if any; without
            one they are unknown, and 0.
    """
    return {
        "study": study,
        "configuration": cell.configuration.digest(),
        "role": cell.role,
        "setting": cell.arm.setting,
        "arm": cell.arm.name,
        "status": FAILED,
        "seed": cell.seed,
        **{name: like[name] if like else 0 for name in COUNTS},
        "engine": like["engine"] if like else "none",
        **cell.configuration.axes(),
        "seconds": 0.0,
        "error": f"{len(reasons)} workers lost to {', '.join(reasons)}",
        "git_commit": git_commit(),
        "versions": package_versions(),
        "platform": platform_text(),
    }
