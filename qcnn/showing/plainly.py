"""Modules as torch writes them, where their text decides something."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_PLAINLY = ContextVar("_PLAINLY", default=False)


@contextmanager
def written_plainly() -> Iterator[None]:
    """Inside, the text of a module is torch's own, with all modules inside it.

    By it a run knows its checkpoint, which no change of what is shown may make another one's.
    """
    before = _PLAINLY.set(True)
    try:
        yield
    finally:
        _PLAINLY.reset(before)


def is_written_plainly() -> bool:
    """Whether this is inside."""
    return _PLAINLY.get()
