"""The URL of a storage, and what may be shown of it."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from qcnn import InvalidInput

if TYPE_CHECKING:  # SQLAlchemy takes its time, and a journal needs none
    from sqlalchemy.engine import URL

#: Where a storage may be named without its password appearing among the processes.
VARIABLE = "STUDIES_STORAGE"
_FORM = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"


def url_from_text(text: str) -> "URL":
    """The storage that a text names; whatever shows the result hides its password.

    >>> url_from_text("postgresql://anna:secret@10.0.0.7/studies")
    postgresql://anna:***@10.0.0.7/studies

    Raises:
        InvalidInput: for another form, without repeating what may be a password.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

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


def without_password(text: str, url: "URL | None") -> str:
    """A text with stars in place of the password of ``url``, and of any in a typed URL.

    >>> without_password("--storage=postgresql://anna:secret@10.0.0.7/studies", None)
    '--storage=postgresql://anna:***@10.0.0.7/studies'
    """
    if url is not None and url.password:
        secret = str(url.password)
        for written in (quote(secret, safe=""), secret):
            text = text.replace(written, "***")
    return re.sub(r"(?<=://)([^:/@\s]*):\S*@", r"\1:***@", text)


class StorageUrl(click.ParamType):
    """Where trials are kept, as a URL that hides its password wherever it is shown."""

    name = "url"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "URL":
        return url_from_text(value) if isinstance(value, str) else value
