"""``python -m studies.report``: rebuild reports and figures from ``runs.csv`` alone."""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

from pathlib import Path

import click

from studies.destination import results_folder
from studies.reports.results_folder import read_studies, write_pages
from studies.reports.study_report import write_report
from studies.sentences import command_line


@click.command(help="Rebuild the reports of all studies under a results folder.")
@results_folder
def main(out: Path) -> None:
    """Rebuild every report under ``out``."""
    studies = read_studies(out)
    for results in studies:
        click.echo(f"report: {write_report(results, out / results.study.name)}")
    for page in write_pages(out, studies):
        click.echo(f"report: {page}")


if __name__ == "__main__":
    command_line(main)
