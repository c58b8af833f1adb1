"""What a training records."""

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

from torch import Tensor

from qcnn.showing.brief import brief
from qcnn.showing.curves import plot_curves
from qcnn.showing.overview import Overview, Shown, in_short

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Of a result's frame, with their types.
_COLUMNS = {
    "epoch": "int64",
    "train_loss": "float64",
    "train_accuracy": "float64",
    "validation_loss": "float64",
    "validation_accuracy": "float64",
    "shots": "int64",
}


@dataclass(frozen=True)
class Evaluation:
    """Mean loss and accuracy over a split.

    Attributes:
        loss: its mean.
        accuracy: a fraction; None where there are no classes.

    >>> Evaluation(0.123456, 0.912345)
    Evaluation(loss=0.1235, accuracy=0.9123)
    """

    loss: float
    accuracy: float | None

    __repr__ = brief


@dataclass(frozen=True)
class Tally:
    """What some batches had: sums over their examples.

    Attributes:
        examples: how many there were.
        loss: the sum of their losses.
        correct: how many were told right; 0 where there are no classes.
    """

    examples: int = 0
    loss: float = 0.0
    correct: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.examples + other.examples, self.loss + other.loss, self.correct + other.correct
        )

    def evaluation(self, classes: int | None) -> Evaluation:
        """The means over the examples, which are of so many classes or of none."""
        accuracy = None if classes is None else self.correct / self.examples
        return Evaluation(self.loss / self.examples, accuracy)


@dataclass(frozen=True)
class EpochRecord:
    """Both splits after an epoch, counted from 1.

    Attributes:
        epoch: its number.
        train: of the last epoch, the training split after it, in evaluation mode; of those
            before, what the steps of the epoch had themselves, in training mode, each with the
            parameters that it found.
        validation: after the epoch, in evaluation mode.
        shots: that were fired up to its end, of a training from shots; else 0.
    """

    epoch: int
    train: Evaluation
    validation: Evaluation
    shots: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class TrainResult(Shown):
    """What training leaves behind, beside the model, which holds the last epoch's state.

    It shows itself as a table of its epochs, of which the first and the last are there where they
    are many.

    Attributes:
        history: a record for each epoch.
        best: the record with the highest validation accuracy, the earliest of them; with the
            lowest validation loss where there are no classes.
        best_weights: the network's weights at that epoch; never part of what is reported.
        seconds_before: what earlier processes spent on a run that was resumed.

    >>> first = EpochRecord(1, Evaluation(2.25, 0.15), Evaluation(1.5, 0.5))
    >>> second = EpochRecord(2, Evaluation(0.75, 0.8), Evaluation(0.5, 0.875))
    >>> TrainResult((first, second), second, {})
    TrainResult: 2 epochs, validation accuracy 0.8750 at the end, 0.8750 at best (epoch 2)
    epoch  train loss  train accuracy  validation loss  validation accuracy
    1           2.250          0.1500            1.500               0.5000
    2          0.7500          0.8000           0.5000               0.8750
    """

    history: tuple[EpochRecord, ...]
    best: EpochRecord
    best_weights: dict[str, Tensor]
    seconds_before: float = 0.0

    @property
    def last(self) -> EpochRecord:
        """The last epoch's record, which is what is reported."""
        return self.history[-1]

    def frame(self) -> "pd.DataFrame":
        """The history as a table, one row for each epoch.

        Returns:
            the columns ``epoch`` (from 1), ``train_loss``, ``train_accuracy``,
            ``validation_loss``, ``validation_accuracy`` and ``shots``: what :class:`EpochRecord`
            says, accuracies as fractions, NaN where there are no classes; shots are those of the
            training so far.

        >>> record = EpochRecord(1, Evaluation(2.25, 0.15), Evaluation(1.5, 0.5))
        >>> TrainResult((record,), record, {}).frame().iloc[0].to_dict()["validation_accuracy"]
        0.5
        """
        import pandas as pd  # takes a while, which a training by itself does not need

        rows = [
            (
                each.epoch,
                *(number for part in (each.train, each.validation) for number in _numbers(part)),
                each.shots,
            )
            for each in self.history
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)

    def plot(self, quantity: str | None = None, ax: "Axes | None" = None) -> "Axes":
        """Draw the accuracy or the loss of both splits over the epochs; the best one is marked.

        Args:
            quantity: ``"accuracy"`` or ``"loss"``; the accuracy where there are classes when
                absent.
            ax: where to draw; a new figure when absent. Nothing is stored, and nothing shown but
                by a notebook.

        Returns:
            what was drawn on; ``plot().figure`` is the figure, such as for its ``savefig``.

        Raises:
            InvalidInput: for another quantity, an accuracy where there are no classes, or no axes.
        """
        best = self.best.epoch if self.history else None
        return plot_curves(self.frame(), quantity, best, ax)

    def _overview(self) -> Overview:
        frame = self.frame()
        left_out = ["epoch"]
        if not any(each.shots for each in self.history):
            left_out.append("shots")
        if all(each.validation.accuracy is None for each in self.history):
            left_out += ["train_accuracy", "validation_accuracy"]
        told = frame.drop(columns=left_out)
        columns = {name.replace("_", " "): told[name].tolist() for name in told}
        return Overview((self._summary(),), columns, frame["epoch"].tolist(), "epoch")

    def _summary(self) -> str:
        count = len(self.history)
        text = f"{type(self).__name__}: {count} epoch{'' if count == 1 else 's'}"
        if count:
            name = "loss" if self.last.validation.accuracy is None else "accuracy"
            last, best = (
                in_short(getattr(record.validation, name)) for record in (self.last, self.best)
            )
            text += f", validation {name} {last} at the end, {best} at best "
            text += f"(epoch {self.best.epoch})"
        return text


def _numbers(found: Evaluation) -> tuple[float, float]:
    return found.loss, nan if found.accuracy is None else found.accuracy


def merit(record: EpochRecord) -> float:
    """The larger, the better: the validation accuracy, or minus the loss without classes."""
    found = record.validation
    return -found.loss if found.accuracy is None else found.accuracy
