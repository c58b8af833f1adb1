"""Ctrl-C before a command has begun."""

import os
import signal
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from studies.interrupts import end_silently, raise_again

ROOT = Path(__file__).parents[2]
#: In place of a library: Ctrl-C comes while it is imported.
SLOW = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(3600)\n"


@pytest.mark.parametrize(
    ("command", "library"),
    [
        *product(("run mode_sweep", "transfer", "report"), ("torch", "pandas", "matplotlib")),
        *product(("show",), ("torch", "pandas")),
    ],
)
def test_ctrl_c_while_a_command_imports_is_silent(
    tmp_path: Path, command: str, library: str
) -> None:
    (tmp_path / f"{library}.py").write_text(SLOW)
    done = subprocess.run(
        [sys.executable, "-m", *f"studies.{command} --help".split()],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_ctrl_c_is_answered_as_it_was_where_it_is_ignored_or_handled() -> None:
    previous = signal.getsignal(signal.SIGINT)
    try:
        for handler in (signal.SIG_IGN, lambda *_: None):
            signal.signal(signal.SIGINT, handler)
            end_silently()
            assert signal.getsignal(signal.SIGINT) is handler
            raise_again()
            assert signal.getsignal(signal.SIGINT) is handler
        signal.signal(signal.SIGINT, signal.default_int_handler)
        end_silently()
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        raise_again()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, previous)
