"""Names that stand for something: on a command line, in a row, in a report.

Whatever is added by dropping a file into a folder is found and named here: mappings,
baselines, datasets, studies, simulators to compare with.
"""

import inspect
import re
from collections.abc import Iterable, Mapping, MutableMapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from qcnn.checks import shown
from qcnn.errors import InvalidInput

#: The classes of mappings and of baselines. They are kept beside each other because a study's
#: ``mapping`` names one of either: no name may stand for both.
mappings: dict[str, Any] = {}
baselines: dict[str, Any] = {}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def import_modules(package: str, path: Iterable[str]) -> list[ModuleType]:
    """The modules in the folders of a package; names that begin with an underscore are skipped."""
    return [
        import_module(f"{package}.{module.name}")
        for module in iter_modules(path)
        if not module.name.startswith("_")
    ]


def check_name(kind: str, name: str) -> None:
    """Raises InvalidInput unless a name is of up to 100 letters, digits and, after the first, _ - .

    It can be part of a text (``name:option=1+2,option=3``), of a file's name and of a folder's.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidInput(
            f"the {kind} name is {shown(name)}; allowed are letters, digits and any of _-. after "
            "the first, 100 in all"
        )


def enter(
    registry: MutableMapping[str, Any],
    kind: str,
    name: str,
    entry: object,
    beside: Mapping[str, Mapping[str, object]] | None = None,
) -> None:
    """Let ``name`` stand for ``entry``.

    A definition that is run again, as in a module that is reloaded or a cell of a notebook
    that is repeated, is another object of the same qualified name and replaces itself.

    Args:
        registry: what each name stands for.
        kind: of what is registered, for messages ("mapping").
        name: see :func:`check_name`.
        entry: a class, a function, a module or an object.
        beside: registries, by their kind, in which the name must not be either.

    Raises:
        InvalidInput: for another name, and for one that is taken.
    """
    check_name(kind, name)
    known = registry.get(name)
    if known is not None and known is not entry and not _is_run_again(known, entry):
        raise _taken(kind, name, kind, registry, entry)
    for other, names in (beside or {}).items():
        if name in names:
            raise _taken(kind, name, other, names, entry)
    registry[name] = entry


def _taken(
    kind: str, name: str, holder: str, registry: Mapping[str, object], entry: object
) -> InvalidInput:
    return InvalidInput(
        f"the {kind} name {name!r} is taken; a name other than {', '.join(sorted(registry))} is "
        f"needed, as the {holder} {_definition(registry[name])} has it and {kind} "
        f"{_definition(entry)} asks for it"
    )


def _is_run_again(old: object, new: object) -> bool:
    """Whether a definition was executed anew; the same function wrapped anew is none."""
    name = _definition(new)
    # What is made inside a function has the same qualified name each time, whatever it is, and
    # so has the type of objects.
    defined = hasattr(new, "__qualname__") and "<" not in name
    return defined and name == _definition(old) and _unwrapped(old) is not _unwrapped(new)


def _unwrapped(entry: Any) -> object:
    return inspect.unwrap(entry)


def _definition(entry: object) -> str:
    """Where a class or function was defined; the name of a module; of an object, its type."""
    if isinstance(entry, ModuleType):
        return entry.__name__
    definition: Any = entry if hasattr(entry, "__qualname__") else type(entry)
    return f"{definition.__module__}.{definition.__qualname__}"
