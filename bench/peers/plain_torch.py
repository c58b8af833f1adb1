"""The same pass in plain torch operations: the project's engine for any device."""

import torch

from bench.peers import Peer, Prepared, prepare_with_torch, register_peer
from bench.task import Task
from qcnn import PQCNN


@register_peer("torch")
class PlainTorch(Peer):
    """``PQCNN(engine="torch")``: differentiable any number of times, here in single precision."""

    label = "torch (this project)"
    package = "photonic-weight-generation"
    spaces = ("unbunched", "fock")
    precision = "float32"

    def prepare(self, task: Task) -> Prepared:
        sampler = PQCNN(
            task.modes,
            task.photons,
            space=task.space,
            input_state=task.input_state,
            engine="torch",
            dtype=torch.float32,
        )
        with torch.no_grad():
            sampler.phases.copy_(torch.from_numpy(task.phases))
        cotangent = torch.from_numpy(task.cotangent).to(torch.float32)
        return prepare_with_torch(sampler, sampler.phases, cotangent)
