"""What the rows of a study amount to, computed once and read by every page."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from studies.analysis.contrasts import Result, evaluate_contrasts
from studies.analysis.summaries import summarise
from studies.design.arms import Arm, is_arm, labels
from studies.design.roles import FINAL
from studies.design.study import Study
from studies.store.rows import completed


@dataclass(frozen=True, eq=False)
class StudyResults:
    """A study and its rows, of several datasets or of one.

    Attributes:
        study: the study.
        rows: its rows, in an order that no accident decides.
    """

    study: Study
    rows: pd.DataFrame

    @cached_property
    def by_dataset(self) -> "dict[str, StudyResults]":
        """The results on each dataset, by its name, in the order of the names."""
        parts = self.rows.groupby("dataset", sort=True)
        return {str(name): StudyResults(self.study, part) for name, part in parts}

    @cached_property
    def final(self) -> pd.DataFrame:
        """The runs with fresh seeds that ended well."""
        return completed(self.rows, FINAL)

    @cached_property
    def longest(self) -> pd.DataFrame:
        """Of ``final``, the runs of each arm's longest training."""
        epochs = self.final["epochs"]
        return self.final[epochs == epochs.groupby(labels(self.final)).transform("max")]

    @cached_property
    def contrasts(self) -> tuple[Result, ...]:
        """The declared contrasts whose arms have paired runs, in the declared order."""
        return tuple(evaluate_contrasts(self.rows, self.study.contrasts))

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One line for each configuration and role (:func:`summarise`)."""
        return summarise(self.rows)

    def runs_of(self, arm: Arm) -> pd.DataFrame:
        """Of ``final``, the runs of an arm."""
        return self.final[is_arm(self.final, arm)]
