"""``python -m bench.break_even``: when a device would be faster than its simulation."""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

from pathlib import Path

import click

from bench.break_even.devices import ACCURACY, asked_for
from bench.break_even.measured import SIZES, measure, write_rows
from bench.break_even.page import ROWS, Assumptions, build_page
from bench.report import DEFAULT_OUT
from studies.design.arguments import Folder, NumberUpTo
from studies.sentences import command_line
from studies.store.provenance import git_commit, package_versions, platform_text

#: Of pages with assumptions that are not the project's.
_OWN_OUT = Path("results-quick") / "bench"
_REPEATS, _BUDGET = 30, 5.0
#: The published times, as they come with an installed package.
_PACKAGED = Path(__file__).with_name(ROWS)


@click.command(help="When a device would be faster than its simulation: table, page and figure.")
@click.option("--rate", type=NumberUpTo(1e15), help="photons asked for each second, Hz")
@click.option("--transmittance", type=NumberUpTo(1.0), help="probability that a photon is detected")
@click.option("--accuracy", type=NumberUpTo(1.0), help=f"relative error of a reading  [{ACCURACY}]")
@click.option(
    "--rows",
    type=click.Path(path_type=Path),
    help=f"measured times of the simulation  [default: {DEFAULT_OUT / ROWS}; where there are none "
    "those that are published]",
)
@click.option("--measure", "again", is_flag=True, help="measure them first, about three minutes")
@click.option(
    "--out",
    type=Folder(),
    help=f"folder of page and figure  [default: {DEFAULT_OUT}; with an assumption {_OWN_OUT}]",
)
def main(
    rate: float | None,
    transmittance: float | None,
    accuracy: float | None,
    rows: Path | None,
    again: bool,
    out: Path | None,
) -> None:
    """Assumptions of one's own have a page of their own; what is published stays as it is."""
    own = DEFAULT_OUT / ROWS
    if again:
        origin = {
            "commit": git_commit(),
            "platform": platform_text(),
            "packages": package_versions(),
        }
        write_rows(rows or own, measure(SIZES, _REPEATS, _BUDGET, origin))
    published = rate is None and transmittance is None and accuracy is None
    folder = out or (DEFAULT_OUT if published else _OWN_OUT)
    assumptions = Assumptions(asked_for(rate, transmittance), accuracy or ACCURACY)
    times = rows or (own if own.is_file() else _PACKAGED)
    click.echo(f"report: {build_page(times, folder, assumptions)}")


if __name__ == "__main__":
    command_line(main)
