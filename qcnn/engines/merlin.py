"""The reference engine: MerLin's ``QuantumLayer`` on the Perceval circuit of the mesh."""

import merlin as ML
import torch
from torch import Tensor

from qcnn.engines import Engine
from qcnn.fock import FockState, enumerate_states
from qcnn.mesh import build_circuit, count_phases


class _MerlinPass:
    """Probabilities of a MerLin layer, in the project's order of the outcomes."""

    def __init__(
        self,
        layer: ML.QuantumLayer,
        order: Tensor,
        renormalise: bool,
        arguments: tuple[int, int, str, FockState, torch.dtype],
    ) -> None:
        self.layer = layer
        self.order = order
        self.renormalise = renormalise
        self.arguments = arguments

    def __reduce__(self) -> tuple[object, ...]:
        # MerLin layers keep tensors of the last graph and cannot be copied: build anew.
        return build, self.arguments

    def __call__(self, phases: Tensor) -> Tensor:
        self.layer.to(phases.device)
        probabilities = self.layer(phases)
        selected = probabilities.reshape(-1)[self.order.to(phases.device)]
        return selected / selected.sum() if self.renormalise else selected


def build(
    modes: int, photons: int, space: str, input_state: FockState, dtype: torch.dtype
) -> Engine:
    """An engine that runs MerLin, on the device of the phases it is given.

    MerLin refuses a bunched input together with collision-free outcomes; such a sampler
    runs in Fock space and is post-selected here.
    """
    bunched = max(input_state) > 1
    fock = space == "fock" or bunched
    computation = ML.ComputationSpace.FOCK if fock else ML.ComputationSpace.UNBUNCHED
    layer = ML.QuantumLayer(
        # The phases enter as MerLin's input, so that the caller owns the trainable tensor.
        input_size=count_phases(modes),
        circuit=build_circuit(modes),
        trainable_parameters=[],
        input_parameters=["phase_"],
        input_state=list(input_state),
        measurement_strategy=ML.MeasurementStrategy.probs(computation_space=computation),
        dtype=dtype,
    )
    position = {tuple(key): index for index, key in enumerate(layer.output_keys)}
    order = torch.tensor([position[state] for state in enumerate_states(modes, photons, space)])
    return _MerlinPass(
        layer, order, space == "unbunched", (modes, photons, space, input_state, dtype)
    )
