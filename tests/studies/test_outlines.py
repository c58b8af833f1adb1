"""Names and questions of the studies are read without importing what a study needs."""

import subprocess
import sys
from pathlib import Path

import pytest

from studies import outlines
from studies.catalogue import studies_by_name
from studies.outlines import questions_by_name

REGISTERED = "register_study(STUDY)\n"
EVERY = {name: study.question for name, study in studies_by_name.items()}


def test_what_is_read_is_what_the_studies_say() -> None:
    assert questions_by_name() == EVERY


@pytest.mark.parametrize(
    "text",
    [
        f"from elsewhere import STUDY\n{REGISTERED}",
        f"NAME = 'mine'\nSTUDY = Study(name=NAME, question='Why?')\n{REGISTERED}",
        f"STUDY = Study(name='mine', question=f'{{1}}?')\n{REGISTERED}",
        f"STUDY = replace(OTHER, name='mine')\n{REGISTERED}",
        "STUDY = Study(name='mine', question='Why?')\n",
        "register_study(Study(name='mine', question='Why?'))\n",
        "STUDY = (\n",
    ],
)
def test_what_cannot_be_read_is_imported(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(text)
    monkeypatch.setattr(outlines, "_CATALOGUE", tmp_path)
    assert questions_by_name.__wrapped__() == EVERY


def test_a_file_that_is_dropped_in_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "STUDY = Study(\n    name='own', question='Why?', axes=())\n"
    (tmp_path / "mine.py").write_text(text + REGISTERED)
    (tmp_path / "_shared.py").write_text("STUDY = None\n")
    monkeypatch.setattr(outlines, "_CATALOGUE", tmp_path)
    assert questions_by_name.__wrapped__() == {"own": "Why?"}


@pytest.mark.parametrize("arguments", [["--help"], ["--list"], ["no such study"]])
def test_help_waits_for_nothing_large(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        f"sys.argv[1:] = {arguments!r}\n"
        "from studies.run import main\n"
        "from studies.sentences import command_line\n"
        "try:\n"
        "    command_line(main)\n"
        "except SystemExit:\n"
        "    pass\n"
        "large = {'torch', 'pandas', 'matplotlib', 'optuna', 'scipy', 'sqlalchemy', 'numba'}\n"
        "assert not large & set(sys.modules), large & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_worker_draws_nothing() -> None:
    """What a study is, and its runs, know nothing of figures."""
    code = (
        "import sys\n"
        "import studies.runs.work\n"
        "assert not {'matplotlib', 'seaborn'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
