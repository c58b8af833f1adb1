"""An engine: the distribution half blurred, as that of a device that forgets its photons.

It serves to be told from the others.
"""

import torch
from torch import Tensor

from qcnn.engines import Engine, build_engine, register_engine
from qcnn.optics.fock import FockState
from qcnn.optics.mesh import Mesh


@register_engine("example-flat")
def build(
    mesh: Mesh, photons: int, space: str, input_state: FockState, dtype: torch.dtype
) -> Engine:
    exact = build_engine("fused", mesh, photons, space, input_state, dtype)

    def run(phases: Tensor) -> Tensor:
        probabilities = exact(phases)
        uniform = torch.full_like(probabilities, 1 / probabilities.shape[-1])
        return (probabilities + uniform) / 2

    return run
