"""Roles of runs, how they ended, and for which preset."""

import pandas as pd

#: The runs of a search or of a tuning see no test images; final ones have fresh seeds.
SEARCH, FINAL = "search", "final"
COMPLETE, DIVERGED, FAILED = "complete", "diverged", "failed"
#: The preset whose runs are published.
FULL = "full"
#: Twice chance: ten classes guessed are right in a tenth of the cases.
NEAR_CHANCE = 0.2


def completed(rows: pd.DataFrame, role: str) -> pd.DataFrame:
    """The runs of a role that ended well, neither diverged nor failed."""
    return rows[(rows["role"] == role) & (rows["status"] == COMPLETE)]


def only_evaluated(rows: pd.DataFrame) -> pd.Series:
    """Which runs took the model of another run, to evaluate it under noise."""
    return rows["evaluated_under"] != ""


def has_trained(rows: pd.DataFrame) -> pd.Series:
    """Which final runs learned something: they ended well, and at twice chance or above it.

    One that diverged or failed has no accuracy, and did not. One that is only evaluated under
    noise has not trained itself, and may lose everything to the noise: it counts here as long as
    it has an accuracy.
    """
    learned = rows["test_accuracy"].astype(float) >= NEAR_CHANCE
    return (rows["status"] == COMPLETE) & (learned | only_evaluated(rows))
