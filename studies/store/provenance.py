"""Where a row comes from: code, packages, machine."""

import os
import platform
import re
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import studies

_PACKAGES = (
    "torch",
    "numpy",
    "perceval-quandela",
    "merlinquantum",
    "numba",
    "optuna",
    "pandas",
)
_GIT_SECONDS = 30


@cache
def git_commit() -> str:
    """The commit of the code, with ``-dirty`` where files differ from it; empty outside git."""
    return commit_of(Path(str(studies.__file__)))


def commit_of(file: Path) -> str:
    """The commit of the repository that keeps this project's ``file``.

    Args:
        file: a file one folder below the top of the project.

    Returns:
        its first 12 digits, with ``-dirty`` where the code differs from it. Empty where the
        project has no repository of its own: none at all, that of something else which the
        project is installed into, or one that git is not there or not willing to read.
    """
    here = file.resolve().parent.parent
    try:
        if Path(_git(here, "rev-parse", "--show-toplevel")).resolve() != here:
            return ""
        _git(here, "ls-files", "--error-unmatch", "--", str(file.resolve().relative_to(here)))
        commit = _git(here, "rev-parse", "--short=12", "HEAD")
        code = ("qcnn", "studies", "bench")
        changed = _git(here, "status", "--porcelain", "--untracked-files=no", "--", *code)
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return commit + ("-dirty" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    """As :func:`ask_git`, as a text without the last line's end."""
    return ask_git(folder, *arguments).decode("utf-8", "replace").removesuffix("\n")


def ask_git(folder: Path, *arguments: str) -> bytes:
    """What git answers about the repository around a folder, whatever the environment says.

    Raises:
        OSError: without git.
        SubprocessError: if git refuses, or takes too long.
    """
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    done = subprocess.run(
        ["git", "--no-optional-locks", "-C", str(folder), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_GIT_SECONDS,
        check=True,
    )
    return done.stdout


@cache
def package_versions() -> str:
    """Versions of the packages that decide the numbers."""
    return " ".join(f"{name}={_version(name)}" for name in _PACKAGES)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # it was not installed as a package
        return "unknown"


@cache
def platform_text() -> str:
    """Operating system, machine, Python, number of cores and processor."""
    return (
        f"{platform.system()} {platform.machine()} Python {platform.python_version()} "
        f"{os.cpu_count()} cores {_processor()}"
    ).strip()


def _processor() -> str:
    """The processor's own name where the system tells it."""
    try:
        information = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return platform.processor()
    names = re.findall(r"^model name\s*:\s*(.*)$", information, re.MULTILINE)
    return names[0] if names else platform.processor()
