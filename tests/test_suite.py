"""The suite itself: everything in it is collected, and nothing is left out without a condition."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PYTEST = SETTINGS["tool"]["pytest"]["ini_options"]
PACKAGES = [
    name.rstrip("*") for name in SETTINGS["tool"]["setuptools"]["packages"]["find"]["include"]
]
#: The parent of a statement that runs only where something is found out.
CONDITIONS = (ast.If, ast.ExceptHandler, ast.IfExp)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_example_in_a_docstring_runs(package: str) -> None:
    with_examples = [p for p in (ROOT / package).rglob("*.py") if ">>> " in p.read_text("utf-8")]
    assert with_examples or package == "bench"
    assert package in PYTEST["testpaths"]
    assert "--doctest-modules" in PYTEST["addopts"]


def test_a_parametrisation_over_nothing_fails() -> None:
    assert PYTEST["empty_parameter_set_mark"] == "fail_at_collect"
    assert PYTEST["xfail_strict"] is True


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func)


def unconditional_skips(path: Path) -> list[str]:
    """Lines that leave a test out whatever the machine has."""
    tree = ast.parse(path.read_text("utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "pytest.mark.skip":
            found.append(f"{path.name}:{node.lineno}")
        if not isinstance(node, ast.Call):
            continue
        if name_of(node) == "pytest.mark.skipif" and isinstance(node.args[0], ast.Constant):
            found.append(f"{path.name}:{node.lineno}")
        if name_of(node) in ("pytest.skip", "pytest.xfail"):
            above: ast.AST = node
            while above in parents and not isinstance(above, CONDITIONS):
                above = parents[above]
            if not isinstance(above, CONDITIONS):
                found.append(f"{path.name}:{node.lineno}")
    return found


def test_no_test_is_skipped_but_for_what_a_machine_lacks() -> None:
    files = sorted((ROOT / "tests").rglob("*.py"))
    assert len(files) > 50
    assert [line for path in files for line in unconditional_skips(path)] == []


def test_a_skip_without_a_condition_is_seen(tmp_path: Path) -> None:
    """The three forms that it looks for, and those that it lets pass."""
    path = tmp_path / "test_it.py"
    path.write_text(
        "@pytest.mark.skip\n"
        "def test_a(): ...\n"
        "@pytest.mark.skipif(True, reason='slow')\n"
        "def test_b(): ...\n"
        "def test_c():\n"
        "    pytest.skip('later')\n"
        "@pytest.mark.skipif(not there(), reason='it is not there')\n"
        "def test_d():\n"
        "    if not there():\n"
        "        pytest.skip('it is not there')\n"
    )
    assert sorted(unconditional_skips(path)) == [f"test_it.py:{line}" for line in (1, 3, 6)]
