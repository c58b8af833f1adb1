"""DeepQuantum's ``QumodeCircuit`` with its Fock backend."""

import torch
from torch import Tensor

from bench.peers import Peer, Prepared, prepare_with_torch, register_peer
from bench.task import Task


@register_peer("deepquantum")
class DeepQuantum(Peer):
    """One Mach-Zehnder gate for each cell; single precision, DeepQuantum's default."""

    label = "DeepQuantum"
    package = "deepquantum"
    spaces = ("unbunched", "fock")
    precision = "float32"

    def prepare(self, task: Task) -> Prepared:
        import deepquantum

        circuit = deepquantum.QumodeCircuit(
            task.modes, list(task.input_state), cutoff=task.photons + 1, backend="fock"
        )
        for upper in task.mesh.table()[:, 0].tolist():
            circuit.mzi([upper, upper + 1], encode=True, phi_first=False)
        circuit.set_fock_basis(torch.tensor(task.states))
        phases = torch.from_numpy(task.phases).to(torch.float32).requires_grad_()

        def run() -> Tensor:
            found = circuit(phases, is_prob=True, sort=False)
            probabilities = torch.cat(list(found.values()))
            if task.space == "unbunched":
                return probabilities / probabilities.sum()
            return probabilities

        cotangent = torch.from_numpy(task.cotangent).to(torch.float32)
        return prepare_with_torch(run, phases, cotangent)
