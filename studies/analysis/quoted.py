"""Figures of the literature, marked as quoted wherever they are shown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from studies.design.arms import at_bond_dimension


@dataclass(frozen=True)
class QuotedRow:
    """A figure of the literature, in percent with its standard deviation.

    Attributes:
        model: what it is of.
        trainable_parameters: as counted there.
        accuracy, deviation: of the 600 validation images.
        bond_dimension: of its matrix product state; None for models without one.
        training, training_deviation: accuracy on the training images; None where none is given.
        generalisation, generalisation_deviation: loss on the 600 images minus that on the training
            images; None where none is given.
    """

    model: str
    trainable_parameters: int
    accuracy: float
    deviation: float
    bond_dimension: int | None = None
    training: float | None = None
    training_deviation: float | None = None
    generalisation: float | None = None
    generalisation_deviation: float | None = None


#: Test accuracies of arXiv:2505.08474, on the 600 validation images of the Perceval Quest subset.
QUOTED = (
    QuotedRow("paper, classical CNN", 6690, 96.890, 0.31, None, 99.983, 0.02, 0.169, 0.005),
    *(
        QuotedRow(f"paper, MPS χ = {chi}", parameters, accuracy, deviation, chi, *others)
        for chi, parameters, accuracy, deviation, *others in (
            (1, 223, 55.775, 3.27, 58.256, 2.34, 0.022, 0.007),
            (2, 316, 81.375, 2.28, 83.340, 2.77, 0.046, 0.032),
            (3, 471, 87.057, 2.66, 88.693, 1.67, 0.036, 0.016),
            (4, 688, 93.292, 0.62, 93.916, 0.45, 0.068, 0.002),
            (5, 967, 93.042, 0.77, 95.450, 0.39, 0.095, 0.010),
            (6, 1308, 94.917, 0.60, 96.953, 0.02, 0.114, 0.013),
            (7, 1711, 94.957, 0.82, 97.773, 0.22, 0.132, 0.031),
            (8, 2176, 94.707, 0.40, 97.866, 0.78, 0.140, 0.007),
            (9, 2703, 94.835, 0.40, 98.373, 0.12, 0.162, 0.021),
            (10, 3292, 95.502, 0.84, 98.990, 0.34, 0.255, 0.053),
        )
    ),
    QuotedRow("paper, weight sharing", 4770, 88.666, 1.21),
    QuotedRow("paper, pruning", 3770, 94.443, 0.92),
)
#: The target of all these, trained directly.
QUOTED_DIRECT = QUOTED[0]
#: With random numbers, redrawn at every pass, in the boson samplers' place; same images.
QUOTED_RANDOM = QuotedRow("paper, random numbers", 3292, 10.0, 0.5)
#: Heading of a column of these figures, in italics as all of them.
QUOTED_COLUMN = "paper (600, quoted)"
#: The datasets of those images: on any other one its figures are no comparison.
QUOTED_DATASETS = ("mnist", "perceval-quest")

#: The paper's statement on brightness, indistinguishability, g2 and transmittance (a fraction).
NOISE_COSTS_AT_MOST = 0.03
NOISE_COSTS = (
    f"The paper reports that noise costs it at most {100 * NOISE_COSTS_AT_MOST:.0f} points "
    "(arXiv:2505.08474, quoted)."
)


def quoted_beside(datasets: Iterable[str], statement: str) -> str:
    """What the paper states, where all runs are on its own images; nothing elsewhere.

    >>> quoted_beside(["mnist"], "It says."), quoted_beside(["fashion-mnist"], "It says.")
    ('It says.', '')
    """
    return statement if set(datasets) <= set(QUOTED_DATASETS) else ""


def beside_quoted(runs: pd.DataFrame) -> Iterator[tuple[QuotedRow, pd.DataFrame]]:
    """The paper's figure at each bond dimension that some runs have, and these."""
    for quoted in QUOTED:
        if quoted.bond_dimension is not None:
            arms = runs[runs["setting"] == at_bond_dimension(quoted.bond_dimension)]
            if not arms.empty:
                yield quoted, arms
