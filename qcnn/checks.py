"""Values that a user gives: one checker for the types and ranges of all options."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import fields
from difflib import get_close_matches
from functools import cache
from numbers import Real
from operator import index
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from qcnn.errors import InvalidInput
from qcnn.files import start_file

#: No count of steps, images or numbers that is asked for is larger: it fits into what torch,
#: NumPy and SciPy count with.
LARGEST_COUNT = 10**9
#: Trainable numbers of the largest network or mapping that is built. Those of this project have
#: thousands; far more are a typing error, and would end the process for lack of memory.
LARGEST_MODEL = 10**7
#: Shots of a device: NumPy draws as many as have a place in 64 bits with a sign.
MOST_SHOTS = 2**63 - 1
#: Where an object is in memory.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+(?=>)")
_LONGEST, _LONGEST_REASON = 80, 200


def shown(value: object) -> str:
    """A value as a message shows it: on one line, not too long, whatever it is.

    What says of itself only where in memory it is, is shown by its type.

    >>> shown("1e-3"), shown(10**5000), shown(object()), shown([object()])
    ("'1e-3'", 'a whole number of 16610 bits', 'a object', '[<object object>]')
    """
    try:
        if type(value).__repr__ is object.__repr__:
            return f"a {type(value).__name__}"
        text = " ".join(repr(value).split())
        if not isinstance(value, str):
            text = _ADDRESS.sub("", text)
    except Exception:
        # Python writes no whole number of more than 4,300 digits; a repr can fail anyhow.
        if isinstance(value, int):
            return f"a whole number of {value.bit_length()} bits"
        return f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def reason(error: BaseException) -> str:
    """What another library's error says, as a message shows it: its type, and one line of text.

    >>> reason(ValueError("no such thing.\\nAsk again."))
    'ValueError: no such thing. Ask again'
    """
    text = " ".join(str(error).split())
    text = text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"
    return f"{type(error).__name__}: {text.rstrip('.')}" if text else type(error).__name__


def did_you_mean(value: object, names: Iterable[str]) -> str:
    """The end of a sentence that refuses a name: which one was meant, where that can be told.

    >>> did_you_mean("mods", ["modes", "photons"]), did_you_mean("x", ["modes", "photons"])
    (" (did you mean 'modes'?)", '')
    """
    # Nobody has meant a name by a text of pages, with which comparing takes long.
    if not isinstance(value, str) or len(value) > _LONGEST:
        return ""
    close = get_close_matches(value, names, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def whole_number(value: object, name: str, least: int, most: int | None = None) -> int:
    """``value`` as an int.

    Raises:
        InvalidInput: if it is not an integer of at least ``least`` and at most ``most``.
    """
    number = _whole(value)
    if number is None or number < least or (most is not None and number > most):
        allowed = f"from {least}" + ("" if most is None else f" to {most}")
        raise InvalidInput(f"{name} is {shown(value)}; allowed are whole numbers {allowed}")
    return number


def number_between(value: object, name: str, above: float, most: float) -> None:
    """Raises InvalidInput unless ``above`` < ``value`` ≤ ``most``."""
    number = _number(value)
    if number is None or not above < number <= most:
        raise InvalidInput(
            f"{name} is {shown(value)}; allowed are numbers above {above:g}, up to {most:g}"
        )


def check_choice(value: object, name: str, allowed: Iterable[str], where: str = "") -> None:
    """Raises InvalidInput if an option has a value that does not exist.

    Args:
        value: of the option.
        name: of the option.
        allowed: its values.
        where: what else decides which these are, as " with Affine".
    """
    names = tuple(allowed)
    if not isinstance(value, str) or value not in names:
        raise InvalidInput(
            f"{name} is {shown(value)}; allowed{where} are {', '.join(names) or 'none'}"
            f"{did_you_mean(value, names)}"
        )


def check_function(value: object, name: str, allowed: str) -> None:
    """Raises InvalidInput for what cannot be called; ``allowed`` says what may be."""
    if not callable(value):
        raise InvalidInput(f"{name} is {shown(value)}; allowed are {allowed}")


def check_file(path: object, name: str) -> Path:
    """The path of a file that is written later, and read before that where there is one.

    Args:
        path: a text or a path.
        name: of what the file is, for the message.

    Raises:
        InvalidInput: for anything else; for what is there and is no file that can be read; and for
            a folder that is not there, or in which no file can be made.
    """
    if not isinstance(path, str | os.PathLike):
        raise InvalidInput(f"{name} is {shown(path)}; allowed are paths of files")
    file = Path(path)
    what = f"{name} {str(file)!r}"
    try:
        _check_place(file, what)
        if file.exists():
            file.open("rb").close()
        # Permissions do not tell: a file system can be for reading alone, or a name too long.
        handle, temporary = start_file(file)
    except InvalidInput:
        raise
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"{what} cannot be read and written ({reason(error)}); allowed are files that can be"
        ) from error
    os.close(handle)
    Path(temporary).unlink()
    return file


def check_output(path: object, name: str) -> Path:
    """The path of a file that is about to be written, as :func:`check_file`; its folder is made.

    Raises:
        InvalidInput: for what cannot be written.
    """
    if isinstance(path, str | os.PathLike):
        with suppress(OSError, ValueError):  # said below
            Path(path).parent.mkdir(parents=True, exist_ok=True)
    return check_file(path, name)


def check_types(options: Any) -> None:
    """Check every field of a frozen dataclass against its annotation, as its ``__post_init__``.

    NumPy's numbers become Python's, lists become tuples where tuples are asked for. Only
    numbers are numbers, and True is none. Annotations are checked that consist of int,
    float, str, bool, None, Literal and tuple; others are passed over.

    Raises:
        InvalidInput: for the first field of another type.
    """
    kind: type = type(options)
    hints = _hints(kind)
    for field in fields(options):
        value = getattr(options, field.name)
        right, kept = _fit(value, hints.get(field.name, Any))
        if not right:
            raise InvalidInput(
                f"{field.name} is {shown(value)}; allowed are {_describe(hints[field.name])}"
                f"{did_you_mean(value, _names_of(hints[field.name]))}"
            )
        if kept is not value:
            object.__setattr__(options, field.name, kept)


@cache
def _hints(kind: type) -> dict[str, Any]:
    """The types of a class's fields; kept, because options are made for every stored row."""
    try:
        return get_type_hints(kind)
    except NameError:  # a class inside a function can name what only the function knows
        return {}


def fit_stored(found: object, hints: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Options that were read from a file, by name; lists become tuples where these are meant.

    Args:
        found: what was read.
        hints: the type of each option: one that :func:`check_types` checks, dict or list.
        what: has the options, for messages.

    Raises:
        InvalidInput: unless there are exactly these options, each of its type.

    >>> fit_stored({"sides": [3, 4]}, {"sides": tuple[int, ...]}, "a box")
    {'sides': (3, 4)}
    """
    if not isinstance(found, dict) or found.keys() != hints.keys():
        names = sorted(found) if isinstance(found, dict) else found
        raise InvalidInput(
            f"what is stored of {what} is {shown(names)}; allowed is {', '.join(sorted(hints))}"
        )
    kept = {}
    for name, hint in hints.items():
        plain = hint in (dict, list)
        right, kept[name] = (
            (isinstance(found[name], hint), found[name]) if plain else _fit(found[name], hint)
        )
        if not right:
            raise InvalidInput(
                f"{name} of {what} is {shown(found[name])}; allowed are {_describe(hint)}"
            )
    return kept


def check_sizes(options: Any) -> None:
    """Raises InvalidInput for an option, a field of a dataclass, that is a far too large number."""
    for field in fields(options):
        value = getattr(options, field.name)
        if isinstance(value, int) and abs(value) > LARGEST_COUNT:
            raise InvalidInput(
                f"{field.name} is {shown(value)}; allowed are at most {LARGEST_COUNT}"
            )


def _check_place(path: Path, what: str) -> None:
    if path.is_dir():
        raise InvalidInput(f"{what} is a folder; allowed are files")
    if path.exists() and not path.is_file():
        raise InvalidInput(f"{what} is a device or the like; allowed are files")
    if not path.parent.is_dir():
        raise InvalidInput(f"{what} is in no folder that exists; allowed are files in one")


def _fit(value: object, hint: Any) -> tuple[bool, Any]:
    """Whether a value is of the annotated type, and the value as it is kept."""
    if hint in _KINDS:
        kept = _KINDS[hint](value)
        return kept is not None, kept
    if hint is NoneType:
        return value is None, value
    if get_origin(hint) in (Union, UnionType):
        tried = [_fit(value, part) for part in get_args(hint)]
        return next((found for found in tried if found[0]), (False, value))
    if get_origin(hint) is Literal:
        return isinstance(value, str) and value in get_args(hint), value
    if get_origin(hint) is tuple and get_args(hint)[1:] == (...,):
        if not isinstance(value, tuple | list):
            return False, value
        members = [_fit(member, get_args(hint)[0]) for member in value]
        return all(right for right, _ in members), tuple(member for _, member in members)
    return True, value


def _describe(hint: Any) -> str:
    if hint in _WORDS:
        return _WORDS[hint]
    if get_origin(hint) is tuple:
        return f"tuples of {_describe(get_args(hint)[0])}"
    joint = ", " if get_origin(hint) is Literal else " or "
    return joint.join(part if isinstance(part, str) else _describe(part) for part in get_args(hint))


def _names_of(hint: Any) -> list[str]:
    """The texts that a type allows, where it allows some alone."""
    parts = get_args(hint)
    if get_origin(hint) is Literal:
        return [part for part in parts if isinstance(part, str)]
    return [name for part in parts for name in _names_of(part)]


def _whole(value: object) -> int | None:
    try:
        return None if isinstance(value, bool | np.bool_) else index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    # A whole number is kept as one, so that texts and fingerprints keep theirs.
    return index(value) if isinstance(value, int | np.integer) else number


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str) else None


def _truth(value: object) -> bool | None:
    return bool(value) if isinstance(value, bool | np.bool_) else None


_KINDS: dict[Any, Callable[[object], Any]] = {
    int: _whole,
    float: _number,
    str: _text,
    bool: _truth,
}
_WORDS = {
    int: "whole numbers",
    float: "numbers",
    str: "texts",
    bool: "True and False",
    NoneType: "None",
    dict: "options by name",
    list: "lists",
}
