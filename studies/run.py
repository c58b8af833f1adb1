"""``python -m studies.run STUDY``: run a study and write its report."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click
import pandas as pd
from rich.console import Console
from rich.table import Table

from qcnn import load_data
from qcnn.data import data_names
from studies.arguments import ChoiceTexts, StorageUrl
from studies.catalogue import studies_by_name
from studies.console import one_sentence_errors
from studies.rows import read_rows
from studies.runner import check_folder, run_study
from studies.storage import VARIABLE, without_password
from studies.study import Axis, Options, Study
from studies.tables import accuracy_table


class _Studies(click.Group):
    """Studies as commands; an unknown one is answered with those that exist."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            raise click.UsageError(
                f"study is {args[0]!r}; allowed are {', '.join(sorted(self.commands))}"
            )
        return super().resolve_command(ctx, args)


def _list_studies(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        for study in studies_by_name.values():
            click.echo(f"{study.name:16} {study.question}")
        ctx.exit()


@click.group(cls=_Studies, no_args_is_help=True)
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_studies,
    help="Name every study and its question.",
)
def main() -> None:
    """Run a study of photonic weight generation; repeating a command does what is missing."""


def _command(study: Study) -> click.Command:
    whole = click.IntRange(min=1)
    shared = [
        click.Option(
            ["--dataset"], type=click.Choice(data_names()), default="auto", show_default=True
        ),
        click.Option(
            ["--preset"], type=click.Choice(list(study.presets)), default="quick", show_default=True
        ),
        *_trials_option(study, whole),
        click.Option(["--seeds"], type=whole, help="fresh seeds  [default: the preset's]"),
        click.Option(["--epochs"], type=whole, help="epochs of a run  [default: the preset's]"),
        click.Option(["--jobs"], type=whole, help="worker processes  [default: the cores]"),
        click.Option(
            ["--seed"],
            type=click.IntRange(min=0),
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
        click.Option(
            ["--out"], type=click.Path(path_type=Path), help=f"[default: results/{study.name}]"
        ),
    ]
    own = [
        click.Option(
            [f"--{axis.name.replace('_', '-')}"],
            type=axis.type,
            help=f"{axis.help}  [default: {_default_text(axis)}]",
        )
        for axis in study.axes
    ]
    return click.Command(
        study.name,
        params=[*shared, *own],
        callback=lambda **values: _run(study, values),
        help=study.question,
    )


def _trials_option(study: Study, whole: click.ParamType) -> list[click.Option]:
    """Only where the number of searched settings is a choice."""
    if study.search is None:
        return []
    return [
        click.Option(["--trials"], type=whole, help="searched settings  [default: the preset's]")
    ]


def _default_text(axis: Axis) -> str:
    """The default as it could be typed."""
    if not isinstance(axis.default, tuple):
        return str(axis.default) or "the mapping's own"
    between = " " if isinstance(axis.type, ChoiceTexts) else ","
    return between.join(map(str, axis.default))


def _run(study: Study, values: dict[str, Any]) -> None:
    console = Console(highlight=False)
    out = values["out"] or Path("results") / study.name
    check_folder(out)
    data = load_data(values["dataset"])
    console.print(
        f"dataset: {data.name} ({len(data.train_labels)} training, "
        f"{len(data.validation_labels)} validation, {len(data.test_labels)} test images)"
    )
    carry_out(study, _options(study, values, data.name, out), console, "studies.run")


def carry_out(study: Study, options: Options, console: Console, module: str) -> None:
    """Do what is missing of a study and print its table, or how to go on after an interrupt.

    Args:
        study: the study.
        options: every choice of the command.
        console: where to print.
        module: of the command that was typed.
    """
    out = options.out
    try:
        report = run_study(study, options, console)
    except KeyboardInterrupt:
        _print_resume(console, out, "interrupted", module)
        sys.exit(130)
    except OSError as error:
        error.filename = error.filename or str(out)
        _print_resume(console, out, "stopped", module)
        raise
    _print_table(console, accuracy_table(read_rows(out / "runs.csv"), options.dataset))
    console.print(f"report: {report}", soft_wrap=True)


def _print_resume(console: Console, out: Path, what: str, module: str) -> None:
    arguments = (without_password(argument, None) for argument in sys.argv[1:])
    command = shlex.join(["python", "-m", module, *arguments])
    csv = out / "runs.csv"
    console.print(f"{what}: {len(read_rows(csv))} runs are in {csv}", soft_wrap=True)
    console.print(f"resume with: {command}", soft_wrap=True)


def _print_table(console: Console, rows: pd.DataFrame) -> None:
    table = Table(title="accuracy against trainable parameters", box=None)
    numbers = ("trainable", "epochs", "seeds")
    for name in ("trainable", "model", "epochs", "seeds", "test", "validation"):
        table.add_column(name, justify="right" if name in numbers else "left")
    for row in rows.to_dict("records"):
        table.add_row(*(row[str(column.header)] for column in table.columns))
    console.print(table)


def _options(study: Study, values: dict[str, Any], dataset: str, out: Path) -> Options:
    preset = study.presets[values["preset"]]
    axes = {axis.name: preset.axes.get(axis.name, axis.default) for axis in study.axes}
    axes |= {name: values[name] for name in axes if values[name] is not None}
    return Options(
        dataset=dataset,
        trials=values.get("trials") or preset.trials,
        finalists=preset.finalists,
        seeds=values["seeds"] or preset.seeds,
        long_seeds=min(preset.long_seeds, values["seeds"] or preset.long_seeds),
        epochs=values["epochs"] or preset.epochs,
        jobs=values["jobs"] or os.cpu_count() or 1,
        seed=values["seed"],
        out=out,
        axes=axes,
        storage=values["storage"],
    )


for _study in studies_by_name.values():
    main.add_command(_command(_study))


def command_line() -> None:
    """Run the command that was typed; a user's mistake ends in one sentence and exit code 2."""
    with one_sentence_errors():
        main(standalone_mode=False)


if __name__ == "__main__":
    command_line()
