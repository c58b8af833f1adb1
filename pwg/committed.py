"""What a commit of the project has published, and the weights of its rows where they are kept."""

import io
import re
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from qcnn import InvalidInput
from qcnn.checks import shown
from studies.design.roles import COMPLETE, FINAL
from studies.rows.runs_file import PUBLISHED
from studies.store.provenance import ask_git

CITATION = "CITATION.cff"
#: What is published of a commit.
_PARTS = (PUBLISHED.as_posix(), CITATION, "LICENSE")
_ROWS = re.compile(rf"{PUBLISHED.as_posix()}/[^/]+/runs\.csv")


@dataclass(frozen=True)
class Committed:
    """The published files of a commit.

    Attributes:
        top: the checkout's folder.
        commit: its 40 digits.
        files: their content by their path from ``top``.
    """

    top: Path
    commit: str
    files: Mapping[str, bytes]


def read_commit(folder: Path) -> Committed:
    """The published files of the commit that is checked out around a folder.

    They are taken from the commit, so that the working tree's line ends and times do not matter.

    Raises:
        InvalidInput: outside the project's checkouts, and where the published files in the
            working tree are not those of the commit.
        OSError: without git.
    """
    try:
        top = Path(ask_git(folder, "rev-parse", "--show-toplevel").decode().removesuffix("\n"))
        commit = ask_git(top, "rev-parse", "--verify", "HEAD").decode().strip()
        packed = ask_git(
            top, "-c", "core.autocrlf=false", "archive", "--format=tar", commit, "--", *_PARTS
        )
        changed = ask_git(
            top, "status", "--porcelain", "-z", "--untracked-files=all", "--", *_PARTS
        )
    except subprocess.SubprocessError as error:
        raise InvalidInput(
            f"the folder is {shown(str(folder))}; allowed is one of a git checkout of the project, "
            f"whose commit has {', '.join(_PARTS)}"
        ) from error
    if changed:
        # Each entry is two letters, a blank and a path.
        first, *others = changed.decode("utf-8", "replace").rstrip("\0").split("\0")
        more = f" and {len(others)} more" if others else ""
        raise InvalidInput(
            f"{shown(first[3:])}{more} is not as in the commit {commit[:12]}; allowed is a working "
            f"tree whose {', '.join(_PARTS)} are committed"
        )
    files = dict(_unpacked(packed))
    if not any(map(_ROWS.fullmatch, files)):
        raise InvalidInput(
            f"the commit {commit[:12]} has 0 files {PUBLISHED}/STUDY/runs.csv; allowed are "
            "commits with rows"
        )
    return Committed(top, commit, files)


def _unpacked(packed: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            if member.isreg() and (file := archive.extractfile(member)) is not None:
                yield member.name, file.read()


def stored_weights(published: Committed) -> tuple[dict[str, Path], int]:
    """The files of weights that the rows of a commit are of, by their path from the top.

    Git holds none of them: they are beside the rows where these were made. Only the names of
    files that are there are compared with rows, so that no row chooses a path.

    Returns:
        the files that are there, and how many final runs of the rows there are.
    """
    found: dict[str, Path] = {}
    runs = 0
    for name, content in published.files.items():
        if _ROWS.fullmatch(name):
            names = _names_of_final_runs(content)
            runs += len(names)
            folder = PurePosixPath(name).parent / "weights"
            for path in (published.top / folder).glob("*.safetensors"):
                if path.stem in names and path.is_file() and not path.is_symlink():
                    found[str(folder / path.name)] = path
    return found, runs


def _names_of_final_runs(content: bytes) -> set[str]:
    rows = pd.read_csv(
        io.BytesIO(content), usecols=["configuration", "seed", "role", "status"], dtype=str
    )
    ended = rows[(rows["role"] == FINAL) & (rows["status"] == COMPLETE)]
    return set(ended["configuration"] + "-" + ended["seed"])
