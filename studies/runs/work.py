"""What a worker process does: it claims trials until it is told to stop."""

import time
import traceback
from contextlib import closing, suppress
from multiprocessing.connection import Connection

from qcnn import InvalidInput
from studies.catalogue import studies_by_name
from studies.design.study import Options
from studies.runs.claim import run_next
from studies.runs.execute import use_one_thread
from studies.runs.failures import RunError
from studies.runs.finished import follow
from studies.runs.trials import open_trials
from studies.store.opening import join_store
from studies.store.urls import without_password

_POLL_SECONDS = 0.3
#: Characters of a traceback; more would wait in the connection for somebody who reads.
_MOST_TEXT = 20_000


def work(study: str, options: Options, name: str, connection: Connection) -> None:
    """Claim trials and run them until the parent closes the connection.

    Says ``None`` through the connection before the first, and what ended it otherwise.

    Args:
        study: name of the study.
        options: of the command.
        name: of the worker, as its trials carry it.
        connection: to the parent.
    """
    use_one_thread()
    try:
        with closing(join_store(options.place.out, options.place.storage)) as store:
            done = follow(open_trials(studies_by_name[study], options, name, store))
            _say(connection, None)
            while not connection.poll():
                if not run_next(done):
                    time.sleep(_POLL_SECONDS)
    except (InvalidInput, RunError) as error:
        # Of its own class, which is there to be read: foreign code has classes of its own.
        _say(
            connection, (InvalidInput if isinstance(error, InvalidInput) else RunError)(str(error))
        )
    except OSError as error:
        _say(connection, OSError(error.errno, error.strerror or str(error), error.filename))
    except Exception:
        text = without_password(traceback.format_exc(), options.place.storage)
        _say(connection, text[-_MOST_TEXT:])


def _say(connection: Connection, message: str | InvalidInput | RunError | OSError | None) -> None:
    """Tell the parent, unless it has closed the connection, and so waits for nothing."""
    with suppress(ConnectionError):
        connection.send(message)
