"""The fused engine under another name, without its gradient."""

from dataclasses import replace

from bench.peers import Prepared, register_peer
from bench.peers.fused import Fused
from bench.task import Task


@register_peer("example-simulator")
class ExampleSimulator(Fused):
    """As slow as what it repeats."""

    label = "Example"
    package = "photonic-example"

    def prepare(self, task: Task) -> Prepared:
        return replace(super().prepare(task), forward_backward=None)
