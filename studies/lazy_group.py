"""Commands whose names and help are known, each imported when it is asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from studies.interrupts import end_silently, raise_again
from studies.sentences import did_you_mean


class LazyGroup(click.Group):
    """A group whose help, completion and refusals import none of its commands.

    Args:
        helps: what each command does, by its name.
        find: the command of one of these names.
        noun: what a name stands for, in sentences.
    """

    def __init__(
        self,
        *args: Any,
        helps: Callable[[], Mapping[str, str]],
        find: Callable[[str], click.Command],
        noun: str,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._helps, self._find, self.noun = helps, find, noun

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._helps())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._helps():
            return None
        end_silently()
        try:
            return self._find(cmd_name)
        finally:
            raise_again()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args and args[0] not in names and not ctx.resilient_parsing:
            raise click.UsageError(
                f"{self.noun} is {args[0]!r}; allowed are {', '.join(names)}"
                f"{did_you_mean(args[0], names)}"
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(self._helps().items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [
            CompletionItem(name, help=words)
            for name, words in sorted(self._helps().items())
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)


def command_at(place: str) -> click.Command:
    """The command that a module holds.

    Args:
        place: module and name, such as ``studies.run:main``.
    """
    module, _, name = place.partition(":")
    command: click.Command = getattr(import_module(module), name)
    return command
