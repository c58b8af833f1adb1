"""Choices written as text: a registered name, with its options where they differ.

``mps:bond_dimension=4,form=torchmps`` stands for ``MPS(bond_dimension=4,
form="torchmps")``. The same text names a choice on a command line, in a stored row and
in a report. Nothing is evaluated.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from qcnn.checks import check_choice, shown
from qcnn.errors import InvalidInput

Choice = TypeVar("Choice")


def parse_choice(text: str, kind: str, registry: Mapping[str, Callable[..., Choice]]) -> Choice:
    """The object that ``text`` names.

    Args:
        text: ``name`` or ``name:option=value,option=value``; the members of a tuple
            are joined by ``+``.
        kind: what is chosen, for messages ("mapping", "target").
        registry: frozen dataclasses by name; every field has a default.

    Raises:
        InvalidInput: for an unknown name, an unknown option, one that is given twice or a
            value of another type.
    """
    name, _, options = text.partition(":") if isinstance(text, str) else (text, "", "")
    check_choice(name, kind, sorted(registry))
    made = registry[name]()
    defaults = {field.name: getattr(made, field.name) for field in fields(made)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for option in options.split(",") if options else ():
        key, _, value = option.partition("=")
        check_choice(key, f"option of {kind} {name}", defaults)
        if key in values:
            raise InvalidInput(f"{key} of {kind} {name} is given twice; allowed is once")
        values[key] = _convert(value, defaults[key], f"{key} of {kind} {name}")
    return type(made)(**defaults | values)


def format_choice(choice: Any, kind: str, registry: Mapping[str, Callable[..., Any]]) -> str:
    """The text that :func:`parse_choice` turns back into ``choice``.

    Raises:
        InvalidInput: if the type of ``choice`` is not in the registry.
    """
    same_type = [name for name, make in registry.items() if type(make()) is type(choice)]
    if not same_type:
        raise InvalidInput(f"{kind} is {shown(choice)}; allowed are {', '.join(sorted(registry))}")
    return min((_format_as(choice, name, registry[name]()) for name in same_type), key=len)


def text_of(choice: Any, kind: str, registry: Mapping[str, Callable[..., Any]]) -> str:
    """The text of :func:`format_choice`, where it says all of ``choice``.

    Raises:
        InvalidInput: if the type of ``choice`` is not in the registry, or an option has a value
            that no text stands for.
    """
    text = format_choice(choice, kind, registry)
    if parse_choice(text, kind, registry) != choice:
        raise InvalidInput(
            f"{kind} is {shown(choice)}; allowed in a file are options that a text can have"
        )
    return text


def words_for(choice: Any, kind: str, registry: Mapping[str, Callable[..., Any]]) -> str:
    """The text of :func:`format_choice`; of what is not registered, what it says of itself."""
    try:
        return format_choice(choice, kind, registry)
    except InvalidInput:
        return shown(choice)


def _format_as(choice: Any, name: str, base: Any) -> str:
    options = [
        f"{field.name}={_text(getattr(choice, field.name))}"
        for field in fields(choice)
        if getattr(choice, field.name) != getattr(base, field.name)
    ]
    return name + (":" + ",".join(options) if options else "")


def _text(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _convert(text: str, default: Any, what: str) -> Any:
    if isinstance(default, tuple):
        member = default[0] if default else 0
        return tuple(_convert(part, member, what) for part in text.split("+")) if text else ()
    try:
        return _READERS[type(default)](text)
    except (KeyError, ValueError):
        raise InvalidInput(
            f"{what} is {shown(text)}; allowed is a value of type {type(default).__name__}"
        ) from None


def _read_number(text: str, kind: type[int] | type[float]) -> int | float:
    # Python also reads spaces, underscores and other scripts' digits, which would make several
    # texts, and so several configurations, of one.
    if not text.isascii() or "_" in text or text != text.strip():
        raise ValueError
    return kind(text)


_READERS: dict[type, Callable[[str], Any]] = {
    int: lambda text: _read_number(text, int),
    float: lambda text: _read_number(text, float),
    bool: lambda text: {"True": True, "False": False}[text],
    str: str,
}
