"""What a user waits for in a new process."""

import resource
import statistics
import subprocess
import sys

from ._common import require, require_engine

IMPORT = "import qcnn"
# Nothing compiled is found in a folder that is empty, as after an installation.
EMPTY_STORE = """
import os, tempfile
store = tempfile.TemporaryDirectory()
os.environ["NUMBA_CACHE_DIR"] = store.name
import torch
torch.set_num_threads(1)
import qcnn
import qcnn.engines.fused
sampler = qcnn.PQCNN(9, 4, seed=0)
"""
FORWARD_BACKWARD = "sampler().square().sum().backward()"


class Import:
    """``import qcnn``."""

    version = "1"
    number = 1
    repeat = 3

    def timeraw_import(self) -> str:
        return IMPORT


STARTS = {
    "studies.run --list": ("-m", "studies.run", "--list"),
    "studies.run mode_sweep --help": ("-m", "studies.run", "mode_sweep", "--help"),
    "a worker": ("-c", "import studies.runs.work"),
}


class StartUp:
    """Commands and workers beside the import that every run has to wait for."""

    version = "1"
    params = (tuple(STARTS),)
    param_names = ("what",)
    unit = "ratio"
    timeout = 300
    repeats = 2

    def setup(self, what: str) -> None:
        if what == "a worker":
            require("studies.runs.work")

    def track_start_over_torch(self, what: str) -> float:
        """Ratio of the processor seconds, medians of processes that take turns."""
        torch = ("-c", "import torch")
        pairs = [(_cpu_seconds(STARTS[what]), _cpu_seconds(torch)) for _ in range(self.repeats)]
        starts, torches = zip(*pairs, strict=True)
        ratio: float = statistics.median(starts) / statistics.median(torches)
        return ratio


def _cpu_seconds(arguments: tuple[str, ...]) -> float:
    """Of all threads of a Python process, in and outside of the kernel."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


class FirstCall:
    """The first forward and backward pass, which compiles the fused engine's loops."""

    version = "1"
    number = 1
    repeat = 3

    def setup(self) -> None:
        require_engine("fused")

    def timeraw_compiling(self) -> tuple[str, str]:
        return FORWARD_BACKWARD, EMPTY_STORE
