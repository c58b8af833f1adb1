"""Where trials are kept: a journal beside the results, or PostgreSQL for several machines.

What differs between the two is a :class:`Store`; ``studies.store.journal`` and
``studies.store.postgresql`` each hold one, and nothing else knows which it uses.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial

T = TypeVar("T")


class Store(ABC):
    """A storage of trials, and how those who share it stay out of each other's way.

    Attributes:
        storage: Optuna's view of it.
        sees_deaths_at_once: whether a worker that was killed a moment ago is known to be gone.
    """

    storage: BaseStorage
    sees_deaths_at_once: bool

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
