"""Trials in a PostgreSQL database, which several machines share."""

import math
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.storages._rdb.models import BaseModel
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Engine, Enum, create_engine, func, inspect, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.types import TypeEngine

from qcnn import InvalidInput
from qcnn.seeds import derive
from studies.store.storage import Store, T

#: A worker says this often that it lives, and is taken for dead after this long a silence.
HEARTBEAT_SECONDS, GRACE_SECONDS = 5, 20
_RETRY_SECONDS = 1.0
#: What a server says that has become a standby, or whose disk is to be saved (SQLSTATE).
_READ_ONLY = "25006"
_SETUP_LOCK = derive(0, "setup of studies")
#: Gives up on a server, and lets the server give up on a machine, after some 20 seconds.
_CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "options": "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
}


class PostgresqlStore(Store):
    """The store of several machines; a worker's heartbeats say that it lives."""

    sees_deaths_at_once = False

    def __init__(self, url: URL) -> None:
        self._url = url
        # Optuna gets an address without the password, which so is in none of its messages.
        self._address = URL.create(
            "postgresql+psycopg",
            username=url.username,
            host=url.host,
            port=url.port,
            database=url.database,
            query=url.query,
        ).render_as_string()
        secret = {"password": url.password} if url.password else {}
        self._engine_options: dict[str, Any] = {
            "pool_pre_ping": True,
            "connect_args": _CONNECTION | secret,
        }
        self._seen: dict[str, set[int]] = {}
        self._looked: dict[str, float] = {}
        self._failed: list[FrozenTrial] = []
        engine = create_engine(self._address, **self._engine_options)
        try:
            with _setup_lock(engine):  # tables that two create at once are an error
                _check_tables(engine, url)
                self.storage: RDBStorage = self._connect()
            if self.storage.get_current_version() != self.storage.get_head_version():
                self.close()
                raise _foreign_table(url, "alembic_version")
        finally:
            engine.dispose()

    def setup_lock(self) -> AbstractContextManager[None]:
        """An advisory lock of the server, which frees it when the connection ends."""
        return _setup_lock(self.storage.engine)

    @contextmanager
    def held(self, study: optuna.Study, trial: optuna.Trial) -> Iterator[None]:
        """Record heartbeats from a thread of its own.

        Optuna's thread would end with the first one that the server does not take.
        """
        trial_id = self.patiently(lambda: self._trial_id(study, trial.number))
        stop = threading.Event()
        beats = threading.Thread(target=self._beat, args=(trial_id, stop), daemon=True)
        beats.start()
        try:
            yield
        finally:
            stop.set()
            beats.join()

    def fail_abandoned(self, study: optuna.Study) -> list[FrozenTrial]:
        """End the running trials whose heartbeat is older than the grace period.

        At first sight a running trial gets a heartbeat from here: one without any, whose
        worker died right after claiming it, would never be found by Optuna. After a while
        without a look (the server was away, or this machine asleep) every trial is seen for
        the first time: a worker that lives has to have had time to record a heartbeat again.
        """
        name, now = study.study_name, time.time()
        if now - self._looked.get(name, -math.inf) > GRACE_SECONDS / 2:
            self._seen[name] = set()
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if trial.number not in self._seen[name]:
                self.storage.record_heartbeat(self._trial_id(study, trial.number))
                self._seen[name].add(trial.number)
        self._failed.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            fail_stale_trials(optuna.load_study(study_name=name, storage=self._watching))
        self._looked[name] = now
        return list(self._failed)

    def sweep(self) -> None:
        """Nothing to do: heartbeats are the server's."""

    def patiently(self, operation: Callable[[], T]) -> T:
        """Repeat an operation until the server answers; says once that it waits.

        Raises:
            InvalidInput: if it answers that it will never do it.
        """
        try:
            return _until_answered(operation, self._forget_connections)
        except (StorageInternalError, SQLAlchemyError) as error:
            raise _unusable(self._url, _reason(error)) from None

    def close(self) -> None:
        """End the connections."""
        for storage in self._storages:
            storage.remove_session()
            storage.engine.dispose()

    @property
    def _storages(self) -> list[RDBStorage]:
        return [self.storage, *([self._watching] if "_watching" in vars(self) else [])]

    def _forget_connections(self) -> None:
        """A connection to a server that has become read-only stays so, whoever leads now."""
        for storage in self._storages:
            storage.engine.dispose()

    @cached_property
    def _watching(self) -> RDBStorage:
        """A storage with heartbeats, for those who watch; Optuna warns of them when asked."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return self._connect(
                heartbeat_interval=HEARTBEAT_SECONDS,
                grace_period=GRACE_SECONDS,
                heartbeat_stale_trial_callback=lambda _, trial: self._failed.append(trial),
            )

    def _connect(self, **options: Any) -> RDBStorage:
        return RDBStorage(
            self._address,
            engine_kwargs=dict(self._engine_options),
            skip_compatibility_check=True,  # here it is checked so that connections are closed
            **options,
        )

    def _trial_id(self, study: optuna.Study, number: int) -> int:
        study_id = self.storage.get_study_id_from_name(study.study_name)
        return self.storage.get_trial_id_from_study_id_trial_number(study_id, number)

    def _beat(self, trial_id: int, stop: threading.Event) -> None:
        while True:
            try:
                self.storage.record_heartbeat(trial_id)
            except (StorageInternalError, SQLAlchemyError):
                self.storage.engine.dispose()
            if stop.wait(HEARTBEAT_SECONDS):
                break
        self.storage.remove_session()


def open_postgresql(url: URL) -> PostgresqlStore:
    """The store of a command.

    Raises:
        InvalidInput: if the server does not answer or does not let the user in.
    """
    try:
        store = PostgresqlStore(url)
        with store.storage.engine.connect() as connection:
            read_only = connection.execute(text("SHOW transaction_read_only")).scalar()
    except ImportError:
        raise InvalidInput(
            f"storage is {url} without the package psycopg; allowed is the installation "
            "photonic-weight-generation[postgresql]"
        ) from None
    except (StorageInternalError, SQLAlchemyError) as error:
        raise _unusable(url, _reason(error)) from None
    if read_only != "off":
        store.close()
        raise _unusable(url, "it is read-only")
    return store


def join_postgresql(url: URL) -> PostgresqlStore:
    """The store of a worker, whose command has used it already: the server is waited for."""
    try:
        return _until_answered(lambda: PostgresqlStore(url))
    except (StorageInternalError, SQLAlchemyError) as error:
        raise _unusable(url, _reason(error)) from None


def _unusable(url: URL, reason: str) -> InvalidInput:
    return InvalidInput(
        f"storage is {url}, which cannot be used ({reason}); allowed is a database "
        "in which the user may create tables"
    )


def _until_answered(
    operation: Callable[[], T], before_next: Callable[[], object] = lambda: None
) -> T:
    waiting = False
    while True:
        try:
            result = operation()
        except (StorageInternalError, SQLAlchemyError) as error:
            outage = _outage(error)
            if outage is None:
                raise
            if not waiting:
                _say(f"storage does not answer ({_reason(outage)}); waiting")
            waiting = True
            time.sleep(_RETRY_SECONDS)
            before_next()
        else:
            if waiting:
                _say("storage answers again")
            return result


def _check_tables(engine: Engine, url: URL) -> None:
    """Raises InvalidInput if a table that Optuna wants is there in another form."""
    there = inspect(engine)
    for name, table in BaseModel.metadata.tables.items():
        if there.has_table(name):
            wanted = {column.name: _python_type(column.type) for column in table.columns}
            found = {str(c["name"]): _python_type(c["type"]) for c in there.get_columns(name)}
            differing = sorted(dict(wanted.items() ^ found.items()))
            if differing:
                raise _foreign_table(url, name, f" in its column {differing[0]}")


def _foreign_table(url: URL, name: str, where: str = "") -> InvalidInput:
    return InvalidInput(
        f"storage is {url}, whose table {name} is not that of Optuna {optuna.__version__}{where}; "
        "allowed is a database or schema without tables of other programs and versions"
    )


def _python_type(kind: TypeEngine[Any]) -> type | None:
    try:
        return str if isinstance(kind, Enum) else kind.python_type
    except NotImplementedError:
        return None


@contextmanager
def _setup_lock(engine: Engine) -> Iterator[None]:
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(_SETUP_LOCK)))
        yield


def _outage(error: BaseException | None) -> DBAPIError | None:
    """The error of the connection that an error comes from, if it does.

    Optuna wraps errors, and asks again within a transaction that a lost connection has
    ended: the first error is then what another was raised in the course of.
    """
    while error is not None:
        if isinstance(error, DBAPIError) and _is_passing(error):
            return error
        error = error.__cause__ or error.__context__
    return None


def _is_passing(error: DBAPIError) -> bool:
    """Whether it is of the connection, or of a server that takes no changes for now."""
    return (
        isinstance(error, OperationalError | InterfaceError)
        or error.connection_invalidated
        or getattr(error.orig, "sqlstate", None) == _READ_ONLY
    )


def _reason(error: BaseException) -> str:
    """First line of what the server or its driver says."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    said = str(cause.orig if isinstance(cause, DBAPIError) else cause)
    return said.strip().splitlines()[0]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
