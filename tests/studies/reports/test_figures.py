"""What the figures draw: the means, the line, one colour for each family."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from drawing import draw
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.path import Path as Strokes
from PIL import Image
from stored_rows import CONFIGURATION, PLAIN, make_row

from qcnn import baseline_names, mapping_names
from studies.analysis.quoted import QUOTED
from studies.analysis.results import StudyResults
from studies.catalogue import studies_by_name
from studies.design.arms import Family, labels
from studies.reports.figures import registered
from studies.reports.figures.accuracy import _APART
from studies.reports.figures.families import draw_families
from studies.reports.figures.style import (
    COLOURS,
    FAMILY_MARKERS,
    LINE_COLOURS,
    METHOD_STYLES,
    interval_bars,
    new_canvas,
    set_accuracy_axis,
    store,
)
from studies.reports.overview import non_dominated_marks
from studies.rows.runs_file import add_rows, read_rows

#: Arm, generator, trainable parameters, test accuracies.
ARMS = (
    ("small", "pqcnn", 100, (0.5, 0.6)),
    ("worse and larger", "pqcnn", 150, (0.5, 0.5)),
    ("large", "pqcnn", 200, (0.8, 0.8, 0.8)),
    ("as large", "no_input", 200, (0.85, 0.86)),
    ("larger", "no_input", 300, (0.7, 0.7)),
)


def rows_of(folder: Path, arms: Any = ARMS, **changes: Any) -> pd.DataFrame:
    for label, generator, count, accuracies in arms:
        configuration = replace(CONFIGURATION, generator=generator, learning_rate=float(count))
        axes = configuration.axes() | {"label": label, "trainable_parameters": count}
        rows = [make_row(s, test_accuracy=a, **axes | changes) for s, a in enumerate(accuracies)]
        add_rows(folder / "runs.csv", rows)
    return read_rows(folder / "runs.csv")


def drawn(rows: pd.DataFrame, figure: str) -> Canvas:
    canvas = draw(figure, rows)
    assert isinstance(canvas, Canvas)
    return canvas


def canvas_of(axes: Axes) -> Canvas:
    canvas = axes.get_figure(root=True)
    assert canvas is not None
    return canvas


def in_data(axes: Axes) -> list[Line2D]:
    """Lines of data, without those that lead to a name."""
    return [line for line in axes.lines if line.get_transform() == axes.transData]


@pytest.mark.parametrize("name", sorted(studies_by_name))
def test_every_study_shows_accuracies_seeds_and_curves(name: str) -> None:
    figures = set(studies_by_name[name].figures)
    assert {"accuracy", "seeds", "curves"} <= figures <= set(registered)


LINE = "non-dominated, read as probabilities"


def test_the_line_joins_the_non_dominated_photonic_means(tmp_path: Path) -> None:
    (axes,) = drawn(rows_of(tmp_path), "accuracy").axes
    (line,) = [line for line in axes.lines if line.get_label() == LINE]
    assert line.get_xdata().tolist() == [100, 200]
    assert line.get_ydata().tolist() == pytest.approx([0.55, 0.8])
    assert line.get_drawstyle() == "steps-post"
    assert line.get_color() == COLOURS[Family.PROBABILITIES]


def test_each_photonic_family_has_a_line_and_marks_of_its_own(tmp_path: Path) -> None:
    """Linearised ones that are better everywhere leave the line of the others as it is."""
    rows_of(tmp_path)
    better = tuple((f"{n}, whitened", "pqcnn", n + 1, (0.9, 0.9)) for n in (100, 200))
    rows = rows_of(tmp_path, better, mapping="whitened")
    (axes,) = drawn(rows, "accuracy").axes
    lines = {line.get_label(): line for line in axes.lines if "non-dominated" in line.get_label()}
    assert lines[LINE].get_xdata().tolist() == [100, 200]
    other = lines["non-dominated, linearised"]
    assert other.get_xdata().tolist() == [101]
    assert other.get_color() == COLOURS[Family.LINEARISED] != COLOURS[Family.PROBABILITIES]
    words = dict(zip(rows["configuration"], labels(rows), strict=True))
    marks = {words[key]: mark for key, mark in non_dominated_marks(rows).items()}
    assert marks["large"] == f"of {Family.PROBABILITIES}"


def test_marks_are_of_all_models_and_of_the_photonic_ones(tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    words = dict(zip(rows["configuration"], labels(rows), strict=True))
    marks = {words[key]: mark for key, mark in non_dominated_marks(rows).items()}
    assert marks == {"small": "of all", "large": f"of {Family.PROBABILITIES}", "as large": "of all"}


def test_every_run_and_every_mean_with_its_interval_is_drawn(tmp_path: Path) -> None:
    (axes,) = drawn(rows_of(tmp_path), "accuracy").axes
    points = [part for part in axes.collections if isinstance(part, PathCollection)]
    assert sum(len(part.get_offsets()) for part in points) == sum(len(arm[3]) for arm in ARMS)
    bars = [bar for bar in axes.containers if bar.get_label() in COLOURS]
    places = np.concatenate([bar[0].get_xdata() for bar in bars])
    assert len(places) == len(ARMS)
    # Two of them have 200 trainable parameters.
    assert sorted(places)[2:4] == pytest.approx([200 / _APART**0.5, 200 * _APART**0.5])
    ends = np.concatenate([bar[2][0].get_segments() for bar in bars])[:, :, 1]
    assert ends.min() >= 0
    assert ends.max() <= 1  # of two runs, 0.5 and 0.6, the interval goes to 1.19
    assert (ends[:, 1] > ends[:, 0] + 1e-9).sum() == 2  # the others' runs are all alike


def test_quoted_figures_are_drawn_on_their_dataset_alone(tmp_path: Path) -> None:
    paper = ["paper (quoted, validation)"]
    for dataset, quoted in (("digits", []), ("fashion-mnist", []), ("mnist", paper)):
        rows = rows_of(tmp_path / dataset, dataset=dataset)
        (axes,) = drawn(rows, "accuracy").axes
        bars = [bar for bar in axes.containers if "paper" in bar.get_label()]
        assert [bar.get_label() for bar in bars] == quoted
        assert all(len(bar[0].get_xdata()) == len(QUOTED) for bar in bars)


def test_seeds_stand_in_the_order_of_the_trainable_parameters(tmp_path: Path) -> None:
    (axes,) = drawn(rows_of(tmp_path), "seeds").axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [
        "small  100",
        "worse and larger  150",
        "as large  200",
        "large  200",
        "larger  300",
    ]
    assert axes.yaxis_inverted()
    points = {tuple(place) for part in axes.collections for place in part.get_offsets()}
    places = axes.get_yticks()
    assert {(0.85, places[2]), (0.86, places[2]), (0.8, places[3]), (0.7, places[4])} <= points


def test_trainings_of_different_length_are_told_apart(tmp_path: Path) -> None:
    rows_of(tmp_path, ARMS[:1])
    rows = rows_of(tmp_path, ARMS[:1], epochs=9)
    (axes,) = drawn(rows, "seeds").axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["small, 2 epochs  100", "small, 9 epochs  100"]


def _grid(settings: tuple[int, ...], names: str) -> list[tuple[Any, ...]]:
    """An arm of each name in each setting."""
    words = [f"χ = {chi}: {name}" for chi in settings for name in names]
    return [(word, "pqcnn", 100 + place, (0.5, 0.6)) for place, word in enumerate(words)]


def test_curves_have_a_panel_for_each_setting_and_every_line_has_its_name(tmp_path: Path) -> None:
    arms = _grid((2, 4), "abc")
    canvas = drawn(rows_of(tmp_path, arms), "curves")
    assert [axes.get_title("left") for axes in canvas.axes] == ["χ = 2", "χ = 4"]
    for axes in canvas.axes:
        assert sorted(text.get_text() for text in axes.texts) == ["a", "b", "c"]
        assert len(axes.lines) == 3 * (1 + 1)  # a mean, what leads to its name
        assert len(axes.collections) == 3  # a band of the runs
    colours = [{line.get_color() for line in axes.lines} for axes in canvas.axes]
    assert colours[0] == colours[1]


def test_curves_have_a_panel_for_each_arm_where_those_are_fewer(tmp_path: Path) -> None:
    arms = _grid((2, 4, 6), "ab")
    canvas = drawn(rows_of(tmp_path, arms), "curves")
    assert [axes.get_title("left") for axes in canvas.axes] == ["a", "b"]
    assert {text.get_text() for text in canvas.axes[0].texts} == {"χ = 2", "χ = 4", "χ = 6"}


def test_of_many_curves_the_best_the_median_and_the_worst_have_names(tmp_path: Path) -> None:
    for place in range(17):
        ends = {"val_accuracy_by_epoch": f"0.1 {0.3 + place / 40}"}
        rows = rows_of(tmp_path, [(f"all: arm {place}", "pqcnn", place + 1, (0.5,))], **ends)
    (axes,) = drawn(rows, "curves").axes
    assert [text.get_text() for text in axes.texts] == ["arm 0", "arm 8", "arm 16"]
    (legend,) = canvas_of(axes).legends
    assert "mean of one of 14 other models" in [text.get_text() for text in legend.get_texts()]


def test_runs_that_do_not_train_are_counted_beside_their_curve(tmp_path: Path) -> None:
    canvas = drawn(rows_of(tmp_path, [("one: a", "pqcnn", 5, (0.5, 0.6, 0.1))]), "curves")
    (text,) = canvas.axes[0].texts
    assert text.get_text() == "a, 1 of 3 fail"
    assert [line.get_linestyle() for line in canvas.axes[0].lines] == [":", "-", ":"]
    (legend,) = canvas.legends
    assert "run that does not train" in [text.get_text() for text in legend.get_texts()]


def test_a_rate_that_was_tried_under_several_seeds_is_shown_by_its_mean(tmp_path: Path) -> None:
    found = {0.01: (0.1, 0.9, 0.5), 0.03: (0.6, 0.6, 0.3)}
    runs = [
        make_row(seed, "search", label="mps", learning_rate=rate, val_accuracy=accuracy)
        for rate, accuracies in found.items()
        for seed, accuracy in enumerate(accuracies)
    ]
    add_rows(tmp_path / "runs.csv", runs)
    canvas = drawn(read_rows(tmp_path / "runs.csv"), "rates")
    (line,) = in_data(canvas.axes[0])
    assert line.get_xdata().tolist() == [0.01, 0.03]
    assert line.get_ydata().tolist() == pytest.approx([0.5, 0.5])
    assert canvas.get_suptitle() == "digits: rates tried for every arm, mean of 3 seeds"


def test_rates_have_a_panel_for_each_method_and_a_line_for_each_model(tmp_path: Path) -> None:
    tried = (("mixing", 225, 0.3), ("mixing", 225, 0.1), ("mixing", 450, 0.1), ("direct", 221, 0.1))
    runs = [
        make_row(
            0,
            "search",
            label=str(count),
            trainable_parameters=count,
            learning_rate=rate,
            batch_size=128 + place,
            mapping=mapping,
            **(PLAIN if mapping == "direct" else {}),
        )
        for place, (mapping, count, rate) in enumerate(tried)
    ]
    add_rows(tmp_path / "runs.csv", runs)
    panels = drawn(read_rows(tmp_path / "runs.csv"), "rates").axes
    direct, mixing = panels[:2]
    assert [direct.get_title("left"), mixing.get_title("left")] == ["direct", "mixing"]
    lines = [in_data(direct), in_data(mixing)]
    assert [len(part) for part in lines] == [1, 2]
    assert sorted(line.get_xdata().tolist() for line in lines[1]) == [[0.1], [0.1, 0.3]]
    assert [len({line.get_color() for line in part}) for part in lines] == [1, 2]
    names = [sorted(text.get_text() for text in axes.texts) for axes in (direct, mixing)]
    assert names == [["221 (221)"], ["225 (225)", "450 (450)"]]


@pytest.mark.parametrize("figure", ["accuracy", "seeds", "curves", "rates"])
def test_axes_are_labelled(tmp_path: Path, figure: str) -> None:
    rows_of(tmp_path)
    add_rows(tmp_path / "runs.csv", [make_row(0, role="search")])
    canvas = drawn(read_rows(tmp_path / "runs.csv"), figure)
    assert canvas.axes[0].get_xlabel() or canvas.get_supxlabel()
    assert canvas.axes[0].get_ylabel() or canvas.get_supylabel()


@pytest.mark.parametrize("figure", ["accuracy", "seeds"])
def test_without_a_run_that_ended_well_there_is_no_figure(tmp_path: Path, figure: str) -> None:
    assert draw(figure, rows_of(tmp_path, status="diverged")) is None


#: Colour and marker, as committed figures have them.
STYLES = {
    "affine": ((0.96, 0.50, 0.05), "o"),
    "log_affine": ((0.00, 0.66, 0.82), "s"),
    "logit_tanh": ((0.84, 0.12, 0.05), "D"),
    "mixing": ((0.00, 0.42, 0.80), "^"),
    "mlp": ((0.90, 0.42, 0.78), "v"),
    "mps": ((0.60, 0.36, 0.18), "P"),
    "roots": ((0.36, 0.44, 0.00), "X"),
    "whitened": ((0.60, 0.60, 0.60), "*"),
    "direct": ((0.78, 0.70, 0.00), "X"),
    "hashing": ((0.00, 0.00, 0.00), "o"),
    "low_rank": ((0.00, 0.30, 0.18), "s"),
    "magnitude_pruning": ((0.36, 0.00, 0.66), "D"),
    "random_subspace": ((0.00, 0.62, 0.36), "^"),
    "structured_pruning": ((0.70, 0.00, 0.42), "v"),
    "weight_sharing": ((0.42, 0.10, 0.05), "P"),
}


def test_every_method_keeps_its_colour_and_marker() -> None:
    assert set(METHOD_STYLES) == {*mapping_names(), *baseline_names()} == set(STYLES)
    for name, (colour, marker) in STYLES.items():
        assert METHOD_STYLES[name] == {"color": colour, "marker": marker}


def test_no_two_methods_and_no_two_families_look_alike() -> None:
    assert len({tuple(style["color"]) for style in METHOD_STYLES.values()}) == len(METHOD_STYLES)
    assert len(set(FAMILY_MARKERS.values())) == len(FAMILY_MARKERS) == len(COLOURS)


def test_a_new_method_repaints_none_and_is_told_from_all() -> None:
    before = dict(METHOD_STYLES)
    names = ["abacus", "cubic", "mine", "zeta", "mps2"]
    found = [METHOD_STYLES[name] for name in names]
    assert before == METHOD_STYLES
    assert [METHOD_STYLES[name] for name in reversed(names)] == found[::-1]
    looks = {(*style["color"], style["marker"]) for style in [*found, *before.values()]}
    assert len(looks) == len(names) + len(before)
    markers = {style["marker"] for style in before.values()}
    assert not markers & {style["marker"] for style in found}


def test_a_method_of_ones_own_is_drawn_with_a_style_of_its_own(tmp_path: Path) -> None:
    arms = (("old", "pqcnn", 100, (0.5, 0.6)),)
    rows = rows_of(tmp_path, arms, mapping="mixing")
    (alone,) = drawn(rows, "methods").axes
    (both,) = drawn(pd.concat([rows.assign(mapping="abacus:power=3"), rows]), "methods").axes
    labels = [container.get_label() for container in both.containers]
    assert labels == ["abacus", "mixing"]
    new, old = (container.lines[0] for container in both.containers)
    assert old.get_color() == alone.containers[0].lines[0].get_color()
    assert new.get_color() == METHOD_STYLES["abacus"]["color"] != old.get_color()


def test_seeds_that_fail_are_counted_beside_the_name_of_a_method(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [("a", "pqcnn", 5, (0.5, 0.7, 0.1)), ("b", "pqcnn", 9, (0.1, 0.1))])
    (axes,) = drawn(rows, "methods").axes
    (bar,) = axes.containers
    assert bar.get_label() == "mps (3 of 5 runs fail)"
    assert axes.collections[-1].get_offsets().tolist() == [[5, 0.1], [9, 0.1], [9, 0.1]]
    assert bar.lines[0].get_ydata().tolist() == pytest.approx([0.6, 0.1])


def test_a_mean_of_failing_seeds_is_hollow_and_has_no_interval(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [("a", "pqcnn", 5, (0.5, 0.6)), ("b", "pqcnn", 9, (0.1, 0.7))])
    (axes,) = drawn(rows, "accuracy").axes
    (whole,) = [bar for bar in axes.containers if bar.get_label() == Family.PROBABILITIES]
    assert whole.lines[0].get_ydata().tolist() == pytest.approx([0.55])
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "white"]
    assert [list(line.get_ydata()) for line in hollow if len(line.get_ydata())] == [
        [pytest.approx(0.4)]
    ]


def test_families_have_colours_of_their_own() -> None:
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_a_family_of_one_point_keeps_its_colour_in_the_file(tmp_path: Path) -> None:
    canvas = new_canvas()
    axes = canvas.add_subplot()
    axes.imshow(np.linspace(0, 1, 10_000).reshape(100, 100), cmap="viridis")
    axes.scatter([50], [50], s=9, linewidths=0, color=COLOURS[Family.NOTEBOOK])
    store(canvas, tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as picture:
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    distance = np.abs(colours - 255 * np.array(COLOURS[Family.NOTEBOOK])).max(axis=1)
    assert distance.min() <= 16


def test_every_accuracy_has_a_place_of_its_own_on_the_scale() -> None:
    axes = new_canvas().add_subplot()
    set_accuracy_axis(axes, "accuracy")
    accuracies = np.array([0.0, 0.001, 0.03, 0.1, 0.5, 0.9, 0.98, 0.995, 0.999, 1.0])
    places = axes.transData.transform(np.column_stack([accuracies, accuracies]))[:, 1]
    assert axes.bbox.y0 < places[0]
    assert places[-1] < axes.bbox.y1
    assert (np.diff(places) > 0.5).all()
    back = axes.transData.inverted().transform(np.column_stack([places, places]))[:, 1]
    assert back.tolist() == pytest.approx(accuracies.tolist(), abs=1e-9)
    # Halving the error is about as far from 90 % as from 80 %.
    far = axes.transData.transform([(0, 0.8), (0, 0.9), (0, 0.95)])[:, 1]
    assert np.diff(far)[1] == pytest.approx(np.diff(far)[0], rel=0.1)


def test_an_interval_ends_where_accuracies_do() -> None:
    mean = pd.Series([0.5, 0.9])
    down, up = interval_bars(mean, pd.Series([-0.2, 0.8]), pd.Series([1.2, 1.3]))
    assert down.tolist() == pytest.approx([0.5, 0.1])
    assert up.tolist() == pytest.approx([0.5, 0.1])


def in_oklab(colours: list[Any]) -> np.ndarray:
    """Colours where distances are as people see them (Ottosson, 2020)."""
    values = np.asarray(colours, dtype=float)[:, :3]
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    opponents = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    found: np.ndarray = np.cbrt(linear @ cones.T) @ opponents.T
    return found


@pytest.mark.parametrize(
    "colours",
    [
        [style["color"] for style in METHOD_STYLES.values()],
        list(COLOURS.values()),
        list(LINE_COLOURS),
    ],
)
def test_no_two_colours_are_taken_for_one(colours: list[Any]) -> None:
    places = in_oklab(colours)
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    distances[np.diag_indices(len(places))] = np.inf
    assert distances.min() > 0.12
    assert places[:, 0].max() < 0.8, "too light on white"


def test_a_mean_without_an_interval_has_no_bar() -> None:
    nothing = float("nan")
    means = pd.Series([0.5, 0.7])
    down, up = interval_bars(means, pd.Series([0.4, nothing]), pd.Series([0.6, nothing]))
    assert down.tolist() == pytest.approx([0.1, 0.0])
    assert up.tolist() == pytest.approx([0.1, 0.0])


def test_what_fails_is_not_marked_as_non_dominated() -> None:
    """Of few parameters nearly nothing trains, and its mean would be of two kinds of runs."""
    few = [make_row(s, configuration="few", trainable_parameters=9) for s in range(3)]
    few[0]["test_accuracy"] = 0.1
    more = [make_row(s, configuration="more", trainable_parameters=90) for s in range(3)]
    assert set(non_dominated_marks(pd.DataFrame([*few, *more]))) == {"more"}
    assert non_dominated_marks(pd.DataFrame(few)) == {}


def test_two_models_of_one_name_are_two() -> None:
    """As the same arm at two rates, whose curves are arrays."""
    rows = [
        make_row(s, label="direct", configuration=f"rate {rate}", learning_rate=rate)
        for s in range(2)
        for rate in (0.01, 0.03)
    ]
    results = StudyResults(studies_by_name["ablation"], pd.DataFrame(rows))
    assert registered["curves"].draw(results) is not None


def test_the_families_count_runs_that_diverged_as_failed() -> None:
    rows = [make_row(s, configuration="one", trainable_parameters=90) for s in range(3)]
    rows[2] |= {"status": "diverged", "test_accuracy": None, "val_accuracy": None}
    canvas = draw_families(pd.DataFrame(rows))
    assert canvas is not None
    assert [text.get_text() for text in canvas.axes[0].texts if "of" in text.get_text()] == [
        "1 of 3 fail"
    ]
    assert draw_families(pd.DataFrame(rows[2:])) is None


def test_counts_of_failures_are_over_nothing_and_inside_the_axes() -> None:
    """As below thirty parameters, where most seeds fail and models are near each other."""
    rows = [
        make_row(
            seed,
            configuration=f"{count} parameters",
            trainable_parameters=count,
            test_accuracy=0.1 + 0.02 * place if seed else 0.2,
        )
        for place, count in enumerate((5, 8, 11, 20, 23, 40, 3000))
        for seed in range(3)
    ]
    canvas = draw_families(pd.DataFrame(rows))
    assert canvas is not None
    canvas.draw_without_rendering()
    axes = canvas.axes[0]
    boxes = [text.get_window_extent() for text in axes.texts if " of " in text.get_text()]
    assert len(boxes) == 5
    for place, box in enumerate(boxes):
        assert axes.bbox.count_contains(box.corners()) == 4
        assert not box.count_overlaps(boxes[:place])
        for line in axes.lines:
            vertices = axes.transData.transform(line.get_xydata())
            assert not box.count_contains(vertices)
            if line.get_drawstyle() == "steps-post":
                corners = np.column_stack([vertices[1:, 0], vertices[:-1, 1]])
                for corner, *ends in zip(corners, vertices[:-1], vertices[1:], strict=True):
                    assert not any(Strokes([corner, end]).intersects_bbox(box) for end in ends)
