"""``python -m studies.run STUDY``: run a study and write its report."""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

from pathlib import Path

import click

from studies.interrupts import end_silently, raise_again
from studies.outlines import questions_by_name
from studies.sentences import command_line


class _Studies(click.Group):
    """Studies as commands, each imported when it is asked for; names and questions are not."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(questions_by_name())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        end_silently()
        from studies.catalogue import studies_by_name
        from studies.study_command import command_of

        raise_again()
        study = studies_by_name.get(cmd_name)
        return None if study is None else command_of(study)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in questions_by_name():
            raise click.UsageError(
                f"study is {args[0]!r}; allowed are {', '.join(self.list_commands(ctx))}"
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(questions_by_name().items()))


def _list_studies(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        for name, question in sorted(questions_by_name().items()):
            click.echo(f"{name:16} {question}")
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


@main.result_callback()
def _write_pages(folder: Path | None) -> None:
    """Write the pages of the results folder that a study's command has written to."""
    if folder is not None:
        from studies.reports.results_folder import read_studies, write_pages

        for page in write_pages(folder, read_studies(folder)):
            click.echo(f"report: {page}")


if __name__ == "__main__":
    command_line(main)
