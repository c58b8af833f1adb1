"""Figures of more than there is room for: nothing overlaps, nothing is too high, none is lost."""

from dataclasses import replace
from itertools import combinations, count
from typing import Any

import numpy as np
import pandas as pd
import pytest
from drawing import draw
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from stored_rows import CONFIGURATION, make_row

from studies.analysis.results import StudyResults
from studies.catalogue import studies_by_name
from studies.design.arms import Arm
from studies.design.study import Contrast
from studies.reports.figures import named_figure
from studies.reports.figures.parts.data import noted
from studies.reports.figures.parts.labelled_lines import labelled_lines
from studies.reports.figures.parts.words import wrapped
from studies.reports.figures.style import GREY

#: What a person takes in on a screen, inches: 1,600 pixels as it is stored.
MOST_INCHES = 1600 / 120
#: So wide a page shows a figure, and no letter on it is smaller than so many pixels.
PAGE, LEAST_LETTERS = 1000, 8.5
LONG = "trained under indistinguishability=0.9,transmittance=0.5,shots=100000 for as many epochs"


def arms(settings: int, names: int, seeds: int = 3, words: str = LONG) -> pd.DataFrame:
    """Rows of every arm in every setting, with long names; each arm is a model of its own."""
    rates = count(1)
    rows: list[dict[str, Any]] = []
    for setting in range(settings):
        for name in range(names):
            axes = replace(CONFIGURATION, learning_rate=next(rates) / 1e4).axes()
            axes |= {"label": f"setting {setting} of many: {words} {name}"}
            rows += [
                make_row(seed, **axes | {"test_accuracy": 0.5 + name / 1000})
                for seed in range(seeds)
            ]
    return pd.DataFrame(rows)


def drawn(name: str, rows: pd.DataFrame) -> Canvas:
    canvas = draw(name, rows)
    assert isinstance(canvas, Canvas)
    canvas.draw_without_rendering()
    return canvas


def overlapping(texts: list[Text]) -> list[tuple[str, str]]:
    """Pairs of which one is over the other, by more than the rounding of a line."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    return [(a, b) for (a, one), (b, other) in combinations(boxes, 2) if over(one, other)]


def over(one: Bbox, other: Bbox) -> bool:
    shared = Bbox.intersection(one, other)
    return shared is not None and min(shared.width, shared.height) > 0.5


def check(canvas: Canvas) -> None:
    """No two labels of one axis overlap, and none is cut off."""
    width, height = canvas.get_size_inches()
    assert height <= MOST_INCHES
    shown = [text for text in canvas.findobj(Text) if text.get_visible() and text.get_text()]
    least = min(text.get_fontsize() for text in shown)
    assert least / 72 / width * PAGE >= LEAST_LETTERS
    titles = [axes.title for axes in canvas.axes] + [axes._left_title for axes in canvas.axes]
    assert overlapping([t for t in titles if t.axes.get_visible()]) == []
    around = [axis.label for axes in canvas.axes for axis in (axes.xaxis, axes.yaxis)]
    around = [text for text in (*around, *canvas.texts) if text.get_text()]
    for legend in canvas.legends:
        box = legend.get_window_extent()
        covered = [text.get_text() for text in around if over(box, text.get_window_extent())]
        assert covered == []
        assert overlapping(legend.get_texts()) == []
        assert all(is_inside(text, canvas) for text in legend.get_texts())
    for axes in filter(Axes.get_visible, canvas.axes):
        for texts in (labels(axes, "x"), labels(axes, "y"), list(axes.texts)):
            assert overlapping(texts) == []
            for text in texts:
                assert is_inside(text, canvas), text.get_text()


def labels(axes: Axes, which: str) -> list[Text]:
    """Those of ticks within the limits, which alone are drawn."""
    axis = getattr(axes, f"{which}axis")
    least, most = sorted(axis.get_view_interval())
    ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    return [label for place, label in ticks if least <= place <= most]


def is_inside(text: Text, canvas: Canvas) -> bool:
    box = text.get_window_extent()
    return bool(canvas.bbox.x0 <= box.x0 and box.x1 <= canvas.bbox.x1)


def lines_of(axes: Axes) -> list[str]:
    return [" ".join(label.get_text().split()) for label in axes.get_yticklabels()]


@pytest.mark.parametrize(("settings", "names"), [(1, 3), (1, 30), (12, 12), (60, 2)])
def test_seeds_fit_however_many_models_there_are(settings: int, names: int) -> None:
    rows = arms(settings, names, seeds=2)
    canvas = drawn("seeds", rows)
    check(canvas)
    points = sum(len(part.get_offsets()) for part in canvas.axes[0].collections[:])
    assert points >= len(rows), "every run is drawn"


def test_models_that_are_too_many_share_the_line_of_their_setting() -> None:
    assert lines_of(drawn("seeds", arms(2, 60)).axes[0]) == [
        "setting 0 of many, 60 models 556",
        "setting 1 of many, 60 models 556",
    ]
    (line,) = lines_of(drawn("seeds", arms(70, 2)).axes[0])
    assert line == "photonic, read as probabilities, 140 models 556"


def test_seeds_that_do_not_train_are_crosses_and_counted() -> None:
    rows = arms(1, 1, seeds=4)
    rows["test_accuracy"] = [0.8, 0.9, 0.1, None]
    rows["status"] = ["complete"] * 3 + ["diverged"]
    axes, notes = drawn("seeds", rows).axes
    trained, failed = axes.collections[:2]
    assert trained.get_offsets()[:, 0].tolist() == [0.8, 0.9]
    assert failed.get_offsets()[:, 0].tolist() == [0.1]
    (mean,) = (bar.lines[0].get_xdata() for bar in axes.containers)
    assert mean.tolist() == pytest.approx([0.85])
    assert lines_of(notes) == ["2 of 4 fail, 1 without accuracy"]


def test_a_model_that_is_evaluated_under_noise_has_one_line() -> None:
    rows = arms(1, 2)
    under = rows.assign(evaluated_under="shots=1000", configuration="evaluated", setting="another")
    axes = drawn("seeds", pd.concat([rows, under], ignore_index=True)).axes[0]
    assert len(lines_of(axes)) == 2
    assert draw("seeds", under) is None


@pytest.mark.parametrize(("settings", "names"), [(1, 8), (3, 8), (12, 12), (11, 30), (20, 20)])
def test_curves_fit_however_many_models_there_are(settings: int, names: int) -> None:
    canvas = drawn("curves", arms(settings, names, seeds=1))
    check(canvas)
    assert len(canvas.axes) <= 12
    for axes in filter(Axes.get_visible, canvas.axes):
        assert len(axes.texts) in (3, names, settings)
        check_names(canvas, axes)


def check_names(canvas: Canvas, axes: Axes) -> None:
    """Each line has a name at its end, or is grey and the legend says what such lines are."""
    lines = [line for line in axes.lines if line.get_transform() == axes.transData]
    named = [line for line in lines if line.get_color() != GREY]
    leading = [line for line in axes.lines if line not in lines]
    assert {line.get_color() for line in named} == {line.get_color() for line in leading}
    assert len(named) == len(axes.texts) == len(leading)
    looks = {(line.get_color(), line.get_linestyle()) for line in named}
    assert len(looks) == len(named), "no two lines look alike"
    if len(lines) > len(named):
        words = " ".join(t.get_text() for legend in canvas.legends for t in legend.get_texts())
        assert "other models" in words


@pytest.mark.parametrize(("settings", "names"), [(1, 3), (4, 1), (3, 30)])
def test_rates_have_names_however_many_models_there_are(settings: int, names: int) -> None:
    final = arms(settings, names, seeds=2)
    tried = final.assign(role="search", test_accuracy=np.nan, mapping="mixing", sizes="4x2")
    more = [
        tried,
        tried.assign(learning_rate=2 * tried["learning_rate"], mapping="random_subspace"),
    ]
    canvas = drawn("rates", pd.concat(more, ignore_index=True))
    check(canvas)
    assert [axes.get_title("left") for axes in canvas.axes[:2]] == ["mixing", "random subspace"]
    for axes in filter(Axes.get_visible, canvas.axes):
        check_names(canvas, axes)


@pytest.mark.parametrize("figure", ["accuracy", "seeds", "methods", "curves"])
def test_names_are_words_in_every_figure(figure: str) -> None:
    rows = pd.concat(
        [
            arms(1, 2, words="redrawn_every_pass").assign(mapping="random_subspace", sizes=""),
            arms(1, 2, words="no_input").assign(mapping="log_affine", configuration="another"),
        ],
        ignore_index=True,
    )
    for text in drawn(figure, rows).findobj(Text):
        assert "_" not in text.get_text()


def test_the_mean_of_a_curve_is_of_the_runs_that_train() -> None:
    rows = arms(1, 1)
    rows["test_accuracy"] = [0.5, 0.7, 0.1]
    rows["val_accuracy_by_epoch"] = ["0.2 0.5", "0.4 0.7", "0.1 0.1"]
    lines = drawn("curves", rows).axes[0].lines
    (mean,) = [line for line in lines if line.get_linewidth() == 1.6]
    assert mean.get_ydata().tolist() == pytest.approx([0.3, 0.6])


@pytest.mark.parametrize("figure", ["accuracy", "curves", "methods", "seeds"])
@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_a_model_of_which_no_run_has_an_accuracy_breaks_nothing(figure: str, status: str) -> None:
    rows = arms(1, 2, seeds=2)
    gone = rows["arm"] == rows["arm"].iloc[0]
    rows.loc[gone, "test_accuracy"] = np.nan
    rows.loc[gone, "status"] = status
    rows.loc[gone, "val_accuracy_by_epoch"] = "0.1000"
    canvas = drawn(figure, rows)
    check(canvas)
    if figure == "seeds":
        assert "2 of 2 fail, 2 without accuracy" in lines_of(canvas.axes[1])
    if figure == "curves":
        (text,) = [t.get_text() for t in canvas.axes[0].texts if t.get_text().endswith("fail")]
        assert text.endswith("2 of 2 fail")


def test_contrasts_with_long_names_do_not_overlap() -> None:
    rows = arms(5, 6, words="trained under indistinguishability=0.9 for as many epochs")
    pairs = rows.drop_duplicates("configuration")[["setting", "arm"]]
    there = [Arm(*pair) for pair in pairs.itertuples(index=False)]
    contrasts = [Contrast(a, b) for a, b in combinations(there, 2) if a.setting == b.setting][:25]
    study = studies_by_name["mode_sweep"]
    object.__setattr__(study := replace(study), "contrasts", contrasts)
    canvas = named_figure("contrasts").draw(StudyResults(study, rows))
    assert canvas is not None
    canvas.draw_without_rendering()
    check(canvas)
    assert len(lines_of(canvas.axes[0])) == len(contrasts) == 25
    table = noted(canvas)
    means = table[table["drawn"] == "mean"]
    assert means["contrast"].nunique() == len(means) == 25
    markers = [line for line in canvas.axes[0].lines if line.get_marker() == "o"]
    shown = [100 * value for value in means["difference"]]
    assert [line.get_xdata()[0] for line in markers] == pytest.approx(shown)


def test_lines_are_as_high_as_their_labels() -> None:
    one, two = labelled_lines(["a"] * 3, 9), labelled_lines(["a", "b\nb\nb", "a"], 9)
    assert np.ptp(np.diff(one.places)) == pytest.approx(0)
    assert two.height > one.height
    assert two.places[1] - two.places[0] > one.places[1] - one.places[0]


def test_a_difference_goes_on_before_its_minus_sign() -> None:
    text = wrapped(f"{LONG} − {LONG}", 50)
    assert all(len(line) <= 50 for line in text.split("\n"))
    assert not any(line.endswith("−") for line in text.split("\n"))


@pytest.mark.parametrize("figure", ["accuracy", "curves", "methods", "seeds"])
@pytest.mark.parametrize("accuracies", [(0.0, 1.0), (0.0, 0.0, 0.0), (1.0, 1.0), (0.0, 0.4, 1.0)])
def test_nothing_is_drawn_beyond_the_scale_of_accuracies(
    figure: str, accuracies: tuple[float, ...]
) -> None:
    rows = arms(1, 1, seeds=len(accuracies)).assign(test_accuracy=accuracies, val_accuracy=1.0)
    rows["val_accuracy_by_epoch"] = [f"0.0 {accuracy}" for accuracy in accuracies]
    axes = drawn(figure, rows).axes[0]
    which = "x" if figure == "seeds" else "y"
    column, limits = "xy".index(which), getattr(axes, f"get_{which}lim")()
    found = [part.get_offsets() for part in axes.collections if isinstance(part, PathCollection)]
    bars = [part for part in axes.collections if isinstance(part, LineCollection)]
    found += [segment for part in bars for segment in part.get_segments()]
    found += [line.get_xydata() for line in axes.lines if line.get_transform() == axes.transData]
    drawn_at = np.concatenate([np.ma.filled(each, np.nan)[:, column] for each in found])
    drawn_at = drawn_at[np.isfinite(drawn_at)]
    assert len(drawn_at)
    assert limits[0] < drawn_at.min()
    assert drawn_at.max() < limits[1]
