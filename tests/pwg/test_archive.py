"""``pwg archive``: what is published of a commit, in one file whose bytes follow from it."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import pwg.zipped
from pwg.__main__ import start

ROOT = Path(__file__).parents[2]
ROWS = """configuration,role,status,seed
0123456789ab,final,complete,1
0123456789ab,final,complete,2
0123456789ab,search,complete,3
0123456789ab,final,diverged,4
../../../secret,final,complete,1
"""
Archive = Callable[..., tuple[int, str, str]]


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=anna", "-c", "user.email=anna@example.org")
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with rows, a report and weights, committed, as the current folder."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    top = tmp_path / "checkout"
    study = top / "results" / "study"
    (study / "weights").mkdir(parents=True)
    (study / "runs.csv").write_text(ROWS)
    (study / "report.md").write_text("# Study\n")
    for seed in (1, 3, 4, 5):
        (study / "weights" / f"0123456789ab-{seed}.safetensors").write_bytes(b"w%d" % seed)
    (tmp_path / "secret-1.safetensors").write_text("not to be published")
    (study / "weights" / "0123456789ab-2.safetensors").symlink_to(tmp_path / "secret-1.safetensors")
    (top / "CITATION.cff").write_bytes((ROOT / "CITATION.cff").read_bytes())
    (top / "LICENSE").write_text("MIT\n")
    (top / ".gitignore").write_text("weights/\n/dist/\n")
    git(top, "init", "--quiet")
    git(top, "add", "--all")
    git(top, "commit", "--quiet", "--message", "first")
    monkeypatch.chdir(top)
    return top


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Archive:
    """Runs the command; returns its exit code, and what it printed."""

    def run(*options: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pwg", "archive", *options])
        try:
            start()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return run


def refused(answer: tuple[int, str, str]) -> str:
    """The sentence of a command that was refused, with nothing printed beside it."""
    code, printed, sentence = answer
    assert (code, printed, sentence.count("\n")) == (2, "", 1)
    return sentence


def test_it_holds_what_is_published_with_checksums(
    checkout: Path, archive: Archive, tmp_path: Path
) -> None:
    code, printed, _ = archive("--output", "it.zip")
    commit = git(checkout, "rev-parse", "HEAD")
    assert code == 0
    assert printed == (
        f"archive: it.zip, 6 files of commit {commit[:12]} with the weights of 1 of 3 final runs\n"
    )
    with zipfile.ZipFile("it.zip") as file:
        file.extractall(tmp_path / "out")
    (folder,) = (tmp_path / "out").iterdir()
    assert folder.name == "photonic-weight-generation-0.1.0-results"
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    weights = "results/study/weights/0123456789ab-1.safetensors"
    report = ["results/study/runs.csv", "results/study/report.md"]
    assert names == {
        "SHA256SUMS", ".zenodo.json", "CITATION.cff", "LICENSE", *report, weights
    }  # fmt: skip
    assert (folder / weights).read_bytes() == b"w1"
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(check, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count(": OK\n")) == (0, len(names) - 1), done.stderr


def test_zenodo_is_told_what_the_citation_says(checkout: Path, archive: Archive) -> None:
    archive()
    (path,) = (checkout / "dist").iterdir()
    with zipfile.ZipFile(path) as file:
        metadata = json.loads(file.read(f"{path.stem}/.zenodo.json"))
    assert metadata["version"] == "0.1.0"
    assert metadata["license"] == "MIT"
    assert metadata["creators"] == [{"name": "The photonic-weight-generation authors"}]
    assert {"identifier": "10.1364/OPTICA.3.001460", "relation": "cites"} in metadata[
        "related_identifiers"
    ]
    assert git(checkout, "rev-parse", "HEAD") in metadata["description"]


def test_the_same_commit_gives_the_same_bytes(
    checkout: Path, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a folder inside, in a clone with other times, permissions and line ends."""
    archive("--output", str(tmp_path / "here.zip"))
    clone = tmp_path / "clone"
    git(tmp_path, "-c", "core.autocrlf=true", "clone", "--quiet", str(checkout), str(clone))
    git(clone, "config", "core.autocrlf", "true")
    weights = clone / "results" / "study" / "weights"
    weights.mkdir()
    (weights / "0123456789ab-1.safetensors").write_bytes(b"w1")
    assert b"\r\n" in (clone / "results" / "study" / "report.md").read_bytes()
    monkeypatch.chdir(clone / "results" / "study")
    assert archive("--output", str(tmp_path / "there.zip"))[0] == 0
    assert (tmp_path / "there.zip").read_bytes() == (tmp_path / "here.zip").read_bytes()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("echo more >> results/study/runs.csv", "'results/study/runs.csv' is"),
        ("rm -r results", "'results/study/report.md' and 1 more is"),
        ("touch results/study/note", "'results/study/note' is"),
        ("echo other > LICENSE && git add LICENSE", "'LICENSE' is"),
    ],
)
def test_a_working_tree_that_differs_from_the_commit_is_refused(
    checkout: Path, archive: Archive, change: str, named: str
) -> None:
    subprocess.run(change, shell=True, cwd=checkout, check=True)
    sentence = refused(archive())
    assert sentence.startswith(f"error: {named} not as in the commit ")
    assert not (checkout / "dist").exists()


def test_a_folder_outside_a_checkout_is_refused(
    checkout: Path, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    allowed = "allowed is one of a git checkout of the project, whose commit has results, "
    assert allowed in refused(archive())
    git(tmp_path, "init", "--quiet")  # one without a commit
    assert allowed in refused(archive())


def test_a_commit_without_rows_is_refused(checkout: Path, archive: Archive) -> None:
    git(checkout, "rm", "--quiet", "results/study/runs.csv")
    git(checkout, "commit", "--quiet", "--message", "no rows")
    assert " has 0 files results/STUDY/runs.csv; allowed" in refused(archive())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title: [", "error: CITATION.cff cannot be read (ParserError: "),
        ("- a list", "error: CITATION.cff has no title, version, "),
        ("title: it\nversion: 1\nlicense: MIT", "has no date-released, authors, abstract, "),
    ],
)
def test_a_citation_that_says_too_little_is_refused(
    checkout: Path, archive: Archive, text: str, sentence: str
) -> None:
    (checkout / "CITATION.cff").write_text(text)
    git(checkout, "commit", "--quiet", "--all", "--message", "citation")
    assert sentence in refused(archive())


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("LICENSE", "output is 'LICENSE'; allowed are files named NAME.zip outside 'results'"),
        ("results/it.zip", "allowed are files named NAME.zip outside 'results'"),
        ("dist/../results/study/it.zip", "allowed are files named NAME.zip outside 'results'"),
        ("", "output is '.'; allowed are files named"),
        ("folder.zip", "output 'folder.zip' is a folder; allowed are files"),
        ("LICENSE/it.zip", "output 'LICENSE/it.zip' "),
    ],
)
def test_an_output_that_cannot_be_is_refused(
    checkout: Path, archive: Archive, output: str, sentence: str
) -> None:
    (checkout / "folder.zip").mkdir()
    assert sentence in refused(archive("--output", output))
    assert git(checkout, "status", "--porcelain") == ""


def test_what_was_there_stays_when_writing_is_interrupted(
    checkout: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = checkout / "dist" / "it.zip"
    output.parent.mkdir()
    output.write_bytes(b"before")

    def interrupted(name: str) -> zipfile.ZipInfo:
        raise KeyboardInterrupt

    monkeypatch.setattr(pwg.zipped, "_entry", interrupted)
    assert archive("--output", str(output))[0] == 130
    assert list(output.parent.iterdir()) == [output]
    assert output.read_bytes() == b"before"
