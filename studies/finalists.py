"""Which searched configurations get fresh seeds."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from studies.arms import FINALIST, Arm
from studies.configuration import Configuration, configuration_from_axes
from studies.statistics import non_dominated
from studies.study import Options


def non_dominated_configurations(
    rows: pd.DataFrame, options: Options
) -> list[tuple[Arm, Configuration]]:
    """At most ``options.finalists`` non-dominated in validation accuracy and parameters.

    Where there are more, they are taken evenly along the line, its ends included.
    """
    complete = rows[rows["status"] == "complete"]
    kept = complete[non_dominated(complete["val_accuracy"], complete["trainable_parameters"])]
    kept = kept.sort_values("trainable_parameters")
    # From the accurate end, so that a single finalist is the most accurate one.
    positions = np.linspace(len(kept) - 1, 0, min(options.finalists, len(kept))).round().astype(int)
    records = kept.iloc[sorted(set(positions))].to_dict("records")
    return [(FINALIST, configuration_of(record)) for record in records]


def best_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by their validation accuracy after the last epoch, those that diverged at the end.

    600 images leave many equally accurate; of these the lowest validation loss comes first.
    """
    loss = pd.to_numeric(rows["val_loss_by_epoch"].str.split().str[-1])
    order = np.lexsort((loss.fillna(np.inf), -rows["val_accuracy"].fillna(-1.0)))
    return rows.iloc[order]


def configuration_of(row: Mapping[Hashable, Any]) -> Configuration:
    """The configuration of a stored row."""
    return configuration_from_axes({str(name): value for name, value in row.items()})
