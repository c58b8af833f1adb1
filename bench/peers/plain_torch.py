"""The same pass in plain torch operations: the project's engine for any device."""

from bench.peers import Peer, Prepared, prepare_engine, register_peer
from bench.task import Task


@register_peer("torch")
class PlainTorch(Peer):
    """``PQCNN(engine="torch")``: differentiable any number of times, here in single precision."""

    label = "torch (this project)"
    package = "photonic-weight-generation"
    spaces = ("unbunched", "fock")
    precision = "float32"

    def prepare(self, task: Task) -> Prepared:
        return prepare_engine(task, "torch")
