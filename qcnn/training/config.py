"""How a model is trained."""

from dataclasses import dataclass

from qcnn.checks import LARGEST_COUNT, check_choice, check_types, number_between, whole_number
from qcnn.seeds import check_seed

SCHEDULES = ("none", "cosine", "one-cycle", "plateau")
#: A rate or clip above this is a mistake: Adam moves every parameter by about its rate.
LARGEST_RATE = 1e6


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained.

    Attributes:
        epochs: passes over the training examples.
        batch_size: examples in a step; the last batch of an epoch may be smaller (a single one
            joins the batch before it where the target has batch normalisation).
        learning_rate: rate of every parameter that is no phase; the highest one where
            a schedule changes it. At most 1e6, as the other rate and the clip.
        phase_learning_rate: rate of the phases; the learning rate when absent.
        schedule: ``"none"``, ``"cosine"`` (to 0 over all steps), ``"one-cycle"`` (up for
            30 % of the steps, then down, and the optimiser's momentum, where it has one, the
            other way) or ``"plateau"`` (a tenth after 5 epochs without a lower validation loss).
        gradient_clip: largest norm of the whole gradient; None for no limit.
        seed: fixes the order of the data and the target's own randomness (dropout).

    Raises:
        InvalidInput: for a value out of range.
    """

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 0.03
    phase_learning_rate: float | None = None
    schedule: str = "one-cycle"
    gradient_clip: float | None = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_types(self)
        for name in ("epochs", "batch_size"):
            whole_number(getattr(self, name), name, 1, LARGEST_COUNT)
        for name in ("learning_rate", "phase_learning_rate", "gradient_clip"):
            if getattr(self, name) is not None:
                number_between(getattr(self, name), name, 0, LARGEST_RATE)
        check_choice(self.schedule, "schedule", SCHEDULES)
