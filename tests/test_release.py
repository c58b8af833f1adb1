"""Releases and what runs them: one version everywhere, workflows and containers that fit."""

import datetime
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
DEVCONTAINER = ROOT / ".devcontainer" / "devcontainer.json"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: Programs that the machines of workflows have.
THERE = {"docker", "gh", "test"}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_version_and_date_are_the_same_everywhere() -> None:
    newest = re.search(r"^## (\d\S*) - (\S+)$", text_of("CHANGELOG.md"), re.MULTILINE)
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert newest is not None
    version, date = newest.groups()
    assert version == citation["version"] == PROJECT["version"]
    assert date == str(citation["date-released"])
    assert datetime.date.fromisoformat(date) <= datetime.date.today()
    assert text_of("CHANGELOG.md").index("\n## Unreleased\n") < newest.start()


def dry_run(*words: str) -> str:
    """What make would do in a checkout without an environment."""
    command = ["make", "--dry-run", "--always-make", "VENV=not-there", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_release_has_the_notes_of_its_version(tmp_path: Path) -> None:
    (line,) = [line for line in dry_run("release").splitlines() if line.startswith("awk ")]
    (tmp_path / "dist").mkdir()
    changelog = f"## Unreleased\n\n- later\n\n## {PROJECT['version']} - 2026-01-01\n\nIts own.\n"
    (tmp_path / "CHANGELOG.md").write_text(
        f"# Changelog\n\n{changelog}\n## 0.0.1 - 2025-01-01\nold"
    )
    subprocess.run(line, shell=True, cwd=tmp_path, check=True)
    assert (tmp_path / "dist" / "notes.md").read_text().strip() == "Its own."


@pytest.mark.parametrize(
    ("target", "lock"),
    [("setup", "requirements.lock"), ("test-lowest", "requirements-lowest.lock")],
)
def test_torch_alone_is_taken_from_an_index_without_cuda(target: str, lock: str) -> None:
    usual = dry_run(target, "TORCH_INDEX=")
    assert f"-r {lock}\n" in usual
    assert "index-url" not in usual
    without = dry_run(target, "TORCH_INDEX=https://example.org/cpu")
    assert f"-r {lock}" not in without
    assert f"-c {lock} '.[dev" in without
    ((words, pin),) = re.findall(r'--no-deps (--index-url \S+) "\$\((.*?)\)"', without)
    assert words == "--index-url https://example.org/cpu"
    found = subprocess.run(pin, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"torch==\d+\.\d+\.\d+\n", found.stdout)


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    """Jobs that are another workflow's, and the steps of all others."""
    for job in yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values():
        yield from job.get("steps", [job])


def test_there_are_workflows() -> None:
    assert {path.stem for path in WORKFLOWS} == {"ci", "release"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_what_a_workflow_uses_and_runs_is_there(workflow: Path) -> None:
    read = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert read[True], "when it runs"  # YAML's name of `on`
    assert read["permissions"] == {"contents": "read"}
    for step in steps(workflow):
        if "uses" in step and step["uses"].startswith("./"):
            assert (ROOT / step["uses"]).is_file()
        elif "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])
            lock = step.get("with", {}).get("cache-dependency-path")
            assert lock is None or (ROOT / lock).is_file()
        else:
            check_line(step["run"])


def check_line(line: str) -> None:
    """Fails unless the program that a line runs is there."""
    match line.split():
        case ["make", target]:
            assert f"\n{target}:" in text_of("Makefile"), target
        case ["python", "-m", module, *_]:
            assert find_spec(module) is not None, module
        case [program, *_]:
            assert program in THERE or (ROOT / program).is_file(), program


@pytest.mark.parametrize("line", ["make nothing", "python -m nothing", ".ci/nothing", "nothing"])
def test_a_line_that_runs_nothing_is_seen(line: str) -> None:
    with pytest.raises(AssertionError):
        check_line(line)


@cache
def pythons() -> set[str]:
    """The versions of Python that the public workflow tests under."""
    workflow = yaml.safe_load(text_of(".github/workflows/ci.yml"))
    return set(workflow["jobs"]["all"]["strategy"]["matrix"]["python"])


def test_the_supported_versions_of_python_are_tested() -> None:
    supported = SpecifierSet(PROJECT["requires-python"])
    assert all(version in supported for version in pythons())
    (least,) = supported
    assert least.version in pythons()


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("Dockerfile", r"FROM python:([\d.]+)-slim-\w+\n"),
        (".devcontainer/devcontainer.json", r'/python:([\d.]+)-\w+"'),
        (".github/workflows/release.yml", r'python-version: "([\d.]+)"'),
    ],
)
def test_containers_and_releases_have_a_python_that_is_tested(file: str, pattern: str) -> None:
    (version,) = re.findall(pattern, text_of(file))
    assert version in pythons()


def test_the_development_container_sets_itself_up() -> None:
    settings = json.loads(DEVCONTAINER.read_text(encoding="utf-8"))
    check_line(settings["postCreateCommand"])
    assert settings["containerEnv"].keys() == {"TORCH_INDEX"}


def copied() -> list[str]:
    """The paths that the Dockerfile copies."""
    lines = [line.split() for line in text_of("Dockerfile").splitlines()]
    return [path.rstrip("/") for line in lines if line[:1] == ["COPY"] for path in line[1:-1]]


def test_the_image_is_made_of_what_the_commit_has() -> None:
    """All that is built into the package is copied, and where a link leads to."""
    listing = ["git", "ls-files", "-s", "-z", "--", *copied()]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    entries = [entry.split("\t") for entry in done.stdout.split("\0")[:-1]]
    files = {name for _, name in entries}
    for path in copied():
        assert any(name == path or name.startswith(f"{path}/") for name in files), path
    links = [name for mode, name in entries if mode.startswith("120000")]
    assert {str((ROOT / link).resolve().relative_to(ROOT)) for link in links} <= files
    assert len(links) == 1
    settings = tomllib.loads(text_of("pyproject.toml"))["tool"]["setuptools"]
    packages = {name.rstrip("*") for name in settings["packages"]["find"]["include"]}
    assert set(copied()) >= packages | {"pyproject.toml", "README.md", *PROJECT["license-files"]}


def test_what_is_copied_is_not_ignored() -> None:
    first, *others = [
        line for line in text_of(".dockerignore").splitlines() if not line.startswith("#")
    ]
    assert first == "*"
    assert sorted(line[1:] for line in others if line.startswith("!")) == sorted(copied())


def test_the_user_of_the_image_is_not_root() -> None:
    lines = text_of("Dockerfile").splitlines()
    assert lines[-3:] == ['VOLUME ["/data", "/work"]', 'ENTRYPOINT ["pwg"]', 'CMD ["--help"]']
    assert [line for line in lines if line.startswith("USER")] == ["USER pwg"]
    assert "pwg" in PROJECT["scripts"]
