"""The journal file after what can happen to it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest

from studies.journal import JournalStore, WholeLines

ROOT = Path(__file__).parents[2]
STUDY = "cells"


def make_study(folder: Path) -> optuna.Study:
    storage = JournalStore(folder).storage
    return optuna.create_study(study_name=STUDY, storage=storage, load_if_exists=True)


def test_a_line_cut_anywhere_is_dropped_and_the_next_is_readable(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    study.enqueue_trial({}, user_attrs={"cell": "first"})
    path = tmp_path / "journal.log"
    whole = path.stat().st_size
    study.enqueue_trial({}, user_attrs={"cell": "second"})
    content = path.read_bytes()
    for length in (whole, whole + 1, (whole + len(content)) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        again = make_study(tmp_path)
        assert [trial.user_attrs["cell"] for trial in again.trials] == ["first"]
        again.enqueue_trial({}, user_attrs={"cell": "third"})
        for reader in (again, make_study(tmp_path)):
            assert [trial.user_attrs["cell"] for trial in reader.trials] == ["first", "third"]


def test_a_process_killed_while_it_wrote_blocks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path("results/journal.log")
    (tmp_path / path.parent).mkdir()
    killed = f"""
import os, pathlib
from studies.journal import WholeLines
backend = WholeLines(pathlib.Path({str(path)!r}))
os.fsync = lambda _: os.kill(os.getpid(), 9)
backend.append_logs([{{"op_code": 0}}])
"""
    ended = subprocess.run(
        [sys.executable, "-c", killed],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    monkeypatch.chdir(tmp_path)
    backend = WholeLines(path)
    backend.append_logs([{"op_code": 1}])
    assert [*backend.read_logs(0)] == [{"op_code": 0}, {"op_code": 1}]
