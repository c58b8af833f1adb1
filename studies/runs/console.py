"""What a user sees of a command that works: lines and live progress."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def print_plain(console: Console, text: str) -> None:
    """Print a line with every letter as it is, tabs and long paths included."""
    print(text, file=console.file)


def new_console() -> Console:
    """A console that prints letter for letter: what looks like markup is part of a name."""
    return Console(highlight=False, markup=False, emoji=False)


class TrialProgress:
    """A live bar of runs done, best so far and time left; lines where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("runs, best validation {task.fields[best]}, time left", markup=False),
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
                f"{self._name}: {done}/{self._total} runs, best validation {text}", markup=False
            )
        self._done = done
