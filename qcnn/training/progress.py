"""What a user sees of a training."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qcnn.training.records import EpochRecord


@contextmanager
def shown_progress(epochs: int, wanted: bool) -> Iterator[Callable[[EpochRecord], None] | None]:
    """Inside, a live bar that the function given brings up to date; None where none is wanted.

    Where there is no terminal, a line for each epoch.
    """
    if not wanted:
        yield None
        return
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    columns = (
        TextColumn("epoch"),
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        TextColumn("time left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=epochs)

        def show(record: EpochRecord) -> None:
            bar.update(task, completed=record.epoch, description=describe(record))
            if not console.is_terminal:
                print(f"epoch {record.epoch}/{epochs}: {describe(record)}", file=console.file)

        yield show


def describe(record: EpochRecord) -> str:
    """Loss and, where there are classes, accuracy of both splits."""
    parts = []
    for name, found in (("training", record.train), ("validation", record.validation)):
        accuracy = "" if found.accuracy is None else f", accuracy {100 * found.accuracy:.1f} %"
        parts.append(f"{name} loss {found.loss:.4g}{accuracy}")
    return "; ".join(parts)
