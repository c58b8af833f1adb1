"""How every command ends: mistakes in one sentence, on any stream that there is."""

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import click

from studies.interrupts import INTERRUPTED, raise_again


@contextmanager
def one_sentence_errors() -> Iterator[None]:
    """End with one sentence on standard error and exit code 2 after a user's mistake.

    Inside, no stream stops a command: see :func:`patient_streams`.
    """
    with patient_streams():
        try:
            raise_again()
            yield
        except click.exceptions.NoArgsIsHelpError as error:
            print(error.format_message(), file=sys.stderr)
            sys.exit(2)
        except click.ClickException as error:
            _fail(error.format_message())
        except (click.Abort, KeyboardInterrupt):
            sys.exit(INTERRUPTED)
        except OSError as error:
            name = f" {error.filename}" if error.filename else ""
            _fail(f"cannot use{name}: {error.strerror or error}")
        except Exception as error:
            # Imported here: a command that is asked for help alone needs none of it.
            from qcnn import InvalidInput
            from studies.runs.failures import RunError

            if not isinstance(error, InvalidInput | RunError):
                raise
            _fail(str(error))


def _fail(message: str) -> None:
    print("error:", message.replace("\n", " "), file=sys.stderr)
    sys.exit(2)


@contextmanager
def patient_streams() -> Iterator[None]:
    """Print what a stream cannot take as well as it can: what is printed is no result.

    Letters that its encoding does not have become question marks; what nobody reads any
    more, or a full disk does not hold, is dropped; so is all where the stream was closed.
    """
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(_patient, kept)
    try:
        yield
    finally:
        for stream, before in zip((sys.stdout, sys.stderr), kept, strict=True):
            stream.flush()
            if before is None:
                stream.close()
        sys.stdout, sys.stderr = kept


def _patient(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
    try:
        raw = _PatientFile(stream.fileno(), stream.isatty())
    except (OSError, ValueError):  # it is no file but a program's own
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=stream.encoding, errors=_AS_GOOD, line_buffering=True
    )


def _as_good_as_can_be(error: UnicodeError) -> tuple[bytes, int]:
    """The bytes of a path that are no text, else a question mark for each letter."""
    assert isinstance(error, UnicodeEncodeError)  # it is used to write alone
    letters = (ord(letter) - 0xDC00 for letter in error.object[error.start : error.end])
    return b"".join(bytes([n]) if 0x80 <= n <= 0xFF else b"?" for n in letters), error.end


_AS_GOOD = "as good as can be"
codecs.register_error(_AS_GOOD, _as_good_as_can_be)


class _PatientFile(io.RawIOBase):
    """An open file that takes everything; what cannot be written is gone."""

    def __init__(self, descriptor: int, terminal: bool) -> None:
        self._descriptor, self._terminal = descriptor, terminal

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return self._terminal

    def write(self, content: Any) -> int:
        try:
            return os.write(self._descriptor, content)
        except OSError:
            return len(content)
