"""How a model is trained from a number of shots."""

from dataclasses import dataclass

from qcnn.checks import (
    LARGEST_COUNT,
    MOST_SHOTS,
    check_choice,
    check_types,
    number_between,
    shown,
    whole_number,
)
from qcnn.errors import InvalidInput
from qcnn.seeds import check_seed
from qcnn.training.config import LARGEST_RATE, SCHEDULES

#: What gets along with shots alone, and how many readings of every PQCNN a step of each needs.
READINGS = {"parameter-shift": 2, "spsa": 2, "cobyla": 1}
WAYS = tuple(READINGS)
#: Radians; COBYLA ends at a trust region below it, and begins anew on other examples.
LAST_RADIUS = 1e-4
#: Radians; phases return after 2π.
_LARGEST_TURN = 1e3


@dataclass(frozen=True)
class FromShotsConfig:
    """How a model is trained from a number of shots, which is what ends the training.

    A step of the parameter-shift rule reads each PQCNN's distribution, for the loss, and fires as
    many shots again for its gradient. A step of SPSA reads it at two places, an evaluation of
    COBYLA at one.

    Attributes:
        way: ``"parameter-shift"``: Adam, with the gradients of the distributions from shots and all
            behind them by the chain rule; ``"spsa"``: Adam, with the slope of the loss along a
            random direction of ±1 for all phases at once (Spall, IEEE Trans. Autom. Control 37, 332
            (1992)); ``"cobyla"``: COBYLA, with the mapping's parameters among its variables.
        shots: how often the sources of all PQCNNs may fire in the whole training.
        evaluation_shots: how often each fires for a reading.
        epochs: equal parts of the training; there is a record after each.
        batch_size: examples in a step; with COBYLA in its loss, the same until it ends.
        learning_rate: Adam's, the highest one where a schedule changes it; COBYLA's initial
            trust-region radius, radians.
        perturbation: how far SPSA moves each phase to either side, radians. Where the loss is not
            linear so far in all phases at once, the slope says nothing of the gradient; the smaller
            it is, the more noise the slope has.
        schedule: as of :class:`qcnn.TrainConfig`, but for ``"plateau"``; none with COBYLA.
        gradient_clip: as of :class:`qcnn.TrainConfig`; none with COBYLA.
        seed: fixes the order of the data, the shots, SPSA's directions and the target's own
            randomness.

    Raises:
        InvalidInput: for a value out of range.
    """

    way: str
    shots: int
    evaluation_shots: int
    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 0.01
    perturbation: float = 0.01
    schedule: str = "none"
    gradient_clip: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_types(self)
        check_choice(self.way, "way", WAYS)
        for name in ("shots", "evaluation_shots"):
            whole_number(getattr(self, name), name, 1, MOST_SHOTS)
        for name in ("epochs", "batch_size"):
            whole_number(getattr(self, name), name, 1, LARGEST_COUNT)
        number_between(self.learning_rate, "learning_rate", 0, LARGEST_RATE)
        number_between(self.perturbation, "perturbation", 0, _LARGEST_TURN)
        if self.gradient_clip is not None:
            number_between(self.gradient_clip, "gradient_clip", 0, LARGEST_RATE)
        check_choice(self.schedule, "schedule", SCHEDULES[:3])
        if self.way == "cobyla":
            number_between(self.learning_rate, "learning_rate", LAST_RADIUS, _LARGEST_TURN)
        if self.way == "cobyla" and (self.schedule != "none" or self.gradient_clip is not None):
            raise InvalidInput(
                f"schedule is {shown(self.schedule)} and gradient_clip {shown(self.gradient_clip)} "
                "with way 'cobyla'; allowed there are 'none' and None"
            )

    def steps(self, pqcnns: int) -> int:
        """How many steps, or evaluations of COBYLA, the shots suffice for.

        Args:
            pqcnns: how many PQCNNs are read.

        Raises:
            InvalidInput: if there are fewer than epochs.

        >>> FromShotsConfig("spsa", shots=10_000, evaluation_shots=100).steps(2)
        25
        """
        each = READINGS[self.way] * pqcnns * self.evaluation_shots
        if self.shots < self.epochs * each:
            raise InvalidInput(
                f"shots is {shown(self.shots)}; allowed for {self.epochs} epochs of steps with "
                f"{each} are whole numbers from {self.epochs * each}"
            )
        return self.shots // each
