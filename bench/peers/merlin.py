"""MerLin: a ``QuantumLayer`` as its users write it."""

import numpy as np
import torch
from torch import Tensor

from bench.peers import Peer, Prepared, prepare_with_torch, register_peer
from bench.task import Task


@register_peer("merlin")
class MerLin(Peer):
    """The trainable phases belong to the layer; single precision, MerLin's default."""

    label = "MerLin"
    package = "merlinquantum"
    spaces = ("unbunched", "fock")
    precision = "float32"

    def prepare(self, task: Task) -> Prepared:
        import merlin

        spaces = {
            "unbunched": merlin.ComputationSpace.UNBUNCHED,
            "fock": merlin.ComputationSpace.FOCK,
        }
        layer = merlin.QuantumLayer(
            input_size=0,
            circuit=task.mesh.circuit(),
            trainable_parameters=["phase_"],
            input_parameters=[],
            input_state=list(task.input_state),
            measurement_strategy=merlin.MeasurementStrategy.probs(
                computation_space=spaces[task.space]
            ),
        )
        (phases,) = layer.parameters()
        with torch.no_grad():
            phases.copy_(torch.from_numpy(task.phases))
        place = {tuple(key): position for position, key in enumerate(layer.output_keys)}
        order = np.array([place[state] for state in task.states])
        cotangent = np.empty_like(task.cotangent)
        cotangent[order] = task.cotangent

        def run() -> Tensor:
            probabilities: Tensor = layer()[0]
            return probabilities

        return prepare_with_torch(run, phases, torch.from_numpy(cotangent).to(phases.dtype), order)
