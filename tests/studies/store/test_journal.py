"""The journal file after what can happen to it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest

from qcnn import InvalidInput
from studies.run import main
from studies.sentences import command_line
from studies.store.journal import JournalStore, WholeLines

ROOT = Path(__file__).parents[3]
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
from studies.store.journal import WholeLines
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


DAMAGES = {
    "garbage": b"%&/()\n",
    "zeros": bytes(4096) + b"\n",
    "a number": b"17\n",
    "a list": b'["op_code", 4]\n',
    "a line that was cut": b'{"op_code":4,"worker_id":"someone","study\n',
    "an unknown operation": b'{"op_code":99,"worker_id":"someone"}\n',
    "no number of an operation": b'{"op_code":[],"worker_id":"someone"}\n',
    "no text": b"\xff\xfe\x00{}\n",
    "deep nesting": b"[" * 100_000 + b"\n",
    "an operation without its fields": b'{"op_code":4}\n',
    "a state that there is not": b'{"op_code":6,"worker_id":"x","trial_id":0,"state":17}\n',
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
@pytest.mark.parametrize("place", [2, 4], ids=["middle", "last"])
def test_a_damaged_line_is_named_and_left_as_it_is(
    tmp_path: Path, damage: bytes, place: int
) -> None:
    study = make_study(tmp_path)
    for name in ("first", "second", "third"):
        study.enqueue_trial({}, user_attrs={"cell": name})
    path = tmp_path / "journal.log"
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([*lines[:place], damage, *lines[place:]])
    path.write_bytes(damaged)
    sentence = f"{path} is not a whole journal (line {place + 1}: "
    with pytest.raises(InvalidInput, match=f"^{re.escape(sentence)}.*; allowed is a file"):
        make_study(tmp_path)
    if place == 4:  # behind what those who live have read
        for _ in range(2):
            with pytest.raises(InvalidInput, match=re.escape(sentence)):
                study.enqueue_trial({})
    assert path.read_bytes() == damaged


def test_a_command_on_a_damaged_journal_ends_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_study(tmp_path)
    path = tmp_path / "journal.log"
    damaged = path.read_bytes() + b"garbage\n"
    path.write_bytes(damaged)
    arguments = ["run", "mode_sweep", "--dataset", "digits", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as end:
        command_line(main)
    assert end.value.code == 2
    (sentence,) = capsys.readouterr().err.strip().splitlines()
    assert sentence.startswith(
        f"error: {path} is not a whole journal (line 2: it is not JSON); all"
    )
    assert path.read_bytes() == damaged


def test_empty_lines_are_passed_over(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    path = tmp_path / "journal.log"
    for text in (b"\n", b"  \r\n"):
        with path.open("ab") as file:
            file.write(text)
        study.enqueue_trial({})
    assert len(study.trials) == len(make_study(tmp_path).trials) == 2


def test_a_journal_that_lost_its_end_while_it_was_used_is_not_written_to(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    study.enqueue_trial({})
    path = tmp_path / "journal.log"
    first = path.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(first)
    for _ in range(2):
        with pytest.raises(InvalidInput, match="line 2: the file has become shorter"):
            study.trials  # noqa: B018
    with pytest.raises(InvalidInput, match="the file has become shorter"):
        study.enqueue_trial({})
    assert path.read_bytes() == first
