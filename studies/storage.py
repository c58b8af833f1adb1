"""Where trials are kept: a journal beside the results, or PostgreSQL for several machines.

What differs between the two is a :class:`Store`; ``studies.journal`` and
``studies.postgresql`` each hold one, and nothing else knows which it uses.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from qcnn import InvalidInput

T = TypeVar("T")
#: Where a storage may be named without its password appearing among the processes.
VARIABLE = "STUDIES_STORAGE"
_FORM = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"


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


def open_store(folder: Path, url: URL | None) -> Store:
    """The store of a command: PostgreSQL at ``url``, else the journal in ``folder``.

    Raises:
        InvalidInput: if a server does not answer or does not let the user in.
    """
    if url is None:
        from studies.journal import JournalStore

        return JournalStore(folder)
    from studies.postgresql import open_postgresql

    return open_postgresql(url)


def join_store(folder: Path, url: URL | None) -> Store:
    """As :func:`open_store` for a worker, whose command has used the store already."""
    if url is None:
        return open_store(folder, url)
    from studies.postgresql import join_postgresql

    return join_postgresql(url)


def url_from_text(text: str) -> URL:
    """The storage that a text names; whatever shows the result hides its password.

    >>> url_from_text("postgresql://anna:secret@10.0.0.7/studies")
    postgresql://anna:***@10.0.0.7/studies

    Raises:
        InvalidInput: for another form, without repeating what may be a password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise InvalidInput(f"storage is not a URL; allowed is {_FORM}") from None
    if url.drivername not in ("postgresql", "postgresql+psycopg"):
        reason = " (workers cannot share SQLite)" if "sqlite" in url.drivername else ""
        raise InvalidInput(f"storage is {url.drivername}://…{reason}; allowed is {_FORM}")
    if any("password" in name for name in url.query):
        raise InvalidInput(f"storage has a password among its options; allowed is {_FORM}")
    return url


def without_password(text: str, url: URL | None) -> str:
    """A text with stars in place of the password of ``url``, and of any in a typed URL.

    >>> without_password("--storage=postgresql://anna:secret@10.0.0.7/studies", None)
    '--storage=postgresql://anna:***@10.0.0.7/studies'
    """
    if url is not None and url.password:
        secret = str(url.password)
        for written in (quote(secret, safe=""), secret):
            text = text.replace(written, "***")
    return re.sub(r"(?<=://)([^:/@\s]*):\S*@", r"\1:***@", text)
