"""The files of a figure: pixels, SVG and its data, always the same bytes, none of them large."""

import io
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from drawing import draw
from matplotlib.figure import Figure as Canvas
from PIL import Image
from stored_rows import make_row

from studies.reports.figures.parts.data import csv_text, note, noted
from studies.reports.figures.style import new_canvas, store
from studies.reports.study_report import build_report
from studies.rows.runs_file import add_rows

#: Of a picture, pixels; of an SVG, bytes.
MOST_PIXELS, MOST_BYTES = 1600, 300_000


def of_points(count: int) -> Canvas:
    canvas = new_canvas()
    axes = canvas.add_subplot()
    places = np.arange(count) / count
    axes.scatter(places, places**2, label="a_b")
    axes.set(title="letters 0.12345", xlabel="x", ylabel="y")
    note(canvas, pd.DataFrame({"x": places, "y": places**2}), drawn="point")
    return canvas


def rows_of(folder: Path) -> Path:
    """A study's folder with two models."""
    for arm in ("χ = 2: a", "χ = 2: b"):
        changes = {"label": arm, "study": "mode_sweep", "learning_rate": len(arm) / 1000}
        add_rows(folder / "runs.csv", [make_row(seed, **changes) for seed in range(3)])
    return folder


def test_a_figure_has_three_files(tmp_path: Path) -> None:
    others = store(of_points(5), tmp_path / "one.png")
    assert others == [tmp_path / "one.svg", tmp_path / "one.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.csv", "one.png", "one.svg"]
    table = pd.read_csv(tmp_path / "one.csv")
    assert table.columns.to_list() == ["drawn", "x", "y"]
    assert table["y"].tolist() == pytest.approx([0, 0.04, 0.16, 0.36, 0.64])
    svg = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert ">letters 0.12345<" in svg, "letters are letters, and no digit of theirs is lost"
    assert "date" not in svg.lower().replace("update", "")


def test_a_figure_that_notes_nothing_has_no_data(tmp_path: Path) -> None:
    canvas = new_canvas()
    canvas.add_subplot().plot([1, 2], [3, 4])
    assert store(canvas, tmp_path / "one.png") == [tmp_path / "one.svg"]
    assert noted(canvas).empty


def test_the_same_drawing_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        store(of_points(20), tmp_path / name / "one.png")
    for suffix in (".png", ".svg", ".csv"):
        first, second = (tmp_path / n / f"one{suffix}" for n in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


def test_clouds_of_points_are_pixels_and_few_points_are_not(tmp_path: Path) -> None:
    for count, pixels in ((50, False), (20_000, True)):
        store(of_points(count), tmp_path / "one.png")
        svg = (tmp_path / "one.svg").read_text(encoding="utf-8")
        assert ("<image" in svg) is pixels
        assert len(svg) < MOST_BYTES
        assert ">letters 0.12345<" in svg


def test_a_name_in_the_data_is_no_formula_and_numbers_stay_numbers() -> None:
    canvas = new_canvas()
    note(canvas, pd.DataFrame({"x": [0.123456789, 1e-9]}), drawn="=1+1")
    note(canvas, pd.DataFrame({"n": [100_000_000], "name": ['a, "b"']}), drawn="mean")
    text = csv_text(noted(canvas))
    assert text == 'drawn,x,n,name\n\'=1+1,0.123457,,\n\'=1+1,1e-09,,\nmean,,100000000,"a, ""b"""\n'


def test_a_report_links_what_stands_beside_each_picture(tmp_path: Path) -> None:
    folder = rows_of(tmp_path / "mode_sweep")
    text = build_report(folder).read_text(encoding="utf-8")
    found = {path.stem for path in (folder / "figures").glob("*.png")}
    assert {"accuracy-digits", "seeds-digits", "curves-digits"} <= found
    for name in found:
        links = f"[SVG](figures/{name}.svg) · [data](figures/{name}.csv)"
        assert f"(figures/{name}.png)\n\n{links}\n\n*" in text
        assert (folder / "figures" / f"{name}.svg").stat().st_size < MOST_BYTES
        assert not pd.read_csv(folder / "figures" / f"{name}.csv").empty
        with Image.open(folder / "figures" / f"{name}.png") as picture:
            assert picture.height <= MOST_PIXELS
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    build_report(folder)
    assert before == {path: path.read_bytes() for path in folder.rglob("*.*")}


def test_the_data_of_a_figure_are_its_runs_and_means() -> None:
    rows = pd.DataFrame([make_row(seed, test_accuracy=0.5 + seed / 10) for seed in range(3)])
    canvas = draw("seeds", rows)
    assert canvas is not None
    table = pd.read_csv(io.StringIO(csv_text(noted(canvas))))
    assert table["drawn"].tolist() == ["run"] * 3 + ["mean"]
    assert table["test_accuracy"].tolist() == pytest.approx([0.5, 0.6, 0.7, 0.6])
    assert table["seed"].tolist()[:3] == [0, 1, 2]
    assert (table["low"].iloc[-1], table["high"].iloc[-1]) == pytest.approx((0.351586, 0.848414))
