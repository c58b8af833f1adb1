"""The command of one study: its options, and what carries it out."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import click
import pandas as pd
from rich.console import Console
from rich.table import Table

from qcnn import InvalidInput, baseline_names, load_data, mapping_names
from qcnn.data import data_names
from qcnn.engines import engine_names
from qcnn.machine import available_cpus
from qcnn.meshes import mesh_names
from qcnn.targets import target_names
from studies.analysis.answers import findings_of
from studies.design.arguments import EPOCHS, JOBS, SEED, SEEDS, TRIALS, Folder, OneOf
from studies.design.configuration import shortened
from studies.design.datasets import published_dataset
from studies.design.roles import FULL
from studies.design.study import Amount, Options, Place, Scope, Study
from studies.destination import (
    asked_for,
    check_published,
    own_folder,
    preset_in_words,
)
from studies.interrupts import INTERRUPTED
from studies.reports.figures import named_figure
from studies.reports.study_report import read_study, write_report
from studies.reports.tables import accuracy_table
from studies.rows.runs_file import PUBLISHED, read_rows, write_text
from studies.run_file import NAME, axis_text, run_file_text
from studies.runs.console import new_console, print_plain
from studies.runs.phases import check_folder, run_study
from studies.store.urls import VARIABLE, StorageUrl, without_password

RETRY_HELP = "run again what was given up after it had ended several workers"
OUT_HELP = "[default: results-PRESET/STUDY; results/STUDY for just what full does on {}]"
#: Optuna's studies in a journal: one of the search, one of the cells.
_STUDIES_OF_A_COMMAND = 2


def command_of(study: Study) -> click.Command:
    """The command that runs a study, whatever its axes are.

    Raises:
        InvalidInput: where two things that it may run ask for one name, before anything is done.
    """
    for find in (mapping_names, baseline_names, target_names, mesh_names, engine_names):
        find()
    shared = [
        click.Option(
            ["--dataset"], type=OneOf(data_names()), default=study.dataset, show_default=True
        ),
        click.Option(["--preset"], type=OneOf(study.presets), default="quick", show_default=True),
        *_trials_option(study),
        click.Option(["--seeds"], type=SEEDS, help="fresh seeds  [default: the preset's]"),
        *_epochs_option(study),
        click.Option(["--jobs"], type=JOBS, help="worker processes  [default: the cores]"),
        click.Option(
            ["--seed"],
            type=SEED,
            default=0,
            show_default=True,
            help="of the search; fresh seeds follow it",
        ),
        click.Option(
            ["--storage"],
            type=StorageUrl(),
            envvar=VARIABLE,
            show_envvar=True,
            help="postgresql://… that several machines share  [default: a journal in --out]",
        ),
        click.Option(["--retry-failed"], is_flag=True, help=RETRY_HELP),
        click.Option(
            ["--out"], type=Folder(), help=OUT_HELP.format(published_dataset(study.dataset))
        ),
    ]
    own = [
        click.Option(
            [f"--{axis.name.replace('_', '-')}"],
            type=axis.type,
            help=f"{axis.help}  [default: {axis_text(axis, axis.default)}]",
        )
        for axis in study.axes
    ]
    return click.Command(
        study.name,
        params=[*shared, *own],
        callback=lambda **values: _run(study, values),
        help=study.question,
    )


def _trials_option(study: Study) -> list[click.Option]:
    """Only where the number of searched settings is a choice."""
    if study.search is None:
        return []
    return [
        click.Option(["--trials"], type=TRIALS, help="searched settings  [default: the preset's]")
    ]


def _epochs_option(study: Study) -> list[click.Option]:
    """Only where there are runs that do not bring their own."""
    if not any(preset.epochs for preset in study.presets.values()):
        return []
    return [
        click.Option(["--epochs"], type=EPOCHS, help="epochs of a run  [default: the preset's]")
    ]


def _run(study: Study, values: dict[str, Any]) -> Path | None:
    console = new_console()
    data = load_data(values["dataset"])
    print_plain(
        console,
        f"dataset: {data.name} ({len(data.train_labels)} training, "
        f"{len(data.validation_labels)} validation, {len(data.test_labels)} test images)",
    )
    scope, amount = _choices(study, values, data.name)
    own = own_folder(study, scope, amount)
    place = Place(
        values["out"] or own,
        jobs=values["jobs"] or available_cpus(),
        storage=values["storage"],
        retry_failed=values["retry_failed"],
    )
    run_file = run_file_text(study, scope, amount)
    return carry_out(study, Options(scope, place, amount), own, console, "studies.run", run_file)


def carry_out(
    study: Study,
    options: Options,
    own: Path,
    console: Console,
    module: str,
    run_file: str | None = None,
) -> Path | None:
    """Do what is missing of a study and print its answer, or how to go on after an interrupt.

    Args:
        study: the study.
        options: every choice of the command.
        own: the folder that the runs of these options go to unless another one is named.
        console: where to print.
        module: of the command that was typed.
        run_file: what the file holds that the command can be repeated from, if there is one; it
            is written to the results folder, unless that is a published one.

    Returns:
        the results folder whose pages are to be written; none where ``own`` was not taken.

    Raises:
        InvalidInput: for options that cannot be run; a folder made for them is gone again.
    """
    out = options.place.out
    check_published(out, own)
    if study.check is not None:
        study.check(options)
    for name in study.figures:
        named_figure(name)
    check_rows_of(study, out, options.amount.preset)
    try:
        with _folder_of_a_run(out):
            run_study(study, options, console)
            results = read_study(out)
            report = write_report(results, out)
            repeat = _write_run_file(run_file, out, study, module)
    except KeyboardInterrupt:
        _write_run_file(run_file, out, study, module)
        _print_resume(console, out, "interrupted", module)
        sys.exit(INTERRUPTED)
    except OSError as error:
        error.filename = error.filename or str(out)
        _print_resume(console, out, "stopped", module)
        raise
    dataset = options.scope.dataset
    _print_table(console, accuracy_table(results.rows, dataset))
    for text in findings_of(results.by_dataset[dataset]):
        console.print(f"{text}\n")
    if repeat:
        print_plain(console, f"repeat with: {repeat}")
    print_plain(console, f"report: {report}")
    return out.parent if out == own else None


def check_rows_of(study: Study, folder: Path, preset: str) -> None:
    """Refuse a results folder in which a command's runs would stand beside others.

    Args:
        study: of the command.
        folder: for its runs.
        preset: of the command, in words.

    Raises:
        InvalidInput: for rows that cannot be read, or are of another study, preset or length.
    """
    rows = read_rows(folder / "runs.csv")
    for column, own in (("study", study.name), ("preset", preset)):
        for name in sorted(set(rows[column]) - {own}):
            raise InvalidInput(
                f"out is {str(folder)!r}, which holds runs of the {column} {shortened(name)}; "
                f"allowed are folders with runs of {own!r} alone"
            )


@contextmanager
def _folder_of_a_run(folder: Path) -> Iterator[None]:
    """Make the results folder; a command that is refused leaves none that it has made."""
    fresh = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        check_folder(folder)
        yield
    except InvalidInput:
        if fresh and not _holds_work(folder):
            rmtree(folder, ignore_errors=True)
            for parent in fresh[1:]:
                with suppress(OSError):
                    parent.rmdir()
        raise


def _holds_work(folder: Path) -> bool:
    """Whether there are rows, or trials that another command has enqueued meanwhile."""
    journal = folder / "journal.log"
    studies = journal.read_bytes().count(b'"study_name"') if journal.exists() else 0
    return (folder / "runs.csv").exists() or studies > _STUDIES_OF_A_COMMAND


def _print_resume(console: Console, out: Path, what: str, module: str) -> None:
    words = _words_of(module)
    typed = sys.argv[2:] if sys.argv[1:2] == words[-1:] else sys.argv[1:]
    command = shlex.join([*words, *(without_password(argument, None) for argument in typed)])
    csv = out / "runs.csv"
    print_plain(console, f"{what}: {len(read_rows(csv))} runs are in {csv}")
    print_plain(console, f"resume with: {command}")


def _write_run_file(text: str | None, out: Path, study: Study, module: str) -> str:
    """Keep what a command was asked for beside its rows, and say how to repeat it.

    What is published has nothing beside it but what is generated from rows, and is what its preset
    asks for by itself.
    """
    if text is None:
        return ""
    if out.resolve().is_relative_to(PUBLISHED.resolve()):
        return shlex.join([*_words_of(module), study.name, "--preset", FULL])
    write_text(out / NAME, text)
    return shlex.join([*_words_of(module), "--config", str(out / NAME)])


def _words_of(module: str) -> list[str]:
    """The words that a command begins with, as they were typed: ``pwg run`` or a module's."""
    name = click.get_current_context().find_root().info_name or ""
    own = [*name.split(), module.rpartition(".")[2]]
    return own if name.endswith("pwg") else ["python", "-m", module]


def _print_table(console: Console, rows: pd.DataFrame) -> None:
    table = Table(title="accuracy against trainable parameters", box=None)
    numbers = ("trainable", "epochs", "seeds")
    for name in ("trainable", "model", "epochs", "seeds", "test", "validation"):
        table.add_column(name, justify="right" if name in numbers else "left")
    for row in rows.to_dict("records"):
        table.add_row(*(row[str(column.header)] for column in table.columns))
    console.print(table)


def _choices(study: Study, values: dict[str, Any], dataset: str) -> tuple[Scope, Amount]:
    """What a preset asks for, with what was chosen otherwise."""
    preset, seeds = values["preset"], values["seeds"]
    scope, amount = asked_for(study, preset, dataset)
    axes = {name: scope.axes[name] if values[name] is None else values[name] for name in scope.axes}
    epochs = values.get("epochs") or scope.epochs
    scope = replace(scope, axes=axes, epochs=epochs, seed=values["seed"])
    return scope, replace(
        amount,
        trials=values.get("trials") or amount.trials,
        seeds=seeds or amount.seeds,
        long_seeds=min(amount.long_seeds, seeds or amount.long_seeds),
        preset=preset_in_words(study, preset, scope),
    )
