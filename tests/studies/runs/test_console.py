"""What is printed: letter for letter, on any stream, and never worth a run."""

import io
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT, environment
from stored_rows import make_row

from qcnn import InvalidInput
from studies.rows.runs_file import add_rows
from studies.run import main
from studies.runs.console import new_console, print_plain
from studies.sentences import command_line, one_sentence_errors, patient_streams
from studies.study_command import _print_table

PATHS = ("o [final]", "x/a[/b]", "[red]o[/red]", "o :smile: 'x'", "tab\tand  spaces", "ψ→$(x)")


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Puts a pipe in the place of standard output and says where its other end is."""
    ends = os.pipe()
    stream: list[io.TextIOWrapper] = []

    def replace(**options: Any) -> int:
        raw = io.FileIO(ends[1], "w", closefd=False)
        stream.append(io.TextIOWrapper(io.BufferedWriter(raw), **options))
        monkeypatch.setattr(sys, "stdout", stream[0])
        return ends[0]

    yield replace
    monkeypatch.undo()
    for end in ends:
        try:
            os.close(end)
        except OSError:  # the test has closed it
            continue


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_letters_that_an_encoding_lacks_are_question_marks(
    pipe: Callable[..., int], encoding: str
) -> None:
    end = pipe(encoding=encoding, errors="strict")
    with patient_streams():
        print("χ → ü")
        print("not text: \udcff")
        new_console().print("best –")
    lines = os.read(end, 1000).splitlines()
    assert lines[0] == "χ → ü".encode(encoding, errors="replace")
    assert lines[1] == b"not text: \xff"
    assert lines[2] == "best –".encode(encoding, errors="replace")


def test_a_reader_that_has_gone_stops_nothing(pipe: Callable[..., int]) -> None:
    os.close(pipe(encoding="utf-8"))
    with patient_streams():
        for _ in range(1000):
            print("x" * 1000)
            new_console().print("y" * 1000)
        sys.stdout.flush()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_behind_the_stream_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        with patient_streams():
            print("x" * 100_000)
        monkeypatch.undo()


def test_a_closed_stream_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with patient_streams():
        print("nobody hears")
        new_console().print("nobody hears")
    assert sys.stdout is None


def test_the_streams_are_given_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    with pytest.raises(SystemExit) as end, one_sentence_errors():
        raise InvalidInput("name is 'a\nb'; allowed are others")
    assert end.value.code == 2
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr().err == "error: name is 'a b'; allowed are others\n"


@pytest.mark.parametrize("text", PATHS)
def test_what_looks_like_markup_is_printed_as_it_is(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_plain(new_console(), f"report: {text}")
    assert capsys.readouterr().out == f"report: {text}\n"


def test_names_in_the_table_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    columns = ("trainable", "model", "epochs", "seeds", "test", "validation")
    row = dict.fromkeys(columns, "1") | {"model": "a[/b] [red]c :smile:"}
    _print_table(new_console(), pd.DataFrame([row]))
    assert "a[/b] [red]c :smile:" in capsys.readouterr().out


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("interrupted", [True, False])
def test_paths_of_a_run_and_the_command_that_resumes_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    interrupted: bool,
) -> None:
    out = tmp_path / name

    def run(*_: object) -> Path:
        add_rows(out / "runs.csv", [make_row(1)])
        if interrupted:
            raise KeyboardInterrupt
        return out / "report.md"

    monkeypatch.setattr("studies.study_command.run_study", run)
    typed = ["mode_sweep", "--dataset", "digits", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["run", *typed])
    if not interrupted:
        command_line(main)
        assert capsys.readouterr().out.endswith(f"report: {out / 'report.md'}\n")
        return
    with pytest.raises(SystemExit) as end:
        command_line(main)
    assert end.value.code == 130
    printed = capsys.readouterr().out
    assert f"interrupted: 1 runs are in {out / 'runs.csv'}\n" in printed
    command = printed[printed.index("resume with: ") :].removeprefix("resume with: ")
    assert shlex.split(command) == ["python", "-m", "studies.run", *typed]


@pytest.mark.parametrize(
    ("shell", "changes"),
    [
        ('exec "$@"', {"PYTHONIOENCODING": "ascii"}),
        ('exec "$@"', {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
        ('"$@" | true; exit ${PIPESTATUS[0]}', {}),
        ('exec "$@" >&- 2>&-', {"HOME": "/nowhere"}),
    ],
    ids=["ascii", "C", "nobody reads", "closed"],
)
def test_reports_are_whole_whatever_becomes_of_the_output(
    tmp_path: Path, shell: str, changes: dict[str, str]
) -> None:
    results = tmp_path / "χ [final]"
    add_rows(results / "ablation" / "runs.csv", [make_row(1, study="ablation", label="χ → ψ")])
    command = [sys.executable, "-m", "studies.report", "--out", str(results)]
    done = subprocess.run(
        ["bash", "-c", shell, "bash", *command],
        cwd=ROOT,
        env=environment(**changes),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "χ → ψ" in (results / "ablation" / "report.md").read_text(encoding="utf-8")
    assert (results / "report.html").exists()
