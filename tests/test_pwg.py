"""The console command ``pwg``: one name for every command, known without importing it."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import qcnn
from pwg.__main__ import BENCHMARKS, COMMANDS, bench, main, start
from studies.lazy_group import command_at
from studies.outlines import questions_by_name

ROOT = Path(__file__).parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def fail(monkeypatch: pytest.MonkeyPatch, *typed: str) -> int:
    """The exit code of a command that is refused."""
    monkeypatch.setattr(sys, "argv", ["pwg", *typed])
    with pytest.raises(SystemExit) as end:
        start()
    return int(end.value.code or 0)


def test_the_version_is_that_of_the_package() -> None:
    assert qcnn.__version__ == VERSION
    done = CliRunner().invoke(main, ["--version"])
    assert done.output == f"pwg, version {VERSION}\n"


@pytest.mark.parametrize(("group", "table"), [(main, COMMANDS), (bench, BENCHMARKS)])
def test_every_command_is_there(group: click.Group, table: dict[str, tuple[str, str]]) -> None:
    context = click.Context(group)
    assert group.list_commands(context) == sorted(table)
    for name, (words, place) in table.items():
        found = group.get_command(context, name)
        assert found is command_at(place)
        assert words in " ".join(group.get_help(context).split())
        assert isinstance(found, click.Command)


def test_help_says_how_names_are_completed() -> None:
    assert (
        '  eval "$(_PWG_COMPLETE=bash_source pwg)"\n' in CliRunner().invoke(main, "--help").output
    )


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("pwg ", COMMANDS),
        ("pwg run ", questions_by_name()),
        ("pwg bench ", BENCHMARKS),
        ("pwg --help", None),
        ("pwg run --list", None),
        ("pwg run mode_swep", None),
    ],
)
def test_help_completion_and_refusals_wait_for_nothing_large(
    typed: str, names: dict[str, object] | None
) -> None:
    code = (
        "import atexit, sys\n"
        "large = {'torch', 'pandas', 'matplotlib', 'optuna', 'scipy', 'sqlalchemy', 'numba'}\n"
        "atexit.register(lambda: print('large:', *(large & set(sys.modules))))\n"
        f"sys.argv = {typed.split()!r}\n"
        "from pwg.__main__ import start\n"
        "start()\n"
    )
    asked = {
        "_PWG_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split(" ")) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **(asked if names else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    *printed, last = done.stdout.splitlines()
    assert last == "large:", done.stderr
    if names:
        assert printed == [f"plain,{name}" for name in sorted(names)]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            ["rum"],
            "command is 'rum'; allowed are archive, bench, report, run, show, transfer (did you ",
        ),
        (["bench", "brake-even"], "allowed are break-even, compare, history (did you mean 'break-"),
        (["bench", "--"], "command is missing; allowed are break-even, compare, history"),
        (["run", "mode_swep"], "(did you mean 'mode_sweep'?)"),
        (["report", "--outt", "x"], "option is '--outt'; allowed are --out, --help (did you mean"),
    ],
)
def test_a_mistake_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: list[str],
    sentence: str,
) -> None:
    assert fail(monkeypatch, *typed) == 2
    assert sentence in capsys.readouterr().err


def test_the_history_is_that_of_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asv.conf.json").write_text("{}")
    assert fail(monkeypatch, "bench", "history") == 2
    assert capsys.readouterr().err == (
        f"error: the folder is {str(tmp_path)!r}; allowed is a git checkout of the project, with "
        "its asv.conf.json\n"
    )
