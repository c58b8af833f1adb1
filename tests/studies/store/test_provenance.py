"""Where a row comes from: this project's own commit, or none."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from studies.store import provenance
from studies.store.provenance import commit_of

ROOT = Path(__file__).parents[3]
Git = Callable[..., str]


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Git:
    """Runs git without any settings of the user."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))

    def run(folder: Path, *arguments: str) -> str:
        who = ("-c", "user.name=anna", "-c", "user.email=anna@example.org")
        done = subprocess.run(
            ["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    return run


def project(folder: Path) -> Path:
    """A file of a project that lies in ``folder``."""
    file = folder / "studies" / "provenance.py"
    file.parent.mkdir(parents=True)
    file.write_text("a = 1\n")
    return file


def commit_all(git: Git, folder: Path) -> str:
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "first")
    return git(folder, "rev-parse", "--short=12", "HEAD")


def test_a_checkout_of_its_own(git: Git, tmp_path: Path) -> None:
    file = project(tmp_path / "own")
    commit = commit_all(git, tmp_path / "own")
    assert commit_of(file) == commit
    file.write_text("a = 2\n")
    assert commit_of(file) == f"{commit}-dirty"


def test_a_folder_inside_another_repository(git: Git, tmp_path: Path) -> None:
    """Installed into somebody's checkout, whether ignored, untracked or committed with it."""
    file = project(tmp_path / "paper" / ".venv" / "site-packages")
    commit_all(git, tmp_path / "paper")
    assert commit_of(file) == ""
    other = project(tmp_path / "paper" / "vendor")
    assert commit_of(other) == ""


def test_another_repository_with_the_same_top(git: Git, tmp_path: Path) -> None:
    commit_all(git, tmp_path)
    assert commit_of(project(tmp_path)) == ""


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"])
def test_the_environment_names_another_repository(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = project(tmp_path / "own")
    commit = commit_all(git, tmp_path / "own")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    commit_all(git, foreign)
    place = {"GIT_WORK_TREE": foreign, "GIT_INDEX_FILE": foreign / ".git" / "index"}
    monkeypatch.setenv(name, str(place.get(name, foreign / ".git")))
    assert commit_of(file) == commit
    assert commit_of(project(tmp_path / "no repository")) == ""


def test_no_commit_yet(git: Git, tmp_path: Path) -> None:
    file = project(tmp_path)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    assert commit_of(file) == ""


@pytest.mark.parametrize(
    "script",
    [
        "echo fatal: detected dubious ownership in repository >&2; exit 128",
        "exec sleep 60",
        "echo /somewhere/else",
        "",
    ],
)
def test_a_git_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(provenance, "_GIT_SECONDS", 0.5)
    assert commit_of(project(tmp_path / "own")) == ""


def test_without_git_a_row_is_written_all_the_same(tmp_path: Path) -> None:
    code = (
        "from studies.store import provenance as p; print([p.git_commit(), p.platform_text()[:1]])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("['', '")


def test_a_package_without_metadata_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_PACKAGES", ("click", "a package that is not there"))
    provenance.package_versions.cache_clear()
    try:
        assert provenance.package_versions().endswith(" a package that is not there=unknown")
    finally:
        provenance.package_versions.cache_clear()
