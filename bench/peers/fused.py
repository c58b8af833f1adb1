"""The project's own engine."""

from bench.peers import Peer, Prepared, prepare_engine, register_peer
from bench.task import Task


@register_peer("fused")
class Fused(Peer):
    """``PQCNN(engine="fused")`` as models use it: double precision, float32 in and out."""

    label = "fused (this project)"
    package = "photonic-weight-generation"
    spaces = ("unbunched", "fock")
    precision = "float64"

    def prepare(self, task: Task) -> Prepared:
        return prepare_engine(task, "fused")
