"""``pwg``: every command of the project under one name, each imported when it is asked for."""

from collections.abc import Callable
from typing import Any

import click

from studies.lazy_group import LazyGroup, command_at
from studies.sentences import command_line

#: What each command does, and where it is.
COMMANDS = {
    "archive": (
        "Write rows, weights and reports of the commit into one zip file with checksums, for a "
        "DOI; in a git checkout.",
        "pwg.archive:main",
    ),
    "bench": ("Compare with other simulators and devices, measure commits.", "pwg.__main__:bench"),
    "report": ("Rebuild the reports of all studies under a results folder.", "studies.report:main"),
    "run": ("Run a study.", "studies.run:main"),
    "show": ("Say everything that is stored of one run.", "studies.show:main"),
    "transfer": (
        "Run a study's final configurations, unchanged, on another dataset.",
        "studies.transfer:main",
    ),
}
BENCHMARKS = {
    "break-even": (
        "When a device would be faster than its simulation: table, page and figure.",
        "bench.break_even.__main__:main",
    ),
    "compare": (
        "Time the photonic pass in every simulator that is installed.",
        "bench.compare:main",
    ),
    "history": (
        "Measure revisions by asv, and publish the history; in a git checkout.",
        "bench.history.__main__:main",
    ),
}
_COMPLETION = """
\b
Names and options are completed by bash after
  eval "$(_PWG_COMPLETE=bash_source pwg)"
which belongs into ~/.bashrc; zsh and fish have zsh_source and fish_source.
"""


def helps_of(commands: dict[str, tuple[str, str]]) -> dict[str, str]:
    """What each of some commands does, by its name.

    >>> helps_of({"run": ("Run a study.", "studies.run:main")})
    {'run': 'Run a study.'}
    """
    return {name: words for name, (words, _) in commands.items()}


def _group_of(
    commands: dict[str, tuple[str, str]], **options: Any
) -> Callable[[Callable[[], None]], click.Group]:
    """Decorator of the group of some commands."""
    return click.group(
        cls=LazyGroup,
        helps=lambda: helps_of(commands),
        find=lambda name: command_at(commands[name][1]),
        noun="command",
        no_args_is_help=True,
        **options,
    )


@_group_of(BENCHMARKS)
def bench() -> None:
    """Benchmarks of the photonic pass."""


@_group_of(COMMANDS, epilog=_COMPLETION)
@click.version_option(package_name="photonic-weight-generation", prog_name="pwg")
def main() -> None:
    """Photonic weight generation: studies, their reports and benchmarks."""


def start() -> None:
    """Run the command that was typed."""
    command_line(main)


if __name__ == "__main__":
    start()
