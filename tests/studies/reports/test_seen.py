"""What is said of a figure to those who do not see it is what its table holds."""

from pathlib import Path

import pandas as pd
import pytest
from stored_rows import make_row

from studies.reports.figures import registered
from studies.reports.figures.parts.data import note, noted
from studies.reports.figures.parts.seen import picture, seen
from studies.reports.figures.style import Canvas, new_canvas
from studies.reports.study_report import build_report
from studies.rows.runs_file import add_rows


@pytest.fixture
def canvas() -> Canvas:
    """Two families: four means and a run, of which the last is the highest number of all."""
    canvas = new_canvas()
    trained = pd.DataFrame(
        {"trainable_parameters": [300, 2202, 6690], "test_accuracy": [0.902, 0.974, 0.9703]}
    )
    note(canvas, trained, drawn="mean", family="trained directly")
    photonic = pd.DataFrame({"trainable_parameters": [210], "test_accuracy": [0.908]})
    note(canvas, photonic, drawn="mean", family="photonic, linearised")
    run = pd.DataFrame({"trainable_parameters": [210], "test_accuracy": [0.99]})
    note(canvas, run, drawn="run", family="photonic, linearised")
    return canvas


SAID = (
    "Test accuracy (mean), 4 values: trained directly, 3 from 90.2 % to 97.4 %, highest at 2,202 "
    "trainable parameters; photonic, linearised, 90.8 % at 210 trainable parameters."
)


def test_it_says_of_each_family_its_range_and_where_its_best_is(canvas: Canvas) -> None:
    assert seen(noted(canvas)) == SAID


def test_what_is_stored_says_the_same(canvas: Canvas, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    noted(canvas).to_csv(path, index=False)
    assert seen(pd.read_csv(path)) == SAID


def test_of_many_series_the_highest_and_the_lowest_are_named() -> None:
    heights = {f"a series of a rather long name, number {n}": n / 100 for n in range(1, 41)}
    table = pd.DataFrame(
        {"drawn": "mean", "contrast": list(heights), "difference": list(heights.values())}
    )
    text = seen(table.sample(frac=1, random_state=0))
    assert text.startswith("Difference in test accuracy (mean), 40 values: a series of a rather")
    assert "number 40, +40.0 points; a series of a rather long name, number 39, +39.0" in text
    assert text.endswith("number 1, +1.0 points.")
    shown = text.count("points")
    assert f"; {40 - shown} others between; " in text
    assert 250 < len(text) <= 300


def test_a_table_that_is_no_figures_says_nothing() -> None:
    assert seen(pd.DataFrame()) == ""
    assert seen(pd.DataFrame({"test_accuracy": [0.5]})) == ""
    assert seen(pd.DataFrame({"drawn": ["mean"], "something": [1.0]})) == ""


def test_names_of_rows_are_no_markdown() -> None:
    canvas = new_canvas()
    for name in ("a](http://example.org) ![b", "$x$ <b>"):
        note(canvas, pd.DataFrame({"test_accuracy": [0.5]}), drawn="mean", family=name)
    assert picture("own", canvas, "figures/a b.png") == (
        "![own. Test accuracy (mean), 2 values: a)(http://example.org) !(b, 50.0 %; "
        r"\$x\$ &lt;b&gt;, 50.0 %.](figures/a%20b.png)"
    )


def test_every_figure_of_a_report_says_what_is_seen(tmp_path: Path) -> None:
    accuracies = {1: 0.5, 2: 0.75, 3: 0.05}
    rows = [make_row(seed, test_accuracy=accuracy) for seed, accuracy in accuracies.items()]
    add_rows(tmp_path / "mode_sweep" / "runs.csv", rows)
    report = build_report(tmp_path / "mode_sweep").read_text()
    images = [line for line in report.splitlines() if line.startswith("![")]
    drawn = [name for name in registered if any(f"({'figures'}/{name}-" in i for i in images)]
    assert len(drawn) == len(images) > 2
    assert all("Test accuracy" in image or "Validation accuracy" in image for image in images)
