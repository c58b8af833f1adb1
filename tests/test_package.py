"""What is built for others to install."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PACKAGES = ("qcnn", "studies", "bench", "pwg")
USER = """
import qcnn
reveal_type(qcnn.PQCNN(3, 1))
qcnn.choose_sizes("many", 2)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds, as an installation has it."""
    folder = tmp_path_factory.mktemp("package")
    source = folder / "source"
    for name in PACKAGES:
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = ["pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps", "-w", str(folder)]
    subprocess.run([sys.executable, "-m", *build, str(source)], check=True)
    with zipfile.ZipFile(_wheel(folder)) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def _wheel(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(site: Path) -> Path:
    """Scripts of an environment with the wheel in it, and all else from the one of the tests."""
    environment = site.parent / "environment"
    venv.create(environment)
    # First the wheel: pip is to see no other installation of it.
    where = ["--python", str(environment)]
    options = ["--quiet", "--no-deps", "--no-index", str(_wheel(site.parent))]
    subprocess.run([sys.executable, "-m", "pip", *where, "install", *options], check=True)
    own = {"base": str(environment), "platbase": str(environment)}
    others = Path(sysconfig.get_path("purelib", "venv", vars=own)) / "others.pth"
    # A folder that such a file adds has its own ones of that kind passed over, and with them the
    # project's source.
    others.write_text(sysconfig.get_path("purelib") + "\n")
    return Path(sysconfig.get_path("scripts", "venv", vars=own))


def test_the_wheel_holds_every_file_of_the_packages(site: Path) -> None:
    def files(folder: Path) -> set[Path]:
        return {
            path.relative_to(folder)
            for name in PACKAGES
            for path in (folder / name).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    assert files(site) == files(ROOT)
    assert (site / "qcnn" / "py.typed").is_file()
    assert (site / "studies" / "reports" / "templates" / "report.html").is_file()


@pytest.mark.slow
def test_the_installed_command_works_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    outside = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}

    def run(program: str, *arguments: str) -> str:
        done = subprocess.run(
            [installed / program, *arguments],
            cwd=tmp_path,
            env=outside,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    names = ", ".join(PACKAGES)
    code = f"import {names}\nfor each in ({names}): print(each.__file__)"
    assert all(line.startswith(str(installed.parent)) for line in run("python", "-c", code).split())
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert run("pwg", "--version") == f"pwg, version {version['project']['version']}\n"

    smoke = ("mode_sweep", "--dataset", "digits", "--preset", "smoke", "--jobs", "1")
    printed = run("pwg", "run", *smoke)
    assert "repeat with: pwg run --config results-smoke/mode_sweep/run.toml\n" in printed
    assert run("pwg", "report", "--out", "results-smoke").endswith("results-smoke/report.html\n")

    rows = pd.read_csv(tmp_path / "results-smoke" / "mode_sweep" / "runs.csv")
    row = rows[rows["role"] == "final"].iloc[0]
    shown = run(
        "pwg", "show", f"{row['configuration']}-{row['seed']}", "--out", "results-smoke", "--again"
    )
    assert "test accuracy of these weights: " in shown
    assert shown.count(", the stored one\n") == 4
    assert "stored is" not in shown

    page = run("pwg", "bench", "break-even").removeprefix("report: ").strip()
    published = (ROOT / "results" / "bench" / "break_even.md").read_bytes()
    assert (tmp_path / page).read_bytes() == published


def test_a_users_mypy_sees_types(site: Path, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(USER)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "user.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'user.py:3: note: Revealed type is "qcnn.samplers.pqcnn.PQCNN"' in done.stdout
    assert 'user.py:4: error: Argument 1 to "choose_sizes" has incompatible type' in done.stdout


def declared() -> list[Requirement]:
    """What pyproject.toml asks for, the tools of development included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return [Requirement(text) for text in texts]


def frozen(lock: str) -> dict[str, Version]:
    """The versions of a lock file by package."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if "==" in line and not line.startswith((" ", "#"))]
    return {canonicalize_name(pin.name): Version(next(iter(pin.specifier)).version) for pin in pins}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-lowest.lock"])
def test_a_lock_has_what_is_declared(lock: str) -> None:
    pins = frozen(lock)
    assert len(pins) > len(declared()) > 30
    for requirement in declared():
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier


def test_the_lowest_versions_are_those_of_the_bounds() -> None:
    pins = frozen("requirements-lowest.lock")
    for requirement in declared():
        (least,) = (each for each in requirement.specifier if each.operator == ">=")
        parts = Version(least.version).release
        assert pins[canonicalize_name(requirement.name)].release[: len(parts)] == parts, requirement
