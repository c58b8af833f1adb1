"""What is done of the trials, wherever: copied into ``runs.csv``, and counted.

Every command and worker copies the rows of finished trials into the ``runs.csv`` of its own
results folder.
"""

import pandas as pd
from optuna.trial import TrialState

from studies.design.roles import FAILED
from studies.runs.trials import Trials
from studies.store.codec import finished, row_of_trial
from studies.store.schema import COLUMNS
from studies.store.storage import patient


@patient
def take_rows(trials: Trials) -> None:
    """Copy the rows of trials that were finished anywhere into ``runs.csv``."""
    new = [ended.new() for ended in trials.uncopied]
    rows = [row_of_trial(trial) for found in new for trial in found]
    if rows:
        trials.runs.add(sorted(rows, key=lambda row: row["status"] == FAILED))
    for ended, found in zip(trials.uncopied, new, strict=True):
        ended.take(found)


@patient
def search_rows(trials: Trials) -> pd.DataFrame:
    """Rows of this search, from its trials: the same on every machine."""
    rows = list(map(row_of_trial, finished(trials.search)))
    return pd.DataFrame(rows, columns=list(COLUMNS)).drop_duplicates("configuration")


@patient
def search_state(trials: Trials) -> tuple[int, float | None]:
    """How many trials of the search are done, and the best validation accuracy so far."""
    done = finished(trials.search)
    rows = [row_of_trial(trial) for trial in done if trial.state == TrialState.COMPLETE]
    return len(done), max((row["val_accuracy"] for row in rows), default=None)
