"""The command lines as a user types them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from postgresql_server import Server

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[2]
# Test modules are imported by their path: what they share has to be on the search path.
sys.path.insert(0, str(Path(__file__).parent))


def environment(**changes: str) -> dict[str, str]:
    """The environment of a command; the embedded dataset needs no folder."""
    return {**os.environ, **changes}


@pytest.fixture(scope="session")
def command() -> Run:
    """Runs ``python -m MODULE ARGUMENTS`` in the project's root and waits for it."""

    def run(*arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=ROOT,
            env=environment(**changes),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def server() -> Iterator["Server"]:
    """A PostgreSQL server."""
    from postgresql_server import Server, find_programs

    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    with Server(programs) as running:
        yield running
