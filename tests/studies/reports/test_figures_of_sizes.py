"""What a map of sizes at equal cost and a search look like."""

import json
from typing import Any

import optuna
import pandas as pd
import pytest
from drawing import draw
from matplotlib import pyplot, rcParams
from matplotlib.figure import Figure as Canvas
from stored_rows import make_row

from studies.analysis.sizes import several, single
from studies.design.arms import Arm
from studies.design.measures import PASS_SECONDS
from studies.reports.figures.parts.data import noted
from studies.store.codec import parameters_text

_SEARCH = ("pareto_front", "importances", "history", "parallel_coordinates")


def run(arm: Arm, seed: int, sizes: str, accuracy: float, milliseconds: float) -> dict[str, Any]:
    found = {moment: {PASS_SECONDS: milliseconds / 1000} for moment in ("start", "end")}
    return make_row(
        seed,
        setting=arm.setting,
        arm=arm.name,
        sizes=sizes,
        configuration=sizes,
        test_accuracy=accuracy,
        measured=json.dumps(found),
    )


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame(
        [
            run(several((4, 1)), 1, "4x1+4x1", 0.80, 3.0),
            run(several((4, 1)), 2, "4x1+4x1", 0.90, 2.0),
            run(several((4, 2)), 1, "4x2", 0.60, 1.0),
            run(several((6, 1)), 1, "6x1+6x1+6x1", 0.70, 1.0),
            run(single(1), 1, "40x1", 0.20, 0.5),
        ]
    )


def drawn(name: str, rows: pd.DataFrame) -> Canvas:
    canvas = draw(name, rows)
    assert isinstance(canvas, Canvas)
    return canvas


def test_a_cell_is_a_size_with_its_spread_and_how_many_pqcnns_that_are(rows: pd.DataFrame) -> None:
    axes = drawn("size_map", rows).axes[0]
    texts = {text.get_text() for text in axes.texts}
    assert texts == {"85.0 ± 7.1\n2 PQCNNs", "60.0\n1 PQCNN", "70.0\n3 PQCNNs"}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["4", "6"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["2", "1"]


def test_lines_show_accuracy_outcomes_and_the_least_time(rows: pd.DataFrame) -> None:
    accuracy, outcomes, time = drawn("size_lines", rows).axes
    lines = {line.get_label(): line for line in outcomes.lines}
    assert lines["4 modes"].get_xydata().tolist() == [[1, 8], [2, 6]]
    assert lines["6 modes"].get_xydata().tolist() == [[1, 18]]
    assert lines["one PQCNN"].get_xydata().tolist() == [[1, 40]]
    times = {line.get_label(): line.get_ydata().tolist() for line in time.lines}
    assert times["4 modes"] == pytest.approx([2.0, 1.0])
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in (accuracy, outcomes, time))


@pytest.mark.parametrize("name", ["size_map", "size_lines", *_SEARCH])
def test_without_its_runs_there_is_no_figure(name: str) -> None:
    assert draw(name, pd.DataFrame([make_row(1)])) is None


def searched(count: int, accuracies: list[float]) -> pd.DataFrame:
    """Rows of a search over modes and mappings, some of which have an option."""
    search = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    rows = []
    for number in range(count):
        trial = search.ask()
        modes = trial.suggest_int("modes", 4, 12)
        if trial.suggest_categorical("mapping", ("mixing", "mps")) == "mps":
            trial.suggest_int("mps bond dimension", 1, 10)
        accuracy = accuracies[number % len(accuracies)]
        row = make_row(
            number,
            role="search",
            configuration=str(number),
            val_accuracy=accuracy,
            trainable_parameters=10 * modes,
        )
        rows.append(row | {"search_parameters": parameters_text(trial)})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("name", _SEARCH)
def test_optuna_draws_the_search_in_the_style_of_the_report(name: str) -> None:
    before = dict(rcParams)
    canvas = drawn(name, searched(12, [0.3, 0.5, 0.7]))
    assert dict(rcParams) == before
    assert not pyplot.get_fignums()
    assert canvas.axes[0].get_facecolor() == (1.0, 1.0, 1.0, 1.0)


def test_importances_are_of_the_choices_that_every_setting_has() -> None:
    axes = drawn("importances", searched(12, [0.3, 0.5, 0.7])).axes[0]
    assert {label.get_text() for label in axes.get_yticklabels()} == {"modes", "mapping"}


def test_the_history_is_in_the_order_of_the_file_however_rows_are_sorted() -> None:
    accuracies = [0.3, 0.9, 0.1, 0.8, 0.2, 0.7, 0.4, 0.6]
    rows = searched(8, accuracies).sort_values("trainable_parameters")
    assert rows["val_accuracy"].tolist() != accuracies
    points, *_ = drawn("history", rows).axes[0].collections
    assert points.get_offsets().tolist() == [list(each) for each in enumerate(accuracies)]


@pytest.mark.parametrize("name", _SEARCH)
@pytest.mark.parametrize(("count", "accuracies"), [(3, [0.3, 0.5]), (12, [0.5])])
def test_a_search_that_says_nothing_breaks_nothing(
    name: str, count: int, accuracies: list[float]
) -> None:
    canvas = draw(name, searched(count, accuracies))
    assert (canvas is None) == (count < 8 or name == "importances")


def test_seeds_that_do_not_train_are_counted_and_in_no_mean(rows: pd.DataFrame) -> None:
    rows.loc[0, "test_accuracy"] = 0.1
    texts = {text.get_text() for text in drawn("size_map", rows).axes[0].texts}
    assert "90.0\n2 PQCNNs\n1 of 2 fail" in texts
    canvas = drawn("size_lines", rows)
    means, crosses = noted_of(canvas, "mean"), noted_of(canvas, "run that does not train")
    assert means["test_accuracy"].iloc[0] == pytest.approx(0.9)
    assert crosses[["photons", "test_accuracy"]].to_numpy().tolist() == [[1, 0.1]]
    (legend,) = canvas.legends
    assert "run that does not train" in [text.get_text() for text in legend.get_texts()]


def noted_of(canvas: Canvas, drawn_as: str) -> pd.DataFrame:
    """What the figure's table says of one kind of line."""
    table = noted(canvas)
    return table[table["drawn"] == drawn_as]
