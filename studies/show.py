"""``python -m studies.show DIGEST-SEED``: everything that is stored of one run."""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import pandas as pd

from qcnn import InvalidInput
from studies.analysis.summaries import describe, describe_configuration
from studies.catalogue import studies_by_name
from studies.design.configuration import AXES, configuration_from_axes
from studies.design.roles import COMPLETE, FAILED
from studies.destination import results_folder
from studies.reports.stored_runs import FoundRun, find_runs
from studies.runs.execute import evaluate_weights, execute, use_one_thread, weights_path
from studies.sentences import command_line

#: Columns of accuracies, by the words of their images.
_SPLITS = {"training": "train_accuracy", "validation": "val_accuracy", "test": "test_accuracy"}
_CURVES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
#: Lines of a learning curve, the best epoch apart.
_MOST_EPOCHS = 10
#: Accuracies are stored in ten digits.
_SAME = 1e-9


@click.command(help="Say everything that is stored of the run DIGEST-SEED; list those of DIGEST.")
@click.argument("run", metavar="DIGEST[-SEED]")
@results_folder
@click.option("--again", is_flag=True, help="train it again, and store nothing")
def main(run: str, out: Path, again: bool) -> None:
    """Rows name the configuration; DIGEST may be as many of its first digits as are its own."""
    found = find_runs(out, run)
    if "-" not in run:
        if again:
            raise InvalidInput(f"run is {run!r} with again; allowed there is one with its seed")
        _print_seeds(found)
        return
    ended = [each for each in found if each.row["status"] != FAILED]
    if not ended:
        raise InvalidInput(
            f"run is {run!r}, which has failed ({found[0].row['error'].rstrip('.')}); allowed are "
            "runs that have ended"
        )
    for each in ended:
        _print_run(each)
    if again:
        _train_again([each.row for each in ended])


def _print_seeds(found: Sequence[FoundRun]) -> None:
    """The configuration, and a line for each of its runs."""
    _print_configuration(found[0].row)
    lines = [
        {
            "seed": run.row["seed"],
            "study": run.row["study"],
            "role": run.row["role"],
            "status": run.row["status"],
            **{name: _percent(run.row[column]) for name, column in _SPLITS.items()},
        }
        for run in found
    ]
    click.echo("\n" + pd.DataFrame(lines).to_string(index=False))


def _print_configuration(row: dict[str, Any]) -> None:
    click.echo(f"{row['configuration']}: {describe_configuration(pd.Series(row))}\n")
    width = max(map(len, AXES))
    for name in AXES:
        click.echo(f"{name:{width}}  {row[name] if row[name] != '' else '–'}")


def _print_run(run: FoundRun) -> None:
    row = run.row
    _print_configuration(row)
    click.echo(
        f"\nseed {row['seed']} of {row['study']}, preset {row['preset']}, a {row['role']} run of "
        f"{describe(pd.Series(row))}"
    )
    click.echo(f"status: {row['status']}" + (f" ({row['error']})" if row["error"] else ""))
    click.echo(
        f"trainable parameters: {row['trainable_parameters']} ({row['phases']} phases, of which "
        f"{row['effective_phases']} are effective, {row['mapping_parameters']} of the mapping)"
    )
    click.echo(f"fixed numbers: {row['fixed_numbers']}")
    if row["status"] == COMPLETE:
        texts = (f"{name} {_percent(row[column])}" for name, column in _SPLITS.items())
        click.echo(f"accuracy: {', '.join(texts)}")
    _print_curve(row)
    _print_weights(run)


def _print_curve(row: dict[str, Any]) -> None:
    """Some epochs, among them the first, the last and the best one by validation."""
    columns = {name: row[f"{name}_by_epoch"].split() for name in _CURVES}
    curve = pd.DataFrame(columns, dtype=object)
    if curve.empty:
        return
    places = set(np.linspace(0, len(curve) - 1, _MOST_EPOCHS).round().astype(int))
    best = row["best_val_epoch"]
    if best is not None:
        places.add(int(best) - 1)
    curve.insert(0, "epoch", range(1, len(curve) + 1))
    curve.columns = curve.columns.str.replace("_", " ")
    click.echo("\n" + curve.iloc[sorted(places)].to_string(index=False))


def _print_weights(run: FoundRun) -> None:
    """Where its weights are on this machine, and whether they are as good as the row says."""
    row, configuration = run.row, configuration_from_axes(run.row)
    path = weights_path(run.folder, configuration, row["seed"])
    if not path.is_file():
        click.echo(f"\nweights: none on this machine ({path})")
        return
    click.echo(f"\nweights: {path}")
    found = evaluate_weights(configuration, row["seed"], path)
    click.echo(f"test accuracy of these weights: {_beside(found, row['test_accuracy'])}")


def _train_again(rows: Sequence[dict[str, Any]]) -> None:
    """Train one run as its study does, in a folder that is gone afterwards."""
    row = rows[0]
    click.echo(f"\ntraining again, which took {row['seconds']:g} s")
    study = studies_by_name.get(row["study"])
    measure = None if study is None else study.measure
    use_one_thread()
    with TemporaryDirectory() as folder:
        configuration, place = configuration_from_axes(row), Path(folder)
        new = execute(row["study"], configuration, row["seed"], row["role"], place, measure=measure)
    click.echo(f"status: {new['status']}" + (f" ({new['error']})" if new.get("error") else ""))
    for stored in rows:
        for name, column in _SPLITS.items():
            if stored[column] is not None and new.get(column) is not None:
                click.echo(f"{name} accuracy: {_beside(new[column], stored[column])}")


def _beside(found: float, stored: float | None) -> str:
    """An accuracy, and whether it is the one of the row.

    >>> _beside(0.5, 0.5), _beside(0.5, 0.25), _beside(0.5, None)
    ('50.00 %, the stored one', '50.00 %, stored is 25.00 %', '50.00 %, none is stored')
    """
    if stored is None:
        return f"{_percent(found)}, none is stored"
    same = abs(found - stored) < _SAME
    return f"{_percent(found)}, {'the stored one' if same else f'stored is {_percent(stored)}'}"


def _percent(accuracy: float | None) -> str:
    return "–" if accuracy is None else f"{100 * accuracy:.2f} %"


if __name__ == "__main__":
    command_line(main)
