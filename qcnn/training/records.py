"""What a training records."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Evaluation:
    """Mean loss and accuracy over a split.

    Attributes:
        loss: its mean.
        accuracy: a fraction; None where there are no classes.
    """

    loss: float
    accuracy: float | None


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


@dataclass(frozen=True, eq=False)
class TrainResult:
    """What training leaves behind, beside the model, which holds the last epoch's state.

    Attributes:
        history: a record for each epoch.
        best: the record with the highest validation accuracy, the earliest of them; with the
            lowest validation loss where there are no classes.
        best_weights: the network's weights at that epoch; never part of what is reported.
        seconds_before: what earlier processes spent on a run that was resumed.
    """

    history: tuple[EpochRecord, ...]
    best: EpochRecord
    best_weights: dict[str, Tensor]
    seconds_before: float = 0.0

    @property
    def last(self) -> EpochRecord:
        """The last epoch's record, which is what is reported."""
        return self.history[-1]


def merit(record: EpochRecord) -> float:
    """The larger, the better: the validation accuracy, or minus the loss without classes."""
    found = record.validation
    return -found.loss if found.accuracy is None else found.accuracy
