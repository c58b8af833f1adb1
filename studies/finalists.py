"""Which searched configurations get fresh seeds."""

import numpy as np
import pandas as pd

from studies.configuration import Configuration, configuration_from_axes
from studies.statistics import non_dominated


def non_dominated_configurations(rows: pd.DataFrame, count: int) -> list[Configuration]:
    """At most ``count`` non-dominated ones in validation accuracy and trainable parameters.

    Where there are more, they are taken evenly along the line, its ends included.
    """
    complete = rows[rows["status"] == "complete"]
    kept = complete[non_dominated(complete["val_accuracy"], complete["trainable_parameters"])]
    kept = kept.sort_values("trainable_parameters")
    # From the accurate end, so that a single finalist is the most accurate one.
    positions = np.linspace(len(kept) - 1, 0, min(count, len(kept))).round().astype(int)
    records = kept.iloc[sorted(set(positions))].to_dict("records")
    return [configuration_from_axes({str(k): v for k, v in record.items()}) for record in records]
