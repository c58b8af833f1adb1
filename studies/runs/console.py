"""What a user sees of a command that works: lines and live progress."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def print_plain(console: Console, text: str) -> None:
    """Print a line with every letter as it is, tabs and long paths included."""
    print(text, file=console.file)


def new_console() -> Console:
    """A console that prints letter for letter: what looks like markup is part of a name."""
    return Console(highlight=False, markup=False, emoji=False)


def duration_in_words(seconds: float) -> str:
    """About how long something takes.

    >>> [duration_in_words(s) for s in (3, 44, 100, 1500, 9000, 90_000, 400_000)]
    ['a few seconds', 'about 40 s', 'about 2 min', 'about 25 min', 'about 2.5 h', 'about 25 h', \
'about 5 days']
    """
    if seconds < 10:
        return "a few seconds"
    if seconds < 1.5 * _MINUTE:
        return f"about {10 * round(seconds / 10)} s"
    if seconds < 1.5 * _HOUR:
        return f"about {round(seconds / _MINUTE)} min"
    if seconds < 10 * _HOUR:
        return f"about {seconds / _HOUR:.1f} h"
    if seconds < 2 * _DAY:
        return f"about {round(seconds / _HOUR)} h"
    return f"about {round(seconds / _DAY)} days"


class TrialProgress:
    """A live bar of runs done, best so far and time left; lines where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(
                "runs, best validation {task.fields[best]}{task.fields[left]}", markup=False
            ),
            console=console,
        )

    def __enter__(self) -> "TrialProgress":
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def start(self, name: str, total: int) -> "PhaseProgress":
        """Begin a phase of ``total`` runs; the time left of the command stands beside the last."""
        for task in self._bar.tasks:
            self._bar.update(task.id, left="")
        return PhaseProgress(self._console, self._bar, name, total)


class PhaseProgress:
    """Progress of one phase."""

    def __init__(self, console: Console, bar: Progress, name: str, total: int) -> None:
        self._console, self._bar, self._name, self._total = console, bar, name, total
        self._task = bar.add_task(name, total=total, best="–", left="")
        self._done = -1

    def update(self, done: int, best: float | None, left: float | None) -> None:
        """Show how far the phase is.

        Args:
            done: runs of it.
            best: validation accuracy so far (a fraction), if any.
            left: seconds of the whole command, if known.
        """
        text = "–" if best is None else f"{100 * best:.1f} %"
        more = f", {duration_in_words(left)} left" if left else ""
        self._bar.update(self._task, completed=done, best=text, left=more)
        if done != self._done and not self._console.is_terminal:
            so_far = f"{self._name}: {done}/{self._total} runs, best validation {text}"
            print_plain(self._console, so_far + more)
        self._done = done
