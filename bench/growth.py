"""How the time of a pass grows with the number of outcomes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Growth:
    """time = factor·outcomes^exponent, fitted to the logarithms by least squares.

    Attributes:
        engine, space: of which measurements.
        exponent, factor: of the law; seconds.
        sizes: how many circuits it was fitted to.
        fewest, most: their numbers of outcomes.
    """

    engine: str
    space: str
    exponent: float
    factor: float
    sizes: int
    fewest: int
    most: int

    def seconds(self, outcomes: NDArray[np.integer]) -> NDArray[np.float64]:
        """The time at a number of outcomes."""
        return self.factor * outcomes.astype(np.float64) ** self.exponent


def fit_growth(rows: pd.DataFrame) -> list[Growth]:
    """A law for each engine and space that were measured at three numbers of outcomes."""
    fits = []
    for (engine, space), part in rows.groupby(["engine", "space"], sort=False):
        if part["outcomes"].nunique() < 3:
            continue
        exponent, logarithm = np.polyfit(np.log(part["outcomes"]), np.log(part["median"]), 1)
        fits.append(
            Growth(
                str(engine),
                str(space),
                float(exponent),
                float(np.exp(logarithm)),
                len(part),
                int(part["outcomes"].min()),
                int(part["outcomes"].max()),
            )
        )
    return fits
