"""What is done of the trials, wherever: copied into ``runs.csv``, and counted.

Every command and worker copies the rows of finished trials into the ``runs.csv`` of its own
results folder.
"""

from dataclasses import dataclass

import pandas as pd
from optuna.trial import TrialState

from studies.design.roles import FAILED
from studies.rows.runs_file import RunsFile
from studies.rows.schema import COLUMNS
from studies.runs.trials import Trials
from studies.store.codec import row_of_trial
from studies.store.storage import Store, patient
from studies.store.trial_states import Ended, finished


@dataclass(frozen=True)
class Done:
    """What is done of some trials, as it becomes more.

    Attributes:
        trials: these.
        runs: the results file.
        uncopied: of either of Optuna's studies the trials whose rows may not be in it yet.
    """

    trials: Trials
    runs: RunsFile
    uncopied: tuple[Ended, Ended]

    @property
    def store(self) -> Store:
        """Where the trials are kept."""
        return self.trials.store


def follow(trials: Trials) -> Done:
    """What is done of trials, none of which was looked at yet."""
    return Done(trials, RunsFile(trials.csv), (Ended(trials.search), Ended(trials.cells)))


@patient
def take_rows(done: Done) -> None:
    """Copy the rows of trials that were finished anywhere into ``runs.csv``."""
    new = [ended.new() for ended in done.uncopied]
    # Commands of several presets may share a run, each in a folder of its own.
    preset = {"preset": done.trials.options.amount.preset}
    rows = [row_of_trial(trial) | preset for found in new for trial in found]
    if rows:
        done.runs.add(sorted(rows, key=lambda row: row["status"] == FAILED))
    for ended, found in zip(done.uncopied, new, strict=True):
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
