"""What this process may use is found in its own limits, not in the machine's size."""

import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from qcnn import InvalidInput
from qcnn.machine import available_cpus, available_memory, check_large, check_memory

GIB = 2**30


def system(root: Path, files: Mapping[str, str]) -> Path:
    """A system's files below ``root``."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.fixture(autouse=True)
def large_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 processors and 256 GiB, so that only the files limit."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    memory = type("Memory", (), {"available": 256 * GIB})
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)


V2 = {"proc/self/cgroup": "0::/user/job\n", "sys/fs/cgroup/user/job/cpu.max": "max 100000\n"}
V1 = {"proc/self/cgroup": "4:memory:/job\n3:cpu,cpuacct:/job\n0::/\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 64),
        (V2, 64),
        (V2 | {"sys/fs/cgroup/user/job/cpu.max": "150000 100000\n"}, 2),
        (V2 | {"sys/fs/cgroup/user/cpu.max": "300000 100000\n"}, 3),
        (V2 | {"sys/fs/cgroup/cpu.max": "1000 100000\n"}, 1),
        (V1 | {"sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "-1\n"}, 64),
        (
            V1
            | {
                "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "400000\n",
                "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
        # Inside a container the group's path outside does not exist.
        (
            V1
            | {
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            2,
        ),
    ],
)
def test_processors_of_a_control_group(
    tmp_path: Path, files: dict[str, str], expected: int
) -> None:
    assert available_cpus(system(tmp_path, files)) == expected


def test_processors_of_an_affinity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 5, 6})
    assert available_cpus(tmp_path) == 3


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 256 * GIB),
        (
            V2
            | {
                "sys/fs/cgroup/user/job/memory.max": "max\n",
                "sys/fs/cgroup/user/job/memory.current": "5\n",
            },
            256 * GIB,
        ),
        (
            V2
            | {
                "sys/fs/cgroup/user/memory.max": f"{8 * GIB}\n",
                "sys/fs/cgroup/user/memory.current": f"{3 * GIB}\n",
                "sys/fs/cgroup/user/memory.stat": f"anon {2 * GIB}\ninactive_file {GIB}\n",
            },
            6 * GIB,
        ),
        (
            V1
            | {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{3 * GIB}\n",
                "sys/fs/cgroup/memory/job/memory.limit_in_bytes": f"{4 * GIB}\n",
                "sys/fs/cgroup/memory/job/memory.usage_in_bytes": f"{3 * GIB}\n",
                "sys/fs/cgroup/memory/job/memory.stat": f"total_inactive_file {GIB // 2}\n",
            },
            3 * GIB // 2,
        ),
        (
            V1
            | {
                "sys/fs/cgroup/memory/job/memory.limit_in_bytes": f"{GIB}\n",
                "sys/fs/cgroup/memory/job/memory.usage_in_bytes": f"{3 * GIB}\n",
            },
            0,
        ),
    ],
)
def test_memory_of_a_control_group(tmp_path: Path, files: dict[str, str], expected: int) -> None:
    assert available_memory(system(tmp_path, files)) == expected


def test_memory_of_a_limited_process() -> None:
    limit = psutil.Process().memory_info().vms + GIB
    command = "from qcnn.machine import available_memory; print(available_memory())"
    done = subprocess.run(
        [sys.executable, "-c", command],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert 0 < int(done.stdout) < limit


def test_needs_of_any_size_are_said_in_one_sentence() -> None:
    with pytest.raises(InvalidInput, match=r"^it needs 1e\+390 GiB .* allowed are at most the \d"):
        check_memory(10**400, "it")
    check_memory(0, "it")


def test_what_is_small_is_taken_to_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qcnn.machine.available_memory", lambda: 0)
    check_large(2**26, "it")
    with pytest.raises(InvalidInput, match="^it needs 0.0625 GiB .* allowed are at most the 0 GiB"):
        check_large(2**26 + 1, "it")
