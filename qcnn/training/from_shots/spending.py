"""What is done with a number of shots, as a text that names the way and the numbers."""

from dataclasses import dataclass

from qcnn.checks import MOST_SHOTS, whole_number
from qcnn.specification import format_choice, parse_choice
from qcnn.training.from_shots.config import FromShotsConfig

_KIND = "optimiser"


@dataclass(frozen=True)
class Spending:
    """How many shots a training has, and how many go into a reading.

    Attributes:
        shots: of all PQCNNs in the whole training.
        evaluation_shots: of each for a reading.

    Raises:
        InvalidInput: for a value out of range.
    """

    shots: int = 10**9
    evaluation_shots: int = 10**5

    def __post_init__(self) -> None:
        for name in ("shots", "evaluation_shots"):
            whole_number(getattr(self, name), name, 1, MOST_SHOTS)


@dataclass(frozen=True)
class ParameterShift(Spending):
    """On gradients of the distributions by the photonic parameter-shift rule."""


@dataclass(frozen=True)
class Spsa(Spending):
    """On losses at two places, by simultaneous perturbation.

    Attributes:
        perturbation: how far each phase is moved to either side, radians.
    """

    perturbation: float = FromShotsConfig.perturbation


@dataclass(frozen=True)
class Cobyla(Spending):
    """On losses where COBYLA asks for them."""


_SPENDINGS: dict[str, type[Spending]] = {
    "parameter-shift": ParameterShift,
    "spsa": Spsa,
    "cobyla": Cobyla,
}


def spending_from_text(text: str) -> Spending:
    """What a text stands for, the way's name with the options of :class:`qcnn.FromShotsConfig`.

    Raises:
        InvalidInput: for an unknown way, an unknown option or a value that is not allowed.

    >>> spending_from_text("spsa:shots=100000,evaluation_shots=100")
    Spsa(shots=100000, evaluation_shots=100, perturbation=0.01)
    """
    return parse_choice(text, _KIND, _SPENDINGS)


def spending_to_text(spending: Spending) -> str:
    """The text that :func:`spending_from_text` turns back into it.

    Raises:
        InvalidInput: for another object.

    >>> spending_to_text(ParameterShift(shots=10**8))
    'parameter-shift:shots=100000000'
    """
    return format_choice(spending, _KIND, _SPENDINGS)


def way_of(text: str) -> str:
    """The name of the way, without its options.

    >>> way_of("parameter-shift:shots=100000000")
    'parameter-shift'
    """
    return text.partition(":")[0]
