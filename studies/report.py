"""``python -m studies.report``: rebuild reports and figures from ``runs.csv`` alone."""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

from pathlib import Path

import click

from qcnn import InvalidInput
from studies.catalogue import studies_by_name
from studies.design.arguments import Folder
from studies.reports.claims import write_claims
from studies.reports.front_page import write_front_page
from studies.reports.page import write_page
from studies.reports.study_report import check_figures, read_study, write_report
from studies.sentences import command_line


@click.command(help="Rebuild the reports of all studies under a results folder.")
@click.option(
    "--out",
    type=Folder(),
    default=Path("results"),
    show_default=True,
    help="results folder",
)
def main(out: Path) -> None:
    """Rebuild every report under ``out``."""
    found = sorted(csv for csv in out.glob("*/runs.csv") if csv.parent.name in studies_by_name)
    if not found:
        raise InvalidInput(
            f"out is {str(out)!r}; allowed are folders with a study's runs.csv one level below"
        )
    check_figures(out)
    studies = [read_study(csv.parent) for csv in found]
    for csv, results in zip(found, studies, strict=True):
        name = results.study.name
        if name != csv.parent.name:
            raise InvalidInput(
                f"{csv} holds runs of {name!r}; allowed are those of {csv.parent.name!r}, "
                "its folder's name"
            )
    for csv, results in zip(found, studies, strict=True):
        click.echo(f"report: {write_report(results, csv.parent)}")
    for write in (write_front_page, write_claims, write_page):
        click.echo(f"report: {write(out, studies)}")


if __name__ == "__main__":
    command_line(main)
