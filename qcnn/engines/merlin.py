"""The reference engine: MerLin's ``QuantumLayer`` on the Perceval circuit of the mesh."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from qcnn.engines import Engine, register_engine
from qcnn.engines._phases import check_finite, check_shape
from qcnn.engines._rounding import LARGEST_ERROR, cancelled
from qcnn.errors import InvalidInput
from qcnn.machine import check_memory
from qcnn.optics.fock import FockState, count_outcomes, enumerate_states
from qcnn.optics.mesh import Mesh
from qcnn.plotting import import_matplotlib

if TYPE_CHECKING:
    import merlin as ML

#: For each mode: states of Perceval, of MerLin and of this project.
_OUTCOME_BYTES = 3 * 8
#: Rounding alone leaves 2e-6 in single precision.
_LARGEST_ERRORS = {torch.float32: 1e-4, torch.float64: LARGEST_ERROR}


class _MerlinPass:
    """Probabilities of a MerLin layer, in the project's order of the outcomes."""

    def __init__(
        self,
        layer: "ML.QuantumLayer",
        order: Tensor,
        arguments: tuple[Mesh, int, str, FockState, torch.dtype],
    ) -> None:
        self.layer = layer
        self.order = order
        self.arguments = arguments

    def __reduce__(self) -> tuple[object, ...]:
        # MerLin layers keep tensors of the last graph and cannot be copied: build anew.
        return build, self.arguments

    def __call__(self, phases: Tensor) -> Tensor:
        mesh, photons, space, _, dtype = self.arguments
        check_shape(phases, mesh.phases)
        check_finite(phases)
        self.layer.to(phases.device)
        probabilities = self.layer(phases.to(dtype)).reshape(*phases.shape[:-1], -1)
        selected: Tensor = probabilities[..., self.order.to(phases.device)]
        if space == "fock":
            totals = selected.detach().sum(-1).flatten()
            largest = _LARGEST_ERRORS[dtype]
            sound = (totals - 1).abs() < largest
            if not sound.all():
                raise InvalidInput(cancelled(photons, totals[~sound][0].item(), largest))
        return selected / selected.sum(-1, keepdim=True) if space == "unbunched" else selected


class _Certain:
    """The single outcome of a sampler that has no other: MerLin refuses some of these."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype

    def __call__(self, phases: Tensor) -> Tensor:
        # Certain whatever the phases, which keep a zero gradient.
        return (1 + 0 * phases.sum(-1, keepdim=True)).to(self.dtype)


@register_engine("merlin")
def build(
    mesh: Mesh, photons: int, space: str, input_state: FockState, dtype: torch.dtype
) -> Engine:
    """An engine that runs MerLin, on the device of the phases it is given.

    MerLin refuses a bunched input together with collision-free outcomes; such a sampler
    runs in Fock space and is post-selected here.
    """
    outcomes = count_outcomes(mesh.modes, photons, space)
    if outcomes == 1:
        return _Certain(dtype)
    what = f"{photons} photons in {mesh.modes} modes with space={space!r}"
    check_memory(_OUTCOME_BYTES * (mesh.modes + 8) * outcomes, what)
    import_matplotlib()
    import merlin as ML

    fock = space == "fock" or max(input_state) > 1
    computation = ML.ComputationSpace.FOCK if fock else ML.ComputationSpace.UNBUNCHED
    layer = ML.QuantumLayer(
        # The phases enter as MerLin's input, so that the caller owns the trainable tensor.
        input_size=mesh.phases,
        circuit=mesh.circuit(),
        trainable_parameters=[],
        input_parameters=["phase_"],
        input_state=list(input_state),
        measurement_strategy=ML.MeasurementStrategy.probs(computation_space=computation),
        dtype=dtype,
    )
    position = {tuple(key): index for index, key in enumerate(layer.output_keys)}
    states = enumerate_states(mesh.modes, photons, space)
    order = torch.tensor([position[state] for state in states])
    return _MerlinPass(layer, order, (mesh, photons, space, input_state, dtype))
