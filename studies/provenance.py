"""Where a row comes from: code, packages, machine."""

import os
import platform
import re
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

_PACKAGES = (
    "torch",
    "numpy",
    "perceval-quandela",
    "merlinquantum",
    "numba",
    "optuna",
    "pandas",
)


@cache
def git_commit() -> str:
    """The commit of the code, with ``-dirty`` where files differ from it; empty outside git."""
    here = Path(__file__).parent.parent

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(here), *arguments], capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    commit = git("rev-parse", "--short=12", "HEAD")
    changed = git("status", "--porcelain", "--untracked-files=no", "--", "qcnn", "studies", "bench")
    return commit + ("-dirty" if commit and changed else "")


@cache
def package_versions() -> str:
    """Versions of the packages that decide the numbers."""
    return " ".join(f"{name}={version(name)}" for name in _PACKAGES)


@cache
def platform_text() -> str:
    """Operating system, machine, Python, number of cores and processor."""
    return (
        f"{platform.system()} {platform.machine()} Python {platform.python_version()} "
        f"{os.cpu_count()} cores {_processor()}"
    ).strip()


def _processor() -> str:
    """The processor's own name where the system tells it."""
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor()
    names = re.findall(r"^model name\s*:\s*(.*)$", information.read_text(), re.MULTILINE)
    return names[0] if names else platform.processor()
