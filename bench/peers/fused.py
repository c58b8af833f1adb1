"""The project's own engine."""

import torch

from bench.peers import Peer, Prepared, prepare_with_torch, register_peer
from bench.task import Task
from qcnn import PQCNN


@register_peer("fused")
class Fused(Peer):
    """``PQCNN(engine="fused")`` as models use it: double precision, float32 in and out."""

    label = "fused (this project)"
    package = "photonic-weight-generation"
    spaces = ("unbunched", "fock")
    precision = "float64"

    def prepare(self, task: Task) -> Prepared:
        sampler = PQCNN(
            task.modes,
            task.photons,
            space=task.space,
            input_state=task.input_state,
            engine="fused",
            dtype=torch.float32,
        )
        with torch.no_grad():
            sampler.phases.copy_(torch.from_numpy(task.phases))
        cotangent = torch.from_numpy(task.cotangent).to(torch.float32)
        return prepare_with_torch(sampler, sampler.phases, cotangent)
