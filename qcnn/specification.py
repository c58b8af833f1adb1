"""Choices written as text: a registered name, with its options where they differ.

``mps:bond_dimension=4,form=torchmps`` stands for ``MPS(bond_dimension=4,
form="torchmps")``. The same text names a choice on a command line, in a stored row and
in a report. Nothing is evaluated.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

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
        InvalidInput: for an unknown name, an unknown option or a value of another type.
    """
    name, _, options = text.partition(":")
    if name not in registry:
        raise InvalidInput(f"{kind} is {name!r}; allowed are {', '.join(sorted(registry))}")
    made = registry[name]()
    defaults = {field.name: getattr(made, field.name) for field in fields(made)}  # type: ignore[arg-type]
    values: dict[str, Any] = dict(defaults)
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        if key not in defaults:
            allowed = ", ".join(defaults) or "none"
            raise InvalidInput(f"option of {kind} {name} is {key!r}; allowed are {allowed}")
        values[key] = _convert(value, defaults[key], f"{key} of {kind} {name}")
    return type(made)(**values)


def format_choice(choice: Any, kind: str, registry: Mapping[str, Callable[..., Any]]) -> str:
    """The text that :func:`parse_choice` turns back into ``choice``.

    Raises:
        InvalidInput: if the type of ``choice`` is not in the registry.
    """
    same_type = [name for name, make in registry.items() if type(make()) is type(choice)]
    if not same_type:
        raise InvalidInput(f"{kind} is {choice!r}; allowed are {', '.join(sorted(registry))}")
    return min((_format_as(choice, name, registry[name]()) for name in same_type), key=len)


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
        return tuple(_convert(part, 0, what) for part in filter(None, text.split("+")))
    try:
        return type(default)(text)
    except ValueError:
        raise InvalidInput(
            f"{what} is {text!r}; allowed is a value of type {type(default).__name__}"
        ) from None
