"""What the pages in docs/ show: each block of Python is run, and each command exists.

Every page has a namespace of its own.
"""

import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest

from qcnn.baselines._base import registered as baselines
from qcnn.data._registry import registered as datasets
from qcnn.mappings._base import registered as mappings
from qcnn.targets._base import registered as targets

ROOT = Path(__file__).parents[2]
#: Those that are written by hand; a build has further ones in folders of its own.
PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^```python(?: skip-without=(\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WITH_PYTHON = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]
COMMANDS = [
    pytest.param(line, id=f"{page.stem}: {line.partition('  ')[0][:60]}")
    for page in [*PAGES, ROOT / "README.md"]
    for block in SHELL.findall(page.read_text(encoding="utf-8"))
    for line in block.splitlines()
]


def test_there_are_pages() -> None:
    assert {page.stem for page in WITH_PYTHON} >= {"from-merlin", "ideas", "limits", "training"}
    assert len(COMMANDS) > 30


@pytest.fixture
def registries_as_before() -> Iterator[None]:
    kinds: list[Any] = [baselines, datasets, mappings, targets]
    before = [set(kind) for kind in kinds]
    yield
    for kind, names in zip(kinds, before, strict=True):
        for name in set(kind) - names:
            kind.pop(name)


# Lightning's own use of torch.
@pytest.mark.filterwarnings("ignore:.*treespec:FutureWarning")
@pytest.mark.usefixtures("registries_as_before")
@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.stem)
def test_every_block_of_a_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCVL_CLOUD_TOKEN", "")  # nothing is sent anywhere, and pages may unset it
    text = page.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    assert len(blocks) == len(re.findall(r"^```python", text, re.MULTILINE)) > 0
    names: dict[str, Any] = {"__name__": page.stem}
    for block in blocks:
        package, code = block.groups()
        if package is not None and find_spec(package) is None:
            continue
        line = text[: block.start(2)].count("\n")
        exec(compile("\n" * line + code, str(page), "exec"), names)


def check_command(line: str) -> None:
    """Fails unless what a line of a shell names exists: targets, modules, options, extras."""
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    match words:
        case ["make", target]:
            assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
        case ["python", "-m", module, *arguments]:
            _check_options(module, arguments)
        case ["pip", "install", "-c", constraints, "-e", extras]:
            assert (ROOT / constraints).exists()
            settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
            assert extras.strip(".[]") in settings["project"]["optional-dependencies"]
        case ["docker", "build", "--tag", "pwg", "."]:
            assert (ROOT / "Dockerfile").exists()
        case ["docker", "run", *arguments]:
            _check_options("pwg", arguments[arguments.index("pwg") + 1 :])
        case ["asv", command, *_]:
            assert find_spec(f"asv.commands.{command}") is not None
        case ["optuna-dashboard", _] | ["export", _]:
            pass
        case _:
            pytest.fail(f"{line!r} begins with no command that is known here")


def _check_options(module: str, arguments: list[str]) -> None:
    spec = find_spec(module)
    assert spec is not None, module
    program = import_module(f"{module}.__main__" if spec.submodule_search_locations else module)
    command: click.Command | None = program.main
    while isinstance(command, click.Group) and not arguments[0].startswith("-"):
        name, *arguments = arguments
        command = command.get_command(click.Context(command), name)
        assert command is not None, name
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    named = {word for word in arguments if word.startswith("--")}
    assert named <= known, named - known


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_a_page_exists(line: str) -> None:
    check_command(line)


@pytest.mark.parametrize(
    "line",
    [
        "make nothing",
        "python -m studies.nothing",
        "python -m studies.run nothing",
        "python -m studies.run mode_sweep --nothing",
        "pip install -c requirements.lock -e '.[nothing]'",
        "asv nothing",
        "docker run --rm pwg nothing",
        "nothing",
    ],
)
def test_a_command_that_does_not_exist_is_seen(line: str) -> None:
    with pytest.raises((AssertionError, ModuleNotFoundError, pytest.fail.Exception)):
        check_command(line)
