"""Whatever is set for matplotlib, it is imported, and figures are the same bytes."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JUPYTER = "module://matplotlib_inline.backend_inline"
#: Valid settings that change every figure, or need what is not installed.
UGLY = """
text.usetex: True
font.family: serif
font.size: 30
savefig.bbox: tight
savefig.dpi: 30
savefig.transparent: True
figure.dpi: 300
figure.facecolor: red
figure.constrained_layout.use: False
axes.prop_cycle: cycler('color', ['r', 'g'])
axes.formatter.use_mathtext: True
axes.unicode_minus: False
lines.linewidth: 9
lines.antialiased: False
path.sketch: 3, 100, 2
image.cmap: jet
legend.loc: center
errorbar.capsize: 9
agg.path.chunksize: 10
"""
NO_TEXT = b"font.size: \xff\xfe\n"
#: The function itself, without the seconds that the package takes.
ALONE = f"import runpy\nglobals().update(runpy.run_path({str(ROOT / 'qcnn' / 'plotting.py')!r}))\n"
DRAW = """
import hashlib, sys
from pathlib import Path
{before}
from bench.report import build_report
from studies.reports.figures import Figure
from studies.reports.figures.style import new_canvas, store

def draw(results):
    canvas = new_canvas()
    axes = canvas.add_subplot()
    axes.plot([0.001, 1, 1000], [1, 2, -3])
    axes.imshow([[0, 1], [2, 3]])
    axes.set(xscale="log", title="one of one's own", xlabel="x", ylabel="y")
    axes.legend(axes.lines, ["a line"])
    return canvas

folder = Path(sys.argv[1])
import matplotlib as mpl
settings = dict(mpl.rcParams.copy())
store(Figure("own", "", draw).draw(None), folder / "own.png")
build_report(folder)
assert dict(mpl.rcParams.copy()) == settings, "the user's settings are left alone"
for path in sorted(folder.glob("*.png")):
    print(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
"""


def environment(**changes: str) -> dict[str, str]:
    """One in which nothing is set for matplotlib, and then what is."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MPL")}
    plain.pop("MATPLOTLIBRC", None)
    return {**plain, "PYTHONPATH": str(ROOT), **changes}


def drawn(folder: Path, cwd: Path = ROOT, before: str = "", **changes: str) -> str:
    """The digests of two figures that a process with these settings draws."""
    folder.mkdir()
    rows = ROOT / "results" / "bench" / "comparison.csv"
    (folder / rows.name).write_bytes(rows.read_bytes())
    command = [sys.executable, "-c", DRAW.format(before=before), str(folder)]
    done = subprocess.run(
        command, env=environment(**changes), cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(".png") == 2
    return done.stdout


def test_settings_of_the_user_do_not_change_a_figure(tmp_path: Path) -> None:
    expected = drawn(tmp_path / "plain")
    for name in ("ugly", "broken", "here"):
        (tmp_path / name).mkdir()
    (tmp_path / "ugly" / "matplotlibrc").write_text(UGLY)
    chosen = "import seaborn; seaborn.set_theme('poster', 'dark', 'husl', 'monospace', 2)"
    ugly = {"MATPLOTLIBRC": str(tmp_path / "ugly"), "MPLBACKEND": "svg"}
    assert drawn(tmp_path / "1", before=chosen, **ugly) == expected
    (tmp_path / "broken" / "matplotlibrc").write_bytes(NO_TEXT)
    broken = {"MPLCONFIGDIR": str(tmp_path / "broken"), "MPLBACKEND": JUPYTER}
    assert drawn(tmp_path / "2", **broken) == expected
    (tmp_path / "here" / "matplotlibrc").write_text(UGLY)
    unusable = {"MPLCONFIGDIR": str(tmp_path / "here" / "matplotlibrc"), "MPLBACKEND": JUPYTER}
    assert drawn(tmp_path / "3", cwd=tmp_path / "here", **unusable) == expected


@pytest.mark.parametrize(
    ("file", "content", "changes"),
    [
        ("none", b"", {"MPLBACKEND": JUPYTER}),
        ("none", b"", {"MPLBACKEND": "strawberry"}),
        ("matplotlibrc", NO_TEXT, {}),
        ("stylelib/mine.mplstyle", NO_TEXT, {"MPLBACKEND": JUPYTER}),
        ("matplotlibrc", b"axes.formatter.use_locale: True\n", {"LC_ALL": "xx_YY.UTF-8"}),
    ],
)
def test_no_setting_stops_the_import(
    tmp_path: Path, file: str, content: bytes, changes: dict[str, str]
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(content)
    changes = {"MPLCONFIGDIR": str(tmp_path), **changes}
    code = (
        f"{ALONE}import os\n"
        "before = dict(os.environ)\n"
        "import_matplotlib()\n"
        "import matplotlib, matplotlib.colors, matplotlib.pyplot\n"
        "assert matplotlib.colors.mpl is matplotlib, 'one module, not two'\n"
        "assert matplotlib.pyplot.rcParams is matplotlib.rcParams\n"
        "assert dict(os.environ) == before\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_settings_that_can_be_read_are_kept(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 31\n")
    code = (
        f"{ALONE}import_matplotlib()\n"
        "import matplotlib as m; print(m.rcParams['font.size'], m.rcParams['backend'])"
    )
    changes = {"MATPLOTLIBRC": str(tmp_path), "MPLBACKEND": "svg"}
    # What a notebook has set is no setting where its backend is not installed.
    kept = JUPYTER if find_spec("matplotlib_inline") else "agg"
    for backend, found in (("svg", "31.0 svg\n"), (JUPYTER, f"31.0 {kept}\n")):
        changes["MPLBACKEND"] = backend
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(**changes),
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.lower() == found


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "studies.run", "--list"],
        ["-m", "bench.compare", "--help"],
        ["-c", "import qcnn; print(qcnn.PQCNN(3, 1, engine='merlin')().shape)"],
    ],
)
def test_the_backend_of_a_notebook_stops_no_command(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        env=environment(MPLBACKEND=JUPYTER),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
