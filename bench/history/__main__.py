"""``python -m bench.history``: measure the tagged commits by asv, and publish what it found."""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import click

from bench.history.measured import rows_of_asv, write_rows
from bench.history.page import ROWS, build_page
from qcnn import InvalidInput
from studies.design.arguments import Folder
from studies.design.configuration import shortened
from studies.interrupts import INTERRUPTED
from studies.sentences import command_line

#: Where ``asv.conf.json`` says that asv keeps what it measures.
_STORED = Path(".asv") / "results"


@click.command(help="Measure revisions (by default the tags) by asv, and publish the history.")
@click.argument("revisions", nargs=-1)
@click.option("--bench", default=".", show_default=True, help="pattern of benchmarks, as asv's")
@click.option(
    "--out",
    type=Folder(),
    default=Path("results") / "bench",
    show_default=True,
    help="folder whose rows, figure and page are replaced",
)
def main(revisions: tuple[str, ...], bench: str, out: Path) -> None:
    """Interrupted and repeated it goes on with the benchmarks that are missing."""
    if not (Path("asv.conf.json").is_file() and Path(".git").exists()):
        raise InvalidInput(
            f"the folder is {str(Path.cwd())!r}; allowed is a git checkout of the project, with "
            "its asv.conf.json"
        )
    if find_spec("asv") is None:
        raise InvalidInput("asv is not installed; allowed are environments with the extra dev")
    commits = {name: _commit_of(name) for name in revisions or _tags()}
    with tempfile.TemporaryDirectory() as folder:
        hashes = Path(folder) / "hashes"
        hashes.write_text("".join(f"{commit}\n" for commit in commits.values()))
        # In turns: a machine that becomes slower meanwhile makes all of them so.
        turns = ["--interleave-rounds", "--skip-existing-successful"]
        options = [*turns, "--bench", bench, f"HASHFILE:{hashes}"]
        try:
            # asv's exit code says whether a benchmark has failed, as some do at old commits.
            subprocess.run([sys.executable, "-m", "asv", "run", *options], check=False)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
    publish(commits, out)


def publish(commits: dict[str, str], out: Path) -> None:
    """Write rows and page from what asv has stored of some commits."""
    from asv.machine import Machine

    rows = rows_of_asv(_STORED, Machine.get_unique_machine_name(), commits)
    if not rows:
        raise InvalidInput(
            f"revisions are {', '.join(commits)}, of which asv has 0 results; allowed are "
            "commits that it can measure"
        )
    write_rows(out / ROWS, rows)
    click.echo(f"report: {build_page(out)}")


def _tags() -> list[str]:
    found = _git("tag", "--sort=creatordate").split()
    if not found:
        raise InvalidInput("the number of tags is 0; allowed are revisions such as v0.1.0 or HEAD")
    return found


def _commit_of(revision: str) -> str:
    try:
        return _git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").strip()
    except subprocess.CalledProcessError:
        raise InvalidInput(
            f"revision is {shortened(revision)}; allowed are commits of this repository"
        ) from None


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    command_line(main)
