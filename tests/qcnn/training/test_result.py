"""A result as a table of text, as a data frame and as a figure."""

from collections.abc import Iterator
from math import isnan, nan

import matplotlib as mpl
import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from torch import nn

import qcnn
from qcnn import EpochRecord, Evaluation, TrainResult
from qcnn.showing.look import own_look

COLUMNS = {
    "epoch": "int64",
    "train_loss": "float64",
    "train_accuracy": "float64",
    "validation_loss": "float64",
    "validation_accuracy": "float64",
    "shots": "int64",
}


@pytest.fixture(autouse=True)
def _no_figure_stays() -> Iterator[None]:
    yield
    plt.close("all")


def result_of(
    losses: list[float], accuracies: list[float | None], shots: int = 0, best: int = 1
) -> TrainResult:
    history = tuple(
        EpochRecord(
            epoch, Evaluation(2 * loss, accuracy), Evaluation(loss, accuracy), epoch * shots
        )
        for epoch, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True), 1)
    )
    none = EpochRecord(0, Evaluation(nan, None), Evaluation(nan, None))
    return TrainResult(history, history[best - 1] if history else none, {})


def test_a_frame_has_one_exact_row_for_each_epoch() -> None:
    made = result_of([0.1 + 0.2, 1 / 3], [0.25, 2 / 3], shots=10**12)
    frame = made.frame()
    assert frame.dtypes.astype(str).to_dict() == COLUMNS
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame.index) == [0, 1]
    assert frame["epoch"].tolist() == [1, 2]
    assert frame["train_loss"].tolist() == [2 * (0.1 + 0.2), 2 / 3]
    assert frame["validation_loss"].tolist() == [0.1 + 0.2, 1 / 3]
    assert frame["validation_accuracy"].tolist() == [0.25, 2 / 3]
    assert frame["shots"].tolist() == [10**12, 2 * 10**12]


def test_without_epochs_everything_is_empty() -> None:
    made = result_of([], [])
    assert made.frame().dtypes.astype(str).to_dict() == COLUMNS
    assert made.frame().empty
    assert repr(made) == "TrainResult: 0 epochs"
    assert "<table" not in made._repr_html_()
    for quantity in (None, "accuracy", "loss"):
        assert all(len(line.get_xdata()) == 0 for line in made.plot(quantity).lines)


def test_one_epoch_is_a_table_and_a_point() -> None:
    made = result_of([0.5], [0.75])
    first, names, *rows = repr(made).splitlines()
    assert (
        first
        == "TrainResult: 1 epoch, validation accuracy 0.7500 at the end, 0.7500 at best (epoch 1)"
    )
    assert names.split("  ")[0] == "epoch"
    assert rows[0].split() == ["1", "1.000", "0.7500", "0.5000", "0.7500"]
    assert all(line.get_marker() not in ("", "None") for line in made.plot().lines)


def test_numbers_that_are_none_are_shown_as_such() -> None:
    made = result_of([nan, nan], [0.1, nan])
    assert repr(made).splitlines()[-1].split() == ["2", "nan", "nan", "nan", "nan"]
    assert isnan(made.frame()["validation_loss"][1])
    assert "nan" in made._repr_html_()
    assert made.plot().lines
    assert made.plot("loss").lines


def test_without_classes_there_are_losses_alone() -> None:
    made = result_of([0.5, 0.25], [None, None], best=2)
    assert "accuracy" not in repr(made)
    assert repr(made).startswith("TrainResult: 2 epochs, validation loss 0.2500 at the end, 0.2500")
    assert made.frame()["validation_accuracy"].isna().all()
    assert made.plot().get_ylabel() == "loss"
    with pytest.raises(qcnn.InvalidInput, match="quantity is 'accuracy' without classes; allowed"):
        made.plot("accuracy")


def test_shots_are_shown_where_some_were_fired() -> None:
    assert "shots" not in repr(result_of([0.5], [0.5]))
    assert repr(result_of([0.5], [0.5], shots=2500)).splitlines()[-1].endswith(" 2,500")


def test_many_epochs_are_a_small_table_and_html_is_the_same() -> None:
    made = result_of([1.0] * 1000, [0.5] * 1000)
    assert len(repr(made).splitlines()) == 13
    assert repr(made).splitlines()[-1].startswith("1,000 ")
    assert made._repr_html_().count("<tr") == 12


def test_curves_are_those_of_the_frame() -> None:
    made = result_of([0.9, 0.5, 0.7], [0.1, 0.8, 0.6], best=2)
    for quantity, unit in (("accuracy", " (%)"), ("loss", "")):
        axes = made.plot(quantity)
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", quantity + unit)
        train, validation, best = axes.lines
        frame = made.frame()
        assert list(train.get_ydata()) == frame[f"train_{quantity}"].tolist()
        assert list(validation.get_ydata()) == frame[f"validation_{quantity}"].tolist()
        assert list(validation.get_xdata()) == [1, 2, 3]
        assert (list(best.get_xdata()), list(best.get_ydata())) == (
            [2],
            [frame[f"validation_{quantity}"][1]],
        )
        assert [text.get_text() for text in axes.get_legend().get_texts()] == [
            "training",
            "validation",
            "best epoch",
        ]
        assert train.get_linestyle() != validation.get_linestyle()
    assert made.plot().get_ylabel() == "accuracy (%)"
    figure = made.plot().figure
    figure.canvas.draw()
    assert "80" in [text.get_text() for text in figure.axes[0].get_yticklabels()]


def test_it_draws_where_it_is_told_and_nowhere_else() -> None:
    _, (left, right) = plt.subplots(1, 2)
    before = plt.get_fignums()
    made = result_of([0.9, 0.5], [0.1, 0.8])
    assert made.plot(ax=right) is right
    assert (len(left.lines), len(right.lines)) == (0, 3)
    assert plt.get_fignums() == before
    assert isinstance(made.plot(), Axes)
    assert len(plt.get_fignums()) == len(before) + 1


def test_nothing_is_shown_or_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plt, "show", lambda: pytest.fail("shown"))
    monkeypatch.setitem(mpl.rcParams, "axes.facecolor", "red")
    before = dict(mpl.rcParams)
    axes = result_of([0.5], [0.5]).plot()
    assert dict(mpl.rcParams) == before
    assert axes.get_facecolor() == to_rgba(own_look()["axes.facecolor"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"quantity": "acuracy"},
            "quantity is 'acuracy'; allowed are accuracy, loss (did you mean",
        ),
        ({"ax": 5}, "ax is 5; allowed are matplotlib's Axes and None"),
    ],
)
def test_other_arguments_are_refused(arguments: dict[str, object], sentence: str) -> None:
    before = plt.get_fignums()
    with pytest.raises(qcnn.InvalidInput) as error:
        result_of([0.5], [0.5]).plot(**arguments)  # type: ignore[arg-type]
    assert str(error.value).startswith(sentence)
    assert plt.get_fignums() == before


def test_what_a_training_returns_shows_itself() -> None:
    inputs, truth = torch.rand(8, 3), torch.tensor([0, 1] * 4)
    examples = qcnn.Examples(inputs, truth, inputs, truth)
    made = qcnn.train(nn.Linear(3, 2), examples, qcnn.TrainConfig(epochs=3))
    assert len(repr(made).splitlines()) == 2 + 3
    frame = made.frame()
    assert frame["validation_accuracy"].tolist() == [
        record.validation.accuracy for record in made.history
    ]
    assert made.plot().lines[1].get_ydata().tolist() == frame["validation_accuracy"].tolist()
