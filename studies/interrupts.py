"""Ctrl-C while a command still imports what it needs: it ends at once, without a traceback."""

import os
import signal
from types import FrameType

#: What shells expect of a command that was interrupted.
INTERRUPTED = 130


def end_silently() -> None:
    """Let Ctrl-C end the process until :func:`raise_again`; where it is ignored it stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_again() -> None:
    """Let Ctrl-C raise ``KeyboardInterrupt`` again, if it ends the process."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(signal_number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
