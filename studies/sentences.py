"""How every command ends: mistakes in one sentence, on any stream that there is."""

import codecs
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, TextIO

import click

from studies.interrupts import INTERRUPTED, raise_again

#: What click says where a value or a command is missing, and of arguments that there are not.
_NEEDS_VALUE = re.compile(r"requires (an|\d+) argument")
_NO_COMMAND = "Missing command."
_EXTRA = re.compile(r"Got unexpected extra arguments? \((.*)\)")


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
            _fail(sentence_of(error))
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


def command_line(main: click.Command) -> None:
    """Run the command that was typed; a user's mistake ends in one sentence and exit code 2."""
    with one_sentence_errors():
        main(standalone_mode=False)


def sentence_of(error: click.ClickException) -> str:
    """What click has found, as every other mistake is said: X is V; allowed are …."""
    if isinstance(error, click.BadOptionUsage):
        name = error.option_name.lstrip("-")
        if _NEEDS_VALUE.search(error.message):
            return f"{name} has no value; allowed is one"
        return f"{name} has a value; allowed is none"
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return f"{_name(error.param)} is missing; allowed are {_allowed(error.param)}"
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{_name(error.param)} is {error.message}"
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return _usage(error, error.ctx)
    return error.format_message()


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """As :func:`qcnn.checks.did_you_mean`, which takes seconds to be imported.

    >>> did_you_mean("mode_swep", ["ablation", "mode_sweep"])
    " (did you mean 'mode_sweep'?)"
    """
    close = get_close_matches(name, names, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _usage(error: click.UsageError, context: click.Context) -> str:
    """Of an option, a command or an argument that there is not, or should be."""
    command = context.command
    if isinstance(error, click.NoSuchOption):
        names = [name for each in command.get_params(context) for name in each.opts]
        options = [name for name in names if name.startswith("-")]
        return (
            f"option is {error.option_name!r}; allowed are {', '.join(options)}"
            f"{did_you_mean(error.option_name, options)}"
        )
    if isinstance(command, click.Group) and error.message == _NO_COMMAND:
        noun = getattr(command, "noun", "command")
        return f"{noun} is missing; allowed are {', '.join(command.list_commands(context))}"
    extra = _EXTRA.match(error.message)
    if extra:
        return f"argument is {extra[1]!r}; allowed is none beside those that are there"
    return error.format_message()


def _name(param: click.Parameter) -> str:
    """As it is typed, without dashes."""
    return max(param.opts, key=len).lstrip("-")


def _allowed(param: click.Parameter) -> str:
    """What its type allows, in words."""
    return str(getattr(param.type, "allowed", f"values of the form {param.type.name}"))


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
