"""What this process may use of its machine: processors and memory.

The machine may have more of both than the process is given: by its affinity, by the limits of
its shell or scheduler (RLIMIT_AS, RLIMIT_DATA), or by the control group of its container.
(cgroups(7): version 1 has a folder for each controller, version 2 one for all of them; a
group is limited by its own limits and by those of all groups around it.)
"""

import os
import resource
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache
from math import ceil, log10
from pathlib import Path

import psutil
from threadpoolctl import ThreadpoolController

from qcnn.errors import InvalidInput

#: Asking the system for its free memory takes longer than to build or run something small.
_ALWAYS_FITS = 2**26
#: Version 1 writes "no limit" as the largest multiple of a page that fits into 63 bits.
_NO_LIMIT = 2**60


def available_cpus(root: Path = Path("/")) -> int:
    """Processors that this process may keep busy, at least 1.

    Part of a processor counts as one: two workers share a quota of one and a half.

    Args:
        root: where ``proc`` and ``sys`` are.
    """
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([own, *map(ceil, _cpu_quotas(root))]))


def available_memory(root: Path = Path("/")) -> int:
    """Bytes that this process can still get, 0 where a limit is exceeded already.

    Args:
        root: where ``proc`` and ``sys`` are.
    """
    left = [psutil.virtual_memory().available, *_left_of_limits(), *_left_of_groups(root)]
    return max(0, min(left))


def check_memory(needed: int, what: str) -> None:
    """Raises InvalidInput if more bytes are needed than this process can still get.

    Args:
        needed: bytes, of any size.
        what: the subject of the message.
    """
    available = available_memory()
    if needed > available:
        raise InvalidInput(
            f"{what} needs {_gibibytes(needed)} GiB of memory; allowed are at most the "
            f"{_gibibytes(available)} GiB that are available"
        )


def check_large(needed: int, what: str) -> None:
    """As :func:`check_memory`, for what is mostly small: up to 64 MiB are taken to be there."""
    if needed > _ALWAYS_FITS:
        check_memory(needed, what)


def _gibibytes(count: int) -> str:
    # Counts of outcomes easily exceed the largest double.
    return f"{count / 2**30:.3g}" if count < 2**1000 else f"1e+{int(log10(count) - log10(2**30))}"


def _left_of_limits() -> Iterator[int]:
    """Bytes left of the limits on the address space and on its private part."""
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        soft, _ = resource.getrlimit(limit)
        if soft != resource.RLIM_INFINITY:
            used = psutil.Process().memory_info()
            yield soft - (used.vms if limit == resource.RLIMIT_AS else getattr(used, "data", 0))


def _left_of_groups(root: Path) -> Iterator[int]:
    """Bytes left of the limit of each group; what its page cache can give back counts as left."""
    files = (
        ("", "memory.max", "memory.current", "inactive_file"),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    )
    for controller, limit_name, used_name, cache_name in files:
        for folder in _groups(root, controller):
            limit, used = _number(folder / limit_name), _number(folder / used_name)
            if limit is not None and used is not None and limit < _NO_LIMIT:
                statistics = dict(
                    line.split(maxsplit=1) for line in _lines(folder / "memory.stat") if " " in line
                )
                yield limit - used + int(statistics.get(cache_name, 0))


def _cpu_quotas(root: Path) -> Iterator[float]:
    """Processors that each group may use."""
    for folder in _groups(root, ""):
        match " ".join(_lines(folder / "cpu.max")).split():
            case [quota, period] if quota != "max":
                yield int(quota) / int(period)
    for folder in _groups(root, "cpu"):
        share, span = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
        if share is not None and span and share > 0:
            yield share / span


def _groups(root: Path, controller: str) -> list[Path]:
    """Folders of this process's group and of all around it.

    Args:
        root: where ``proc`` and ``sys`` are.
        controller: of version 1; empty for version 2.
    """
    top = root / "sys/fs/cgroup" / controller
    folders: list[Path] = []
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", maxsplit=2)
        if controller in controllers.split(","):
            group = top / path.strip("/")
            # A container sees its own group, whatever its path outside, at the top.
            folders += [
                group,
                *(around for around in group.parents if top in (around, *around.parents)),
            ]
    return folders


def _number(path: Path) -> int | None:
    """The only number in a file; None where the file is missing or says "max"."""
    text = "".join(_lines(path))
    return int(text) if text.lstrip("-").isdigit() else None


def _lines(path: Path) -> list[str]:
    """The lines of a file of the system, none where it cannot be read."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def one_blas_thread() -> AbstractContextManager[object]:
    """Inside, NumPy's and SciPy's linear algebra has one thread.

    Of small matrices further ones compute nothing but spin while they wait.
    """
    found: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return found


@cache
def _libraries() -> ThreadpoolController:
    """Those with threads of their own; to look for them takes as long as some decompositions."""
    return ThreadpoolController()
