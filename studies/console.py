"""What a user sees: errors in one sentence, live progress."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qcnn import InvalidInput


@contextmanager
def one_sentence_errors() -> Iterator[None]:
    """End with one sentence on standard error and exit code 2 after a user's mistake."""
    try:
        yield
    except (InvalidInput, click.ClickException) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        print(f"error: {message}", file=sys.stderr)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except OSError as error:
        name = f" {error.filename}" if error.filename else ""
        print(f"error: cannot use{name}: {error.strerror or error}", file=sys.stderr)
        sys.exit(2)


class TrialProgress:
    """A live bar of runs done, best so far and time left; lines where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("runs, best validation {task.fields[best]}, time left"),
            TimeRemainingColumn(),
            console=console,
        )

    def __enter__(self) -> "TrialProgress":
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def start(self, name: str, total: int) -> "PhaseProgress":
        """Begin a phase of ``total`` runs."""
        return PhaseProgress(self._console, self._bar, name, total)


class PhaseProgress:
    """Progress of one phase."""

    def __init__(self, console: Console, bar: Progress, name: str, total: int) -> None:
        self._console, self._bar, self._name, self._total = console, bar, name, total
        self._task = bar.add_task(name, total=total, best="–")
        self._done = -1

    def update(self, done: int, best: float | None) -> None:
        """Show ``done`` runs and the ``best`` validation accuracy (a fraction) so far."""
        text = "–" if best is None else f"{100 * best:.1f} %"
        self._bar.update(self._task, completed=done, best=text)
        if done != self._done and not self._console.is_terminal:
            self._console.print(
                f"{self._name}: {done}/{self._total} runs, best validation {text}", highlight=False
            )
        self._done = done
