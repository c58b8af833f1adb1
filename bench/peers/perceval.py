"""Perceval's SLOS backend, which has no gradient."""

import numpy as np
from numpy.typing import NDArray

from bench.peers import Peer, Prepared, register_peer
from bench.task import Task


@register_peer("perceval")
class Perceval(Peer):
    """New phases are set, the unitary computed, then all probabilities."""

    label = "Perceval SLOS"
    package = "perceval-quandela"
    spaces = ("fock",)
    precision = "float64"

    def prepare(self, task: Task) -> Prepared:
        import perceval as pcvl

        circuit = task.mesh.circuit()
        parameters = circuit.get_parameters()
        values = task.phases.tolist()
        state = pcvl.BasicState(list(task.input_state))
        backend = pcvl.BackendFactory.get_backend("SLOS")

        def forward() -> list[float]:
            for parameter, value in zip(parameters, values, strict=True):
                parameter.set_value(value)
            backend.set_circuit(circuit)
            backend.set_input_state(state)
            probabilities: list[float] = backend.all_prob()
            return probabilities

        # Perceval enumerates the outcomes in the project's order.
        def read(probabilities: list[float]) -> NDArray[np.float64]:
            return np.array(probabilities)

        return Prepared(forward, read, None)
