"""What an installed package adds is found by every command, and its faults are named."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
EXAMPLE = Path(__file__).parent / "example_package"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the example package is installed, as pip does it."""
    folder = tmp_path_factory.mktemp("site")
    source = folder / "source"
    # The build leaves files beside what it builds.
    shutil.copytree(EXAMPLE, source)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), str(source)],
        check=True,
    )
    return folder


def start(site: Path, cwd: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    paths = os.pathsep.join([str(site), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths, "HOME": str(cwd)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_mapping_of_a_package_runs_through_a_study(site: Path, tmp_path: Path) -> None:
    command = (
        "-m studies.run mapping_sweep --preset smoke --dataset example-digits --jobs 1 "
        "--learning-rate 0.01 --mapping"
    )
    done = start(site, tmp_path, *command.split(), "example-power:power=2")
    assert done.returncode == 0, done.stderr
    assert "dataset: example-digits (200 training" in done.stdout
    rows = pd.read_csv(tmp_path / "results-smoke" / "mapping_sweep" / "runs.csv")
    assert set(rows["mapping"]) == {"example-power:power=2", "direct"}
    assert set(rows["status"]) == {"complete"}


def test_a_study_of_a_package_draws_its_figure_of_its_noise(site: Path, tmp_path: Path) -> None:
    listed = start(site, tmp_path, "-m", "studies.run", "--list")
    assert "example-study    Does an offset cost anything?" in listed.stdout.splitlines()
    command = "-m studies.run example-study --preset smoke --dataset digits --jobs 1"
    done = start(site, tmp_path, *command.split())
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "results-smoke" / "example-study"
    rows = pd.read_csv(folder / "runs.csv", keep_default_na=False)
    assert set(rows["noise"]) == {"", "example_offset=0.1"}
    assert (folder / "figures" / "example-figure-digits.png").stat().st_size > 0


NAMES = """
import qcnn
from qcnn.data import data_names
from qcnn.engines import engine_names
from qcnn.meshes import mesh_names
from qcnn.targets import target_names

assert "example-power" in qcnn.mapping_names()
assert "example-last-layer" in qcnn.baseline_names()
assert "example-digits" in data_names()
assert "example-flat" in engine_names()
assert "example-shallow" in mesh_names()
assert "example-linear" in target_names()
target = qcnn.target_from_text("example-linear:bias=False").build((1, 8, 8))
samplers = [
    qcnn.PQCNN(8, 4, mesh="example-shallow", seed=0),
    qcnn.PQCNN(7, 3, engine="example-flat", seed=1),
]
model = qcnn.QuantumTrain(target, samplers, "example-power")
counts = model.parameter_counts()
assert counts.phases == 36 + 42
# 36 phases of the shallow mesh move the distribution in 29 directions only.
assert counts.effective_phases == 29 + 24
"""


def test_everything_that_a_package_adds_works_together(site: Path, tmp_path: Path) -> None:
    done = start(site, tmp_path, "-c", NAMES)
    assert done.returncode == 0, done.stderr


def test_a_simulator_of_a_package_is_compared(site: Path, tmp_path: Path) -> None:
    command = (
        "-m bench.compare --peers example-simulator --sizes 3x2 --spaces fock --repeats 1 "
        "--budget 0.1 --out compared"
    )
    done = start(site, tmp_path, *command.split())
    assert done.returncode == 0, done.stderr
    report = (tmp_path / "compared" / "report.md").read_text()
    assert "Example 1.0 (float64)" in report


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nowhere", "cannot be loaded (ModuleNotFoundError: No module named 'nowhere'); "),
        ("raise ValueError('one.\\ntwo.')", "cannot be loaded (ValueError: one. two); "),
        ("1 / 0", "cannot be loaded (ZeroDivisionError: division by zero); "),
        (
            "from qcnn import register_mapping\nfrom qcnn.mappings.affine import Affine\n"
            "@register_mapping('mixing')\nclass Mine(Affine): pass",
            "the mapping name 'mixing' is that of the mapping ",
        ),
    ],
)
def test_a_package_that_is_broken_is_named(
    site: Path, tmp_path: Path, text: str, said: str
) -> None:
    broken = tmp_path / "site"
    shutil.copytree(site, broken)
    (broken / "photonic_example" / "mapping.py").write_text(text)
    command = "-m studies.run mapping_sweep --preset smoke --dataset digits"
    done = start(broken, tmp_path, *command.split())
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert "photonic_example.mapping" in line
    assert not list(tmp_path.glob("results*"))
