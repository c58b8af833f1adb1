"""The rooms of each package: imports point one way, none is too full, and there is no circle."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: Each room may look into those that come before it, and into itself. A package's modules that
#: are in no room are in the one called like the package.
ROOMS = {
    "qcnn": (
        "qcnn",
        "keeping",
        "optics",
        "meshes",
        "engines",
        "samplers",
        "noise",
        "targets",
        "mappings",
        "weights",
        "baselines",
        "data",
        "training",
    ),
    "studies": (
        "design",
        "settings",
        "rows",
        "store",
        "analysis",
        "catalogue",
        "runs",
        "reports",
        "studies",
    ),
}
#: These do not know of each other.
APART = {frozenset({"runs", "reports"}), frozenset({"mappings", "samplers"})}
#: Of a package, or of a room alone with all that it stands on.
MOST_FLOORS = {"qcnn": 8, "studies": 8, "studies.rows": 3, "studies.store": 3, "studies.runs": 6}
MOST_MODULES = 12
#: One file a study or figure, each for itself.
SHELVES = {ROOT / "studies" / "catalogue", ROOT / "studies" / "reports" / "figures"}
#: What says how a command is interrupted stands at the top, because it comes first.
FIRST = "studies.interrupts"


@cache
def modules() -> dict[str, Path]:
    """Every module of the packages by its name, that of a folder for its ``__init__``."""
    found = {}
    for package in ROOMS:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(part for part in parts if part != "__init__")] = path
    return found


def room_of(name: str) -> str:
    package, *inside = name.split(".")
    return inside[0] if inside and inside[0] in ROOMS[package] else package


@cache
def imports(name: str) -> frozenset[str]:
    """What a module imports from its package, wherever in its text; types alone do not count."""
    tree = ast.parse(modules()[name].read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{name} has a relative import"
            for each in node.names:
                inner = f"{node.module}.{each.name}"
                found.add(inner if inner in modules() else node.module)
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    package = name.partition(".")[0]
    known = {other for other in found if other.startswith(f"{package}.") and other in modules()}
    return frozenset(known - {name})


def test_there_are_rooms_and_arrows_to_test() -> None:
    for package, rooms in ROOMS.items():
        inside = [name for name in modules() if name.partition(".")[0] == package]
        assert {room_of(name) for name in inside} == set(rooms)
        assert sum(len(imports(name)) for name in inside) > 100


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_point_one_way(name: str) -> None:
    rooms = ROOMS[name.partition(".")[0]]
    here = room_of(name)
    if name == "qcnn":  # the front door
        return
    for other in imports(name) - {FIRST}:
        there = room_of(other)
        assert rooms.index(there) <= rooms.index(here), f"{name} imports {other}"
        assert frozenset({here, there}) not in APART, f"{name} imports {other}"


@cache
def floor_of(name: str, *above: str) -> int:
    assert name not in above, f"a circle: {' → '.join([*above, name])}"
    return 1 + max((floor_of(other, *above, name) for other in imports(name)), default=0)


@pytest.mark.parametrize("place", MOST_FLOORS)
def test_there_is_no_circle_and_few_floors(place: str) -> None:
    floors = {name: floor_of(name) for name in modules() if f"{name}.".startswith(f"{place}.")}
    highest = max(floors, key=lambda name: floors[name])
    assert floors[highest] <= MOST_FLOORS[place], highest


def test_no_room_is_too_full() -> None:
    for folder in {path.parent for path in modules().values()} - SHELVES:
        files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(files) <= MOST_MODULES, folder
