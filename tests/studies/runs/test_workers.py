"""Worker processes that cannot start, and those whose command is gone."""

import errno
import os
import subprocess
import sys
import time
from multiprocessing.context import SpawnProcess
from pathlib import Path

import psutil
import pytest
from smallest import make_options

from qcnn import InvalidInput
from qcnn.machine import available_cpus
from studies.runs.workers import WorkerPool, check_jobs

ROOT = Path(__file__).parents[3]
#: A command whose main module never ends to be imported by a worker, or ends the worker.
MAIN = """
import os, time
from pathlib import Path

if __name__ == "__mp_main__":
    {in_worker}

if __name__ == "__main__":
    import sys
    sys.path.insert(0, {tests!r})
    from smallest import make_options
    from studies.runs.workers import WorkerPool
    from qcnn import InvalidInput

    with WorkerPool(make_options(Path("out"), {{}}, jobs=2), "mode_sweep") as pool:
        print("started", flush=True)
        try:
            while True:
                pool.replace_lost()
                time.sleep(0.05)
        except InvalidInput as error:
            print(error, flush=True)
            os._exit(2)
"""


def start(folder: Path, in_worker: str) -> subprocess.Popen[str]:
    script = folder / "command.py"
    script.write_text(MAIN.format(in_worker=in_worker, tests=str(ROOT / "tests" / "studies")))
    return subprocess.Popen(
        [sys.executable, script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(files: Path, count: int) -> list[int]:
    """Process ids that workers have written down."""
    deadline = time.monotonic() + 300
    while len(found := [int(path.name) for path in files.iterdir()]) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_workers_end_with_a_command_that_is_killed_while_they_import(tmp_path: Path) -> None:
    files = tmp_path / "importing"
    files.mkdir()
    holding = f"Path({str(files)!r}, str(os.getpid())).touch(); time.sleep(3600)"
    command = start(tmp_path, holding)
    workers = wait_for(files, 2)
    command.kill()
    command.communicate()
    deadline = time.monotonic() + 300
    while not all(map(is_gone, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_workers_that_never_begin_end_the_command_in_a_sentence(tmp_path: Path) -> None:
    command = start(tmp_path, "os._exit(5)")
    output, _ = command.communicate(timeout=300)
    assert command.returncode == 2
    assert "3 worker processes in a row ended before they took a run, the last by exit c" in output


def test_a_worker_that_the_system_does_not_start_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_process, started = SpawnProcess.start, []

    def limited(process: SpawnProcess) -> None:
        if len(started) == 2:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        start_process(process)
        started.append(process)

    monkeypatch.setattr(SpawnProcess, "start", limited)
    sentence = r"jobs is 3, of which 2 could be started \(Resource temporarily unavailable\); all"
    with pytest.raises(InvalidInput, match=sentence):
        WorkerPool(make_options(tmp_path, {}, jobs=3), "mode_sweep")
    assert len(started) == 2
    assert not any(process.is_alive() for process in started)


def test_more_jobs_than_are_of_use_are_refused() -> None:
    most = 16 * available_cpus()
    check_jobs(1)
    check_jobs(most)
    with pytest.raises(InvalidInput, match=rf"jobs is {most + 1}; allowed are 1 to {most}, 16 for"):
        check_jobs(most + 1)
