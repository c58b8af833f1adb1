"""Arms whose configuration is chosen among a few on the validation images."""

from collections.abc import Mapping, Sequence

import pandas as pd

from studies.arms import Arm
from studies.configuration import Configuration
from studies.finalists import best_first
from studies.roles import SEARCH
from studies.study import Cell, Options, fresh_seeds

#: Configurations to choose from, by the arm.
Candidates = Mapping[Arm, Sequence[Configuration]]


def candidate_cells(candidates: Candidates, options: Options) -> list[Cell]:
    """Every candidate once, under the seed of the search; these runs see no test images."""
    return [
        Cell(configuration, options.seed, arm, SEARCH)
        for arm, configurations in candidates.items()
        for configuration in configurations
    ]


def chosen_cells(candidates: Candidates, rows: pd.DataFrame, options: Options) -> list[Cell]:
    """The best candidate of every arm under the fresh seeds.

    The best is the first by validation (:func:`studies.finalists.best_first`).

    Args:
        candidates: the arms.
        rows: rows of a study in which every candidate has its run.
        options: every choice of the command.
    """
    tried = rows[(rows["role"] == SEARCH) & (rows["seed"] == options.seed)]
    place = {digest: n for n, digest in enumerate(best_first(tried)["configuration"])}
    return [
        Cell(best, seed, arm)
        for arm, configurations in candidates.items()
        for best in [min(configurations, key=lambda c: place[c.digest()])]
        for seed in fresh_seeds(options, options.seeds)
    ]
