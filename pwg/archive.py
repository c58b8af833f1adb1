"""``pwg archive``: rows, weights and reports of the commit in one file with checksums."""

from pathlib import Path

import click

from pwg.committed import CITATION, Committed, read_commit, stored_weights
from pwg.zenodo import read_citation, zenodo_metadata
from pwg.zipped import write_zip
from qcnn import InvalidInput
from qcnn.checks import check_output, shown
from studies.rows.runs_file import PUBLISHED

_PROJECT = "photonic-weight-generation"


@click.command(
    help="Write rows, weights and reports of the commit into one zip file with checksums, for a "
    "DOI; in a git checkout."
)
@click.option(
    "--output",
    help=f"zip file [default: dist/{_PROJECT}-VERSION-results.zip in the checkout]",
)
def main(output: str | None) -> None:
    """The same commit and weights give the same bytes."""
    published = read_commit(Path.cwd())
    citation = read_citation(published.files[CITATION])
    folder = f"{_PROJECT}-{citation['version']}-results"
    path = published.top / "dist" / f"{folder}.zip" if output is None else Path(output)
    check_zip(path, published)
    weights, runs = stored_weights(published)
    members: dict[str, bytes | Path] = {
        **published.files,
        **weights,
        ".zenodo.json": zenodo_metadata(citation, published.commit).encode(),
    }
    write_zip(path, folder, members)
    click.echo(
        f"archive: {path}, {len(members)} files of commit {published.commit[:12]} with the "
        f"weights of {len(weights)} of {runs} final runs"
    )


def check_zip(path: Path, published: Committed) -> None:
    """Keep the archive out of what it holds.

    Raises:
        InvalidInput: for a file in the published folder, of another kind, or one that cannot be
            written.
    """
    inside = path.resolve().is_relative_to((published.top / PUBLISHED).resolve())
    if path.suffix != ".zip" or inside:
        raise InvalidInput(
            f"output is {shown(str(path))}; allowed are files named NAME.zip outside "
            f"{str(PUBLISHED)!r}"
        )
    check_output(path, "output")
