"""Which configurations get fresh seeds: the finalists of a search, the best candidate of an arm."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from studies.design.arguments import SEEDS
from studies.design.arms import FINALIST, Arm
from studies.design.configuration import Configuration, configuration_from_axes
from studies.design.roles import SEARCH
from studies.design.statistics import non_dominated
from studies.design.study import Cell, Options, fresh_seeds


def non_dominated_configurations(
    rows: pd.DataFrame, options: Options
) -> list[tuple[Arm, Configuration]]:
    """At most as many finalists as asked for, non-dominated in validation accuracy and parameters.

    Where there are more, they are taken evenly along the line, its ends included.
    """
    complete = rows[rows["status"] == "complete"]
    kept = complete[non_dominated(complete["val_accuracy"], complete["trainable_parameters"])]
    kept = kept.sort_values("trainable_parameters")
    # From the accurate end, so that a single finalist is the most accurate one.
    count = min(options.amount.finalists, len(kept))
    positions = np.linspace(len(kept) - 1, 0, count).round().astype(int)
    records = kept.iloc[sorted(set(positions))].to_dict("records")
    return [(FINALIST, configuration_of(record)) for record in records]


def best_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by their validation accuracy after the last epoch, those that diverged at the end.

    600 images leave many equally accurate; of these the lowest validation loss comes first.
    """
    found = _validation(rows)
    return rows.iloc[np.lexsort((found["loss"], -found["accuracy"]))]


def _validation(rows: pd.DataFrame) -> pd.DataFrame:
    """Accuracy and loss after the last epoch, −1 and ∞ of a run that diverged."""
    loss = pd.to_numeric(rows["val_loss_by_epoch"].str.split().str[-1])
    accuracy = rows["val_accuracy"].fillna(-1.0)
    return pd.DataFrame({"accuracy": accuracy, "loss": loss.fillna(np.inf)})


def configuration_of(row: Mapping[Hashable, Any]) -> Configuration:
    """The configuration of a stored row."""
    return configuration_from_axes({str(name): value for name, value in row.items()})


#: Configurations to choose from, by the arm.
Candidates = Mapping[Arm, Sequence[Configuration]]


def tuning_seeds(options: Options) -> list[int]:
    """Seeds under which candidates are tried, never fresh ones: the search's own, then others.

    The others follow all seeds that any command can ask for as fresh ones.
    """
    last = options.scope.seed + 2 * SEEDS.most
    return [options.scope.seed, *range(last + 1, last + options.amount.tuning_seeds)]


def candidate_cells(candidates: Candidates, options: Options) -> list[Cell]:
    """Every candidate under each of the tuning seeds; these runs see no test images."""
    return [
        Cell(configuration, seed, arm, SEARCH)
        for arm, configurations in candidates.items()
        for configuration in configurations
        for seed in tuning_seeds(options)
    ]


def chosen_cells(candidates: Candidates, rows: pd.DataFrame, options: Options) -> list[Cell]:
    """The best candidate of every arm under the fresh seeds.

    The best has the highest mean accuracy on the validation images over the tuning seeds, and of
    equal ones the lowest mean loss.

    Args:
        candidates: the arms.
        rows: rows of a study in which every candidate has its runs.
        options: every choice of the command.
    """
    tried = rows[(rows["role"] == SEARCH) & rows["seed"].isin(tuning_seeds(options))]
    means = _validation(tried).groupby(tried["configuration"], sort=False).mean()
    order = means.index[np.lexsort((means["loss"], -means["accuracy"]))]
    place = {digest: n for n, digest in enumerate(order)}
    return [
        Cell(best, seed, arm)
        for arm, configurations in candidates.items()
        for best in [min(configurations, key=lambda c: place[c.digest()])]
        for seed in fresh_seeds(options, options.amount.seeds)
    ]
