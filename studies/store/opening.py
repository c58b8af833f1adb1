"""The store that a command or a worker uses."""

from pathlib import Path
from typing import TYPE_CHECKING

from studies.store.storage import Store

if TYPE_CHECKING:  # SQLAlchemy takes its time, and a journal needs none
    from sqlalchemy.engine import URL


def open_store(folder: Path, url: "URL | None") -> Store:
    """The store of a command: PostgreSQL at ``url``, else the journal in ``folder``.

    Raises:
        InvalidInput: if a server does not answer or does not let the user in.
    """
    if url is None:
        from studies.store.journal import JournalStore

        return JournalStore(folder)
    from studies.store.postgresql import open_postgresql

    return open_postgresql(url)


def join_store(folder: Path, url: "URL | None") -> Store:
    """As :func:`open_store` for a worker, whose command has used the store already."""
    if url is None:
        return open_store(folder, url)
    from studies.store.postgresql import join_postgresql

    return join_postgresql(url)
