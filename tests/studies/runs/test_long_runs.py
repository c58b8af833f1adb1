"""Runs that take long and are killed go on where they were, and end in the row of a whole run."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stored_rows import CONFIGURATION

from studies.runs.execute import checkpoint_path

SMALL = replace(
    CONFIGURATION,
    target="cnn816",
    sizes=((5, 2), (4, 2)),
    mapping="mixing",
    batch_size=400,
    schedule="none",
    gradient_clip=0.0,
)
LONG = {
    "in rounds": replace(SMALL, epochs=10, optimiser="adam+cobyla"),
    "many epochs": replace(SMALL, epochs=200),
}
# A run in a process of its own, as a worker does it.
PROCESS = """
import json
import sys
from pathlib import Path

import torch

from studies.design.configuration import configuration_from_axes
from studies.runs.execute import execute

torch.set_num_threads(1)
configuration = configuration_from_axes(json.loads(sys.argv[1]))
print(json.dumps(execute("papers_schedule", configuration, 1, "final", Path(sys.argv[2]))))
"""


def start(name: str, folder: Path) -> "subprocess.Popen[str]":
    axes = json.dumps(LONG[name].axes())
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, axes, str(folder)], stdout=subprocess.PIPE, text=True
    )


def row_of(process: "subprocess.Popen[str]") -> dict[str, Any]:
    row: dict[str, Any] = json.loads(process.communicate(timeout=600)[0])
    return row


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_a_killed_run_ends_in_the_same_row(name: str, tmp_path: Path) -> None:
    whole = row_of(start(name, tmp_path / "whole"))
    checkpoint = checkpoint_path(tmp_path / "killed", LONG[name].digest(), 1)
    killed = start(name, tmp_path / "killed")
    while not checkpoint.exists():
        assert killed.poll() is None
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.communicate(timeout=60)[0] == ""
    before = checkpoint.stat().st_mtime_ns
    resumed = row_of(start(name, tmp_path / "killed"))
    assert checkpoint.stat().st_mtime_ns > before
    for row in (whole, resumed):
        assert row.pop("seconds") > 0
        row.pop("git_commit")  # somebody may commit meanwhile
    assert resumed == whole
