"""``python -m studies.run STUDY``: run a study and write its report."""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

from pathlib import Path

import click

from studies.interrupts import end_silently, raise_again
from studies.lazy_group import LazyGroup
from studies.outlines import questions_by_name
from studies.sentences import command_line

_CONFIG = "--config"


class _Studies(LazyGroup):
    """Studies as commands; ``--config FILE`` in a study's place stands for what is in the file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self._with_config(ctx, args))

    def _with_config(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments with those of a file in its place; what is typed behind it counts more."""
        first, is_joined, text = args[0].partition("=") if args else ("", "", "")
        rest = args[1 if is_joined else 2 :]
        if first != _CONFIG or ctx.resilient_parsing or not (is_joined or args[1:]):
            return args
        end_silently()
        from studies.run_file import read_run_file, study_of, typed_options

        raise_again()
        path = Path(text if is_joined else args[1])
        values = read_run_file(path)
        name = study_of(values, path, self.list_commands(ctx))
        command = self.get_command(ctx, name)
        assert command is not None
        return [name, *typed_options(values, path, command), *rest]


def _command_of_study(name: str) -> click.Command:
    from studies.catalogue import studies_by_name
    from studies.study_command import command_of

    return command_of(studies_by_name[name])


def _list_studies(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        for name, question in sorted(questions_by_name().items()):
            click.echo(f"{name:16} {question}")
        ctx.exit()


@click.group(
    cls=_Studies,
    helps=questions_by_name,
    find=_command_of_study,
    noun="study",
    no_args_is_help=True,
)
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_studies,
    help="Name every study and its question.",
)
@click.option(
    _CONFIG,
    type=click.Path(dir_okay=False),
    expose_value=False,
    help="In a study's place: the run in this file, such as run.toml of a results folder.",
)
def main() -> None:
    """Run a study of photonic weight generation; repeating a command does what is missing."""


@main.result_callback()
def _write_pages(folder: Path | None) -> None:
    """Write the pages of the results folder that a study's command has written to."""
    if folder is not None:
        from studies.reports.results_folder import read_studies, write_pages

        for page in write_pages(folder, read_studies(folder)):
            click.echo(f"report: {page}")


if __name__ == "__main__":
    command_line(main)
