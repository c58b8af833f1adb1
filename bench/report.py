"""``python -m bench.report``: rebuild the comparison's report from ``comparison.csv`` alone."""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

from pathlib import Path

import click

from bench import sections
from bench.figure import draw
from bench.growth import fit_growth
from bench.rows import FORWARD, FORWARD_BACKWARD, read_rows
from bench.summary import passes_of, to_compare
from studies.design.arguments import Folder
from studies.reports.figures.style import store
from studies.rows.runs_file import write_text
from studies.sentences import command_line

ROWS, REPORT, FIGURE = "comparison.csv", "report.md", "time-against-outcomes.png"
DEFAULT_OUT = Path("results") / "bench"


def build_report(folder: Path) -> Path:
    """Write the figure and the report of the comparison in ``folder``.

    The same rows give the same text, byte for byte.

    Returns:
        the path of the report.

    Raises:
        InvalidInput: if there are no rows, or the file is none of a comparison.
    """
    rows = read_rows(folder / ROWS)
    passes = passes_of(rows)
    parts = ["# The photonic pass, side by side\n", sections.answer(rows, passes)]
    parts += [sections.introduction(rows)]
    if not passes.empty:
        compared = to_compare(passes)
        fits = fit_growth(compared)
        store(draw(compared, fits, sections.label_of), folder / FIGURE)
        parts += [
            "## Time of a pass\n",
            *(sections.times(passes, direction) for direction in (FORWARD_BACKWARD, FORWARD)),
            f"![Time of forward and backward against the number of outcomes]({FIGURE})\n",
            sections.growth(fits, compared),
            sections.against_merlin(passes),
        ]
    parts += [sections.batches(rows), sections.whole_steps(rows)]
    parts += [sections.arithmetic(rows, passes), sections.agreement(passes), sections.remarks(rows)]
    write_text(folder / REPORT, "\n".join(part for part in parts if part))
    return folder / REPORT


@click.command(help="Rebuild the comparison's report and figure from its rows.")
@click.option(
    "--out",
    type=Folder(),
    default=DEFAULT_OUT,
    show_default=True,
    help="folder of the comparison",
)
def main(out: Path) -> None:
    """Rebuild the report in ``out``."""
    click.echo(f"report: {build_report(out)}")


if __name__ == "__main__":
    command_line(main)
