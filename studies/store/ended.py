"""The trials of one of Optuna's studies that are done, as they come to their end."""

import optuna
from optuna.trial import FrozenTrial

from studies.store.codec import is_finished, is_open, retried_of


class Ended:
    """The trials that are done, handed out until they are taken; those before are not looked at.

    Args:
        study: whose trials these are.
    """

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        self._first = 0
        self._taken: set[int] = set()

    def new(self) -> list[FrozenTrial]:
        """Those that ended with a row, are not to be done again and were not taken."""
        trials = self._study.get_trials(deepcopy=False)[self._first :]
        if not trials:
            return []
        retried = retried_of(self._study)
        found = []
        for trial in trials:
            number = trial.number
            if number in self._taken or is_open(trial):
                continue
            if is_finished(trial) and number not in retried:
                found.append(trial)
            else:  # what ends without a row never gets one
                self._taken.add(number)
        return found

    def take(self, trials: list[FrozenTrial]) -> None:
        """Do not hand out these again."""
        self._taken.update(trial.number for trial in trials)
        while self._first in self._taken:
            self._taken.remove(self._first)
            self._first += 1
