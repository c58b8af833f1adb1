"""The rooms of ``studies``: imports point one way, none is too full, and there is no circle."""

import ast
from functools import cache
from pathlib import Path

import pytest

import studies

TOP = Path(str(studies.__file__)).parent
#: Each room may look into those that come before it, and into itself.
ROOMS = ("design", "store", "analysis", "catalogue", "runs", "reports", "commands")
#: These two do not know of each other.
APART = {"runs", "reports"}
MOST_MODULES = 12


def modules() -> dict[str, Path]:
    """Every module of the package by its name without ``studies``, that of a room for its init."""
    found = {}
    for path in TOP.rglob("*.py"):
        parts = path.relative_to(TOP).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if name:
            found[name] = path
    return found


MODULES = modules()


def room_of(name: str) -> str:
    first, inside, _ = name.partition(".")
    return first if inside or first in ROOMS else "commands"


@cache
def imports(name: str) -> frozenset[str]:
    """What a module imports from the package, wherever in its text; types alone do not count."""
    tree = ast.parse(MODULES[name].read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in for_types:
            source = (node.module or "").partition("studies.")[2] if node.module else ""
            if node.module == "studies" or source:
                prefix = f"{source}." if source else ""
                for each in node.names:
                    inner = prefix + each.name
                    found.add(inner if inner in MODULES else source)
        elif isinstance(node, ast.Import) and id(node) not in for_types:
            found |= {each.name.partition("studies.")[2] for each in node.names}
    return frozenset(found & MODULES.keys() - {name})


def test_there_are_rooms_and_arrows_to_test() -> None:
    assert {room_of(name) for name in MODULES} == set(ROOMS)
    assert sum(len(imports(name)) for name in MODULES) > 100


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_point_one_way(name: str) -> None:
    here = room_of(name)
    for other in imports(name):
        there = room_of(other)
        # What says how a command is interrupted stands at the top, because it comes first.
        if other == "interrupts":
            continue
        assert ROOMS.index(there) <= ROOMS.index(here), f"{name} imports {other}"
        assert {here, there} != APART, f"{name} imports {other}"


@cache
def floor_of(name: str, *above: str) -> int:
    assert name not in above, f"a circle: {' → '.join([*above, name])}"
    return 1 + max((floor_of(other, *above, name) for other in imports(name)), default=0)


def test_there_is_no_circle() -> None:
    for name in MODULES:
        assert floor_of(name) >= 1


def test_no_room_is_too_full() -> None:
    for folder in {path.parent for path in MODULES.values()}:
        files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(files) <= MOST_MODULES, folder
