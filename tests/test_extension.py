"""What the documentation says can be added is added to a copy, and the real commands run there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
ADDING = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
(CUBIC,) = re.findall(r"```python\n((?:(?!```).)*?@register_mapping.*?)```", ADDING, re.DOTALL)
BASELINE = '''
"""The last layer alone."""

import copy
from dataclasses import dataclass

from torch import nn

from qcnn.baselines import Baseline, register_baseline


@register_baseline("last_layer")
@dataclass(frozen=True)
class LastLayer(Baseline):
    layers: int = 1

    def build(self, target: nn.Module, seed: int) -> nn.Module:
        model = copy.deepcopy(target).requires_grad_(False)
        list(model.children())[-self.layers].requires_grad_(True)
        return model
'''
DATASET = '''
"""Every second image of scikit-learn's digits."""

import numpy as np

from qcnn.data import CountSplit, Data, from_arrays, load_data, register_data


@register_data("half-digits")
def load_half() -> Data:
    whole = load_data("digits")
    images = (255 * whole.train_images[::2, 0].numpy()).astype(np.uint8)
    labels = whole.train_labels[::2].numpy()
    split = CountSplit(train=200, validation=100, test=100, seed=1)
    return from_arrays("half-digits", images, labels, classes=10, split=split)
'''
FIGURE = '''
"""A figure of one's own."""

from studies.analysis.summaries import method_names
from studies.reports.figures import register_figure
from studies.reports.figures.style import METHOD_STYLES, new_canvas


@register_figure("own", "A figure of one's own.")
def draw(results):
    rows = results.final
    canvas = new_canvas()
    axes = canvas.add_subplot()
    for name, part in rows.groupby(method_names(rows)):
        axes.plot(part["trainable_parameters"], part["val_accuracy"], **METHOD_STYLES[name])
    return canvas
'''
NOISE = '''
"""Counts of the detectors that come from nowhere."""

from qcnn.noise import NoiseKind, register_noise


@register_noise("background")
class Background(NoiseKind):
    """Share of the accepted shots that fall anywhere."""

    most = 1.0

    axis = "background (share of shots)"
    every = (0.1, 0.5)
    few = (0.5,)
    representative = 0.5
    trained = (0.5,)

    def distort(self, distribution, level):
        return (1 - level) * distribution + level / len(distribution)
'''
STUDY = '''
"""Does what is added work together?"""

from studies.catalogue import register_study
from studies.design.arms import Arm
from studies.design.recipes import cells_of, standard, without_photons
from studies.design.study import Contrast, Preset, Study

CUBIC, MIXING, LAST = (Arm("one epoch", name) for name in ("cubic", "mixing", "last layer"))


def cells(options):
    cubic = standard(options, mapping="cubic:power=5", target="cnn816", epochs=1)
    small = standard(options, mapping="mixing", target="cnn816", epochs=1)
    return [
        *cells_of(CUBIC, cubic, options),
        *cells_of(MIXING, small, options),
        *cells_of(LAST, without_photons(cubic, "last_layer"), options),
    ]


STUDY = Study(
    name="own",
    question="Does what is added work together?",
    axes=(),
    presets={name: Preset(seeds=2, epochs=1) for name in ("smoke", "quick", "full")},
    cells=cells,
    figures=("own", "accuracy", "curves", "methods", "rates", "seeds"),
    contrasts=(Contrast(CUBIC, MIXING),),
)
register_study(STUDY)
'''
PEER = '''
"""The fused engine under another name, without its gradient."""

from dataclasses import replace

from bench.peers import Prepared, register_peer
from bench.peers.fused import Fused
from bench.task import Task


@register_peer("own")
class Own(Fused):
    label = "A simulator of one's own"
    package = "torch"

    def prepare(self, task: Task) -> Prepared:
        return replace(super().prepare(task), forward_backward=None)
'''
BENCHMARK = """
from qcnn import choose_sizes


class Sizes:
    version = "1"

    def time_choose(self) -> None:
        choose_sizes(6690, 2)
"""
ADDED = {
    "qcnn/mappings/cubic.py": CUBIC,
    "qcnn/baselines/last_layer.py": BASELINE,
    "qcnn/data/half.py": DATASET,
    "qcnn/noise/kinds/background.py": NOISE,
    "studies/reports/figures/own.py": FIGURE,
    "studies/catalogue/own.py": STUDY,
    "bench/peers/own.py": PEER,
    "bench/benchmarks/own.py": BENCHMARK,
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages with one more of everything, and each file's words on how to add it."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("qcnn", "studies", "bench", "pwg"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "asv.conf.json", folder)
    for path, text in ADDED.items():
        (folder / path).write_text(text.lstrip(), encoding="utf-8")
    return folder


def start(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def run(folder: Path, *arguments: str) -> str:
    """What a command says on its standard output."""
    done = start(folder, *arguments)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_study_with_a_mapping_a_baseline_a_dataset_and_a_figure(copy: Path) -> None:
    command = "studies.run own --preset smoke --dataset half-digits --jobs 1"
    assert "dataset: half-digits (200 training" in run(copy, *command.split())
    own = copy / "results-smoke" / "own"
    mappings = set(pd.read_csv(own / "runs.csv")["mapping"])
    assert mappings == {"cubic:power=5", "mixing", "last_layer"}
    names = {path.name for path in (own / "figures").glob("*.png")}
    # No seed trains in so short a time: there is no difference to draw.
    figures = ("own", "accuracy", "curves", "methods", "seeds")
    assert names == {f"{name}-half-digits.png" for name in figures}
    before = {path: path.read_bytes() for path in own.rglob("*.*") if path.name != "journal.log"}
    said = run(copy, "studies.report", "--out", "results-smoke")
    assert said.count("report: ") == 4
    assert {path: path.read_bytes() for path in before} == before
    assert "last layer" in (copy / "results-smoke" / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_mapping_is_offered_on_the_command_line(copy: Path) -> None:
    command = (
        "studies.run mapping_sweep --preset smoke --dataset half-digits --jobs 1 "
        "--out sweep --learning-rate 0.01 --mapping"
    )
    said = run(copy, *command.split(), "cubic:power=5 mixing")
    assert "cubic:power=5" in said
    assert "own " in run(copy, "studies.run", "--list")


@pytest.mark.slow
def test_a_kind_of_noise_is_studied_and_drawn_and_changes_no_contrast(copy: Path) -> None:
    command = "studies.run noise --preset smoke --dataset digits --out noise --jobs 2"
    run(copy, *command.split())
    rows = pd.read_csv(copy / "noise" / "runs.csv", keep_default_na=False)
    assert (rows["noise"] == "background=0.5").sum() == 4
    assert (rows["evaluated_under"] == "background=0.5").sum() == 4
    assert (copy / "noise" / "figures" / "noise-digits.png").stat().st_size > 0
    report = (copy / "noise" / "report.md").read_text(encoding="utf-8")
    assert "trained under background=0.5" in report
    assert "Contrasts declared beforehand (24)" in report


def test_a_peer(copy: Path) -> None:
    command = "bench.compare --peers own --sizes 3x2,4x2 --spaces fock --repeats 1 --budget 0.1"
    run(copy, *command.split(), "--out", "compared")
    text = (copy / "compared" / "report.md").read_text(encoding="utf-8")
    assert "A simulator of one's own" in text
    assert (copy / "compared" / "time-against-outcomes.png").stat().st_size > 0


@pytest.mark.skipif(shutil.which("git") is None, reason="asv needs git")
def test_a_benchmark(copy: Path) -> None:
    person = ["-c", "user.name=someone", "-c", "user.email=someone@example.org"]
    for command in (["init", "-q"], ["add", "bench"], [*person, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", "-C", str(copy), *command], check=True, capture_output=True)
    run(copy, "asv", "machine", "--yes")
    command = "asv run --quick --dry-run --show-stderr --bench Sizes --environment"
    assert "own.Sizes.time_choose" in run(copy, *command.split(), f"existing:{sys.executable}")


@pytest.mark.parametrize(
    ("path", "kind", "old", "new"),
    [
        ("qcnn/mappings/cubic.py", "mapping", "qcnn.mappings.cubic", "qcnn.mappings.zz"),
        ("qcnn/baselines/last_layer.py", "baseline", "qcnn.baselines.l", "qcnn.baselines.zz"),
        ("qcnn/data/half.py", "dataset", "qcnn.data.half", "qcnn.data.zz"),
        ("studies/catalogue/own.py", "study", "studies.catalogue.own", "studies.catalogue.zz"),
        (
            "studies/reports/figures/own.py",
            "figure",
            "studies.reports.figures.own",
            "studies.reports.figures.zz",
        ),
        (
            "qcnn/noise/kinds/background.py",
            "noise",
            "qcnn.noise.kinds.background",
            "qcnn.noise.kinds.zz",
        ),
        ("bench/peers/own.py", "peer", "bench.peers.own", "bench.peers.zz"),
    ],
)
def test_a_file_copied_and_not_renamed_is_refused_by_name(
    copy: Path, path: str, kind: str, old: str, new: str
) -> None:
    second = (copy / path).with_name("zz.py")
    second.write_bytes((copy / path).read_bytes())
    try:
        command = {
            "peer": "bench.compare --help",
            **dict.fromkeys(("study", "dataset", "noise"), "studies.run own --help"),
        }.get(kind, "studies.run own --dataset digits --out refused")
        done = start(copy, *command.split())
        assert done.returncode == 2
        assert "report" not in done.stdout
        assert not (copy / "refused").exists()
        said = f"error: the {kind} name .* is that of .*{old}.*{new}.*; allowed are .*\\n"
        assert re.fullmatch(said, done.stderr)
    finally:
        second.unlink()
