"""The engine that hides nothing from torch: any device, every derivative, every transformation.

See :mod:`qcnn.engines._plain`.
"""

import torch

from qcnn.checks import shown
from qcnn.engines import register_engine
from qcnn.engines._plain import LARGEST_ERRORS, TorchPass
from qcnn.errors import InvalidInput
from qcnn.optics.circuit import LinearCircuit
from qcnn.optics.fock import FockState, check_input, check_space
from qcnn.optics.mesh import Mesh


@register_engine("torch")
def build(
    mesh: Mesh | LinearCircuit,
    photons: int,
    space: str,
    input_state: FockState | None,
    dtype: torch.dtype,
) -> TorchPass:
    """The engine for one sampler.

    Raises:
        InvalidInput: for values that are not allowed, and if the pass of one sample needs more
            memory than this process can get.
    """
    check_space(space)
    state = check_input(mesh.modes, photons, space, input_state)
    if dtype not in LARGEST_ERRORS:
        raise InvalidInput(f"dtype is {shown(dtype)}; allowed are torch.float32 and torch.float64")
    return TorchPass(mesh, photons, space, state, dtype)
