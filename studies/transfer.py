"""``python -m studies.transfer STUDY --dataset NAME``: a study's final runs on another dataset.

Every configuration that has final runs, of the arms that the study transfers, is run unchanged,
under the same seeds, on a dataset that nothing was chosen on. What the published runs become on
Fashion-MNIST is published beside them, in the same ``runs.csv``.
"""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pandas as pd

from qcnn import InvalidInput, load_data
from qcnn.data import data_names
from qcnn.machine import available_cpus
from studies.catalogue import studies_by_name
from studies.design.arguments import JOBS, Folder, OneOf
from studies.design.arms import Arm
from studies.design.choose import configuration_of
from studies.design.datasets import PUBLISHED_DATASET
from studies.design.roles import FINAL
from studies.design.study import Amount, Cell, Options, Place, Scope, Study
from studies.destination import transfer_folder
from studies.reports.overview import preset_of
from studies.reports.results_folder import read_studies, write_pages
from studies.rows.runs_file import PUBLISHED, read_rows
from studies.runs.console import new_console
from studies.sentences import command_line
from studies.study_command import RETRY_HELP, carry_out

OUT_HELP = "[default: results-DATASET/STUDY; results/STUDY for what is published, on fashion-mnist]"


def transferred_cells(rows: pd.DataFrame, source: str, dataset: str) -> list[Cell]:
    """The final runs on the dataset ``source``, to be done on ``dataset``.

    Those that are only evaluated under noise come last: what they evaluate is trained by then.

    Raises:
        InvalidInput: if there are none, or both are the same.
    """
    if dataset == source:
        raise InvalidInput(f"dataset is {dataset!r}; allowed is any but that of the runs")
    final = rows[(rows["role"] == FINAL) & (rows["dataset"] == source)]
    if final.empty:
        raise InvalidInput(
            f"tuned-on is {source!r}, of which there are 0 final runs; allowed are "
            "datasets that have some"
        )
    cells = [
        Cell(
            replace(configuration_of(row), dataset=dataset),
            row["seed"],
            Arm(row["setting"], row["arm"]),
        )
        for row in final.to_dict("records")
    ]
    return sorted(cells, key=lambda cell: bool(cell.configuration.evaluated_under))


def of_transferred_arms(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the arms that a study transfers by itself."""
    arms = zip(rows["setting"], rows["arm"], strict=True)
    return rows[np.array([study.transfers(Arm(*arm)) for arm in arms], dtype=bool)]


@click.command(help="Run a study's final configurations, unchanged, on another dataset.")
@click.argument("study", type=OneOf(studies_by_name))
@click.option("--dataset", type=OneOf(data_names()), required=True)
@click.option(
    "--tuned-on", default=PUBLISHED_DATASET, show_default=True, help="dataset of the stored runs"
)
@click.option("--every-arm", is_flag=True, help="also arms that the study does not transfer itself")
@click.option(
    "--results",
    type=Folder(),
    default=PUBLISHED,
    show_default=True,
    help="folder with the results of the study",
)
@click.option("--jobs", type=JOBS, help="worker processes  [default: the cores]")
@click.option("--retry-failed", is_flag=True, help=RETRY_HELP)
@click.option("--out", type=Folder(), help=OUT_HELP)
def main(
    study: str,
    dataset: str,
    tuned_on: str,
    every_arm: bool,
    results: Path,
    jobs: int | None,
    retry_failed: bool,
    out: Path | None,
) -> None:
    """Do what is missing of the transferred runs and write their report."""
    csv = results / study / "runs.csv"
    if not csv.is_file():
        raise InvalidInput(
            f"results is {str(results)!r}, in which there is no {study}/runs.csv; allowed are "
            "folders with the runs of the study"
        )
    data = load_data(dataset)
    stored = read_rows(csv)
    rows = stored if every_arm else of_transferred_arms(studies_by_name[study], stored)
    cells = transferred_cells(rows, tuned_on, data.name)
    preset = preset_of([stored], csv.parent)
    published = results.resolve() == PUBLISHED.resolve() and tuned_on == PUBLISHED_DATASET
    own = transfer_folder(
        studies_by_name[study], data.name, preset, published=published and not every_arm
    )
    options = Options(
        Scope(data.name, {"transferred from": tuned_on}),
        Place(out or own, jobs=jobs or available_cpus(), retry_failed=retry_failed),
        Amount(preset=preset),
    )
    unchanged = replace(
        studies_by_name[study], cells=lambda _: cells, search=None, tuned=None, check=None
    )
    folder = carry_out(unchanged, options, own, new_console(), "studies.transfer")
    if folder is not None:
        for page in write_pages(folder, read_studies(folder)):
            click.echo(f"report: {page}")


if __name__ == "__main__":
    command_line(main)
