"""Names that stand for something: on a command line, in a row, in a report.

There is one way to add a mapping, a baseline, a dataset, an engine, a mesh, a target, a noise
kind, a study, a figure or a simulator to compare with: a file whose definition stands under the
decorator of its kind (:meth:`Registry.register`). The file is dropped into the folder of the
kind, or is part of an installed package that has it as an entry point of the group called like
that folder::

    [project.entry-points."qcnn.mappings"]
    cubic = "my_package.cubic"

Files and entry points are imported when a name is first looked for, in every process.
"""

import inspect
import re
from collections.abc import Callable, Iterator, MutableMapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from pkgutil import iter_modules
from typing import Any, Generic, TypeVar

from qcnn.checks import reason, shown
from qcnn.errors import InvalidInput

Entry = TypeVar("Entry")
New = TypeVar("New")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class Registry(MutableMapping[str, Entry], Generic[Entry]):
    """What each name of one kind stands for.

    Args:
        kind: of what is registered, for messages ("mapping").
        folder: the package whose modules are imported, but for those whose names begin with
            an underscore; the group of the entry points too.
        elsewhere: modules of other folders that are imported as well.

    >>> colours: Registry[str] = Registry("colour", "qcnn.optics")
    >>> colours.enter("red", "#f00")
    '#f00'
    >>> colours["red"], list(colours)
    ('#f00', ['red'])
    """

    def __init__(self, kind: str, folder: str, elsewhere: tuple[str, ...] = ()) -> None:
        self.kind, self.folder, self._elsewhere = kind, folder, elsewhere
        self._entries: dict[str, Entry] = {}
        self._definitions: dict[str, object] = {}
        self._apart: list[Registry[Any]] = []
        self._has_files = self._has_packages = False

    def register(self, name: str) -> Callable[[New], New]:
        """Decorator of a class or function that is to be found under ``name``.

        Raises:
            InvalidInput: see :meth:`enter`.
        """

        def decorate(entry: New) -> New:
            self.enter(name, entry)
            return entry

        return decorate

    def enter(self, name: str, entry: New, definition: object = None) -> New:
        """Let ``name`` stand for ``entry``, which is returned.

        A definition that is run again, as in a module that is reloaded or a cell of a notebook
        that is repeated, is another object of the same qualified name and replaces itself.

        Args:
            name: in its registry.
            entry: what it stands for.
            definition: the class or function that the entry was made of, if it is none itself.

        Raises:
            InvalidInput: for a name that is none (see :func:`check_name`), or is taken.
        """
        check_name(self.kind, name)
        definition = entry if definition is None else definition
        if not _module(definition).startswith(f"{self.folder}."):
            self._import_files()
        known = self._entries.get(name, entry)
        if known is not entry and not _is_run_again(self._definition_of(name), definition):
            raise self._taken(name, self, definition)
        for other in self._apart:
            if name in other._entries:
                raise self._taken(name, other, definition)
        self._entries[name] = entry  # type: ignore[assignment]
        self._definitions[name] = definition
        return entry

    def _definition_of(self, name: str) -> object:
        return self._definitions.get(name, self._entries[name])

    def keep_apart(self, other: "Registry[Any]") -> None:
        """From now on no name may stand for something in both registries."""
        self._apart.append(other)
        other._apart.append(self)

    def __getitem__(self, name: str) -> Entry:
        self._load()
        return self._entries[name]

    def __setitem__(self, name: str, entry: Entry) -> None:
        self._entries[name] = entry
        self._definitions.pop(name, None)

    def __delitem__(self, name: str) -> None:
        del self._entries[name]
        self._definitions.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        """The names, sorted."""
        self._load()
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        self._load()
        return len(self._entries)

    def _load(self) -> None:
        self._import_files()
        if self._has_packages:
            return
        # Before the import: what is imported may look for names itself.
        self._has_packages = True
        try:
            for point in _entry_points(self.folder):
                _import_entry_point(point)
        except BaseException:
            self._has_packages = False
            raise

    def _import_files(self) -> None:
        if self._has_files:
            return
        self._has_files = True
        try:
            package = import_module(self.folder)
            for module in iter_modules(package.__path__):
                if not module.name.startswith("_"):
                    import_module(f"{self.folder}.{module.name}")
            for name in self._elsewhere:
                import_module(name)
        except BaseException:
            self._has_files = False
            raise

    def _taken(self, name: str, holder: "Registry[Any]", definition: object) -> InvalidInput:
        return InvalidInput(
            f"the {self.kind} name {name!r} is that of the {holder.kind} "
            f"{_words(holder._definition_of(name))} and the {self.kind} {_words(definition)} asks "
            f"for it; allowed are names other than {', '.join(sorted(holder._entries))}"
        )


def check_name(kind: str, name: str) -> None:
    """Raises InvalidInput unless a name is of up to 100 letters, digits and, after the first, _ - .

    It can be part of a text (``name:option=1+2,option=3``), of a file's name and of a folder's.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidInput(
            f"the {kind} name is {shown(name)}; allowed are letters, digits and any of _-. after "
            "the first, 100 in all"
        )


@cache
def _installed() -> Any:
    """All entry points, of another type in each version of Python; reading them takes long."""
    return entry_points()


def _entry_points(group: str) -> EntryPoints:
    found: EntryPoints = _installed().select(group=group)
    return found


def _import_entry_point(point: Any) -> None:
    try:
        point.load()
    except InvalidInput:
        raise
    except Exception as error:
        holder = "an installed package" if point.dist is None else f"the package {point.dist.name}"
        raise InvalidInput(
            f"the entry point {point.name} = {point.value} of {holder} cannot be loaded "
            f"({reason(error)}); allowed for {point.group} are modules that can be "
            "imported"
        ) from error


def _is_run_again(old: object, new: object) -> bool:
    """Whether a definition was executed anew; the same function wrapped anew is none."""
    name = _words(new)
    # What is made inside a function has the same qualified name each time, whatever it is, and
    # so has the type of objects.
    defined = hasattr(new, "__qualname__") and "<" not in name
    return defined and name == _words(old) and _unwrapped(old) is not _unwrapped(new)


def _unwrapped(entry: Any) -> object:
    return inspect.unwrap(entry)


def _module(entry: object) -> str:
    """The module in which a class, a function or the type of an object was defined."""
    return str(getattr(entry, "__module__", type(entry).__module__))


def _words(entry: object) -> str:
    """Where a class or function was defined; of an object, its type."""
    definition: Any = entry if hasattr(entry, "__qualname__") else type(entry)
    return f"{definition.__module__}.{definition.__qualname__}"


#: A study's ``mapping`` names a mapping or a baseline: no name may stand for both.
mappings: Registry[Any] = Registry("mapping", "qcnn.mappings")
baselines: Registry[Any] = Registry("baseline", "qcnn.baselines")
mappings.keep_apart(baselines)
