"""Seeds that do not train: crosses beside points, counted, and no part of a mean of others."""

import pandas as pd

from studies.design.roles import has_trained
from studies.design.statistics import Interval, mean_interval

#: What is said of a run beside its numbers and in legends.
RUN, FAILED_RUN, MEAN = "run", "run that does not train", "mean"


def of_trained(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that train; all where none does."""
    trains = has_trained(runs)
    return runs[trains] if trains.any() else runs


def trained_mean(runs: pd.DataFrame) -> Interval:
    """The mean test accuracy of the runs that train, of all where none does."""
    return mean_interval(of_trained(runs)["test_accuracy"])


def kinds_of(runs: pd.DataFrame) -> pd.Series:
    """For each run whether it is one that trains, in words."""
    return has_trained(runs).map({True: RUN, False: FAILED_RUN})


def failures_text(runs: pd.DataFrame) -> str:
    """How many of the runs do not train, in words; nothing where all do."""
    failed = (~has_trained(runs)).sum()
    return f"{failed} of {len(runs)} fail" if failed else ""
