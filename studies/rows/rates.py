"""How long runs take, from the rows of those that were done."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from studies.design.arms import Arm
from studies.design.roles import COMPLETE


@dataclass(frozen=True)
class Rates:
    """Seconds for each epoch of a run.

    Attributes:
        by_arm: of the arms that have rows.
        others: of all other arms.
        measured: whether these are seconds; an epoch of any run counts as one otherwise, so that
            no more is known than how runs compare.
    """

    by_arm: Mapping[Arm, float]
    others: float
    measured: bool = True

    def of(self, arm: Arm, epochs: int) -> float:
        """What a run takes."""
        return epochs * self.by_arm.get(arm, self.others)


#: Where there are no rows.
UNMEASURED = Rates({}, 1.0, measured=False)


def rates_of(rows: pd.DataFrame, factor: float = 1.0) -> Rates:
    """What the runs of some rows have taken.

    Args:
        rows: of one dataset.
        factor: how many times as long other runs take, as by their number of images.
    """
    timed = rows[(rows["status"] == COMPLETE) & rows["seconds"].notna()]
    if timed["seconds"].sum() == 0:
        return UNMEASURED
    sums = timed.groupby(["setting", "arm"])[["seconds", "epochs"]].sum().reset_index()
    return Rates(
        {
            Arm(row["setting"], row["arm"]): factor * row["seconds"] / row["epochs"]
            for row in sums.to_dict("records")
        },
        factor * float(timed["seconds"].sum() / timed["epochs"].sum()),
    )
