"""What a user waits for in a new process."""

from ._common import require_engine

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


class FirstCall:
    """The first forward and backward pass, which compiles the fused engine's loops."""

    version = "1"
    number = 1
    repeat = 3

    def setup(self) -> None:
        require_engine("fused")

    def timeraw_compiling(self) -> tuple[str, str]:
        return FORWARD_BACKWARD, EMPTY_STORE
