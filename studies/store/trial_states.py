"""What becomes of trials: waiting, running, done, lost, to be done again."""

from typing import TYPE_CHECKING, TypeVar

import optuna
from optuna.trial import FrozenTrial, TrialState

from qcnn import InvalidInput
from studies.design.configuration import shortened

if TYPE_CHECKING:
    from studies.design.study import RunKey

#: Names of a trial's attributes.
SEARCHED, CELL, WORKER, ROW = "enqueued", "cell", "worker", "row"
#: What a trial of a search has drawn, as a cell.
DRAWN = "drawn"
#: Attribute of Optuna's study: numbers of its failed trials that are run again.
RETRIED = "retried"
_OPEN = (TrialState.WAITING, TrialState.RUNNING)
T = TypeVar("T")


def is_open(trial: FrozenTrial) -> bool:
    """Whether a trial waits or runs."""
    return trial.state in _OPEN


def is_finished(trial: FrozenTrial) -> bool:
    """Whether a trial ended with a row, whatever its status."""
    return ROW in trial.user_attrs and not is_open(trial)


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that are done, and not to be done again."""
    return [trial for trial in counting(study) if not is_open(trial)]


def counting(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that are done, run or wait, those that are to be done again left out."""
    retried = retried_of(study)
    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if is_open(trial) or (is_finished(trial) and trial.number not in retried)
    ]


def opened(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that run or wait."""
    return study.get_trials(deepcopy=False, states=_OPEN)


def retried_of(study: optuna.Study) -> set[int]:
    """Numbers of the failed trials that are run again."""
    return set(attribute(study, RETRIED, list))


def lost_name(key: "RunKey") -> str:
    """The attribute of Optuna's study of cells that holds what workers a run has cost.

    A run to choose by and a final one of the same configuration and seed are counted together.
    """
    return f"lost {key.configuration} {key.seed}"


def attribute(study: optuna.Study, name: str, kind: type[T]) -> T:
    """What Optuna's study carries under a name, else an empty one.

    Raises:
        InvalidInput: if it is of another kind, or not of whole numbers or texts, as no study
            writes it.
    """
    found = study.user_attrs.get(name, kind())
    values = found.values() if isinstance(found, dict) else found
    if not isinstance(found, kind) or any(type(each) not in (int, str) for each in values):
        raise InvalidInput(
            f"{name!r} in the storage of trials is {shortened(found)}; allowed is what a study "
            "writes"
        )
    return found


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
