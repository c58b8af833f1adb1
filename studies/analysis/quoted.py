"""Figures of the literature, marked as quoted wherever they are shown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QuotedRow:
    """A figure of the literature, in percent with its standard deviation.

    The bond dimension is that of its matrix product state, None for models without one.
    """

    model: str
    trainable_parameters: int
    accuracy: float
    deviation: float
    bond_dimension: int | None = None


#: Test accuracies of arXiv:2505.08474, on the 600 validation images of the Perceval Quest subset.
QUOTED = (
    QuotedRow("paper, classical CNN", 6690, 96.890, 0.31),
    *(
        QuotedRow(f"paper, MPS χ = {chi}", parameters, accuracy, deviation, chi)
        for chi, parameters, accuracy, deviation in (
            (1, 223, 55.775, 3.27),
            (2, 316, 81.375, 2.28),
            (3, 471, 87.057, 2.66),
            (4, 688, 93.292, 0.62),
            (5, 967, 93.042, 0.77),
            (6, 1308, 94.917, 0.60),
            (7, 1711, 94.957, 0.82),
            (8, 2176, 94.707, 0.40),
            (9, 2703, 94.835, 0.40),
            (10, 3292, 95.502, 0.84),
        )
    ),
    QuotedRow("paper, weight sharing", 4770, 88.666, 1.21),
    QuotedRow("paper, pruning", 3770, 94.443, 0.92),
)
#: With random numbers, redrawn at every pass, in the boson samplers' place; same images.
QUOTED_RANDOM = QuotedRow("paper, random numbers", 3292, 10.0, 0.5)
#: Heading of a column of these figures, in italics as all of them.
QUOTED_COLUMN = "paper (600, quoted)"
QUOTED_DATASETS = ("mnist", "perceval-quest")

#: The paper's statement on brightness, indistinguishability, g2 and transmittance (a fraction).
NOISE_COSTS_AT_MOST = 0.03
NOISE_COSTS = (
    f"The paper reports that noise costs it at most {100 * NOISE_COSTS_AT_MOST:.0f} points "
    "(arXiv:2505.08474, quoted)."
)
