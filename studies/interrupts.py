"""What ends a command while it still imports what it needs: at once, without a traceback.

That is Ctrl-C, and a file that was added under a name that another one has.
"""

import os
import signal
import sys
from types import FrameType, TracebackType

#: What shells expect of a command that was interrupted.
INTERRUPTED = 130


def end_silently() -> None:
    """Let Ctrl-C end the process until :func:`raise_again`; where it is ignored it stays so.

    A user's mistake that an import finds ends it in one sentence and exit code 2.
    """
    sys.excepthook = _say
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_again() -> None:
    """Let Ctrl-C raise ``KeyboardInterrupt`` again, if it ends the process."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(signal_number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


def _say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    from qcnn.errors import InvalidInput

    if not isinstance(error, InvalidInput):
        return sys.__excepthook__(kind, error, trace)
    print("error:", str(error).replace("\n", " "), file=sys.stderr, flush=True)
    os._exit(2)
