"""Roles of runs, how they ended, and for which preset."""

import pandas as pd

#: The runs of a search or of a tuning see no test images; final ones have fresh seeds.
SEARCH, FINAL = "search", "final"
COMPLETE, DIVERGED, FAILED = "complete", "diverged", "failed"
#: The preset whose runs are published.
FULL = "full"


def completed(rows: pd.DataFrame, role: str) -> pd.DataFrame:
    """The runs of a role that ended well, neither diverged nor failed."""
    return rows[(rows["role"] == role) & (rows["status"] == COMPLETE)]
