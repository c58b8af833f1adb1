"""Where trials are kept: a journal beside the results, or PostgreSQL for several machines.

What differs between the two is a :class:`Store`; ``studies.store.journal`` and
``studies.store.postgresql`` each hold one, and nothing else knows which it uses.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial, update_wrapper
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeVar

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial

T = TypeVar("T")
P = ParamSpec("P")
Direction = Literal["maximize", "minimize"]


class Store(ABC):
    """A storage of trials, and how those who share it stay out of each other's way.

    Attributes:
        storage: Optuna's view of it.
        sees_deaths_at_once: whether a worker that was killed a moment ago is known to be gone.
    """

    storage: BaseStorage
    sees_deaths_at_once: bool

    def open_study(
        self, name: str, sampler: optuna.samplers.BaseSampler, directions: Sequence[Direction]
    ) -> optuna.Study:
        """Optuna's study of a name, made where there is none."""
        return self.patiently(
            lambda: optuna.create_study(
                study_name=name,
                storage=self.storage,
                sampler=sampler,
                pruner=optuna.pruners.NopPruner(),
                directions=directions,
                load_if_exists=True,
            )
        )

    @abstractmethod
    def setup_lock(self) -> AbstractContextManager[object]:
        """Held by the one who enqueues; free again when the holder dies."""

    @abstractmethod
    def held(self, study: optuna.Study, trial: optuna.Trial) -> AbstractContextManager[object]:
        """Surrounds the run of a claimed trial: the others see that its worker lives."""

    @abstractmethod
    def fail_abandoned(self, study: optuna.Study) -> list[FrozenTrial]:
        """End the running trials whose worker is gone; returns them."""

    @abstractmethod
    def sweep(self) -> None:
        """Remove what workers that are gone have left beside the trials."""

    @abstractmethod
    def patiently(self, operation: Callable[[], T]) -> T:
        """Result of an operation that can be repeated, once the storage answers."""

    @abstractmethod
    def close(self) -> None:
        """End what is open; nothing is asked of the store afterwards."""


class Stored(Protocol):
    """What has its trials in a store."""

    @property
    def store(self) -> Store:
        """Where they are kept."""


S = TypeVar("S", bound=Stored)


def patient(operation: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """An operation on what is stored: repeated as a whole until the storage answers.

    As a whole, because what it goes by and the lock that it holds are gone with a connection.
    """

    def until_answered(stored: S, /, *arguments: P.args, **named: P.kwargs) -> T:
        return stored.store.patiently(partial(operation, stored, *arguments, **named))

    update_wrapper(until_answered, operation)
    return until_answered
