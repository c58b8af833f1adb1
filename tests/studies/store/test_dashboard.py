"""optuna-dashboard on the storages of studies, as the README says to start it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import optuna
import pytest
from postgresql_server import PASSWORD, USER, Server

from studies.store.journal import JournalStore
from studies.store.postgresql import open_postgresql
from studies.store.urls import url_from_text

PROGRAM = Path(sys.executable).with_name("optuna-dashboard")


@contextmanager
def dashboard(storage: str, **changes: str) -> Iterator[str]:
    """The address of a dashboard that runs meanwhile."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [PROGRAM, storage, "--port", str(port)],
        env={**os.environ, **changes},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=60)


def ask(address: str) -> Any:
    """What the address answers, once it does."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with (
            suppress(urllib.error.URLError),
            urllib.request.urlopen(address, timeout=30) as answer,
        ):
            return json.load(answer)
        time.sleep(0.1)
    raise TimeoutError(address)


def make_trial(storage: optuna.storages.BaseStorage) -> None:
    study = optuna.create_study(study_name="cells", storage=storage)
    study.add_trial(optuna.trial.create_trial(value=0.5, user_attrs={"row": '{"seed": 3}'}))


def check(address: str) -> None:
    (study,) = ask(f"{address}/api/studies")["study_summaries"]
    assert study["study_name"] == "cells"
    (trial,) = ask(f"{address}/api/studies/{study['study_id']}")["trials"]
    assert trial["values"] == [0.5]


@pytest.mark.slow
def test_a_journal(tmp_path: Path) -> None:
    make_trial(JournalStore(tmp_path).storage)
    with dashboard(str(tmp_path / "journal.log")) as address:
        check(address)


@pytest.mark.slow
def test_a_server(server: Server) -> None:
    url = url_from_text(server.new_database("dashboard"))
    with closing(open_postgresql(url)) as store:
        make_trial(store.storage)
    shown = f"postgresql+psycopg://{USER}@127.0.0.1:{server.port}/dashboard"
    with dashboard(shown, PGPASSWORD=PASSWORD) as address:
        check(address)
