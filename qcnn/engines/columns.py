"""The occupied input columns of a mesh's unitary, with gradients.

The compiled loops of the fused engine, without detection: what reads the unitary in another
way than the probabilities of indistinguishable photons starts here.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from qcnn.engines import _kernels
from qcnn.errors import InvalidInput
from qcnn.fock import FockState
from qcnn.mesh import Mesh


def input_columns(mesh: Mesh, input_state: FockState, phases: Tensor) -> Tensor:
    """The columns of the unitary at the occupied input modes, in their order.

    Args:
        mesh: any mesh.
        input_state: photon count of each input mode.
        phases: radians, shape ``(phases,)``, on the CPU; gradients reach them, once.

    Returns:
        complex128, shape ``(modes, occupied)``.

    Raises:
        InvalidInput: for phases that are not finite or of another shape.
    """
    if phases.shape != (mesh.phases,):
        raise InvalidInput(f"phases has shape {tuple(phases.shape)}; allowed is ({mesh.phases},)")
    if not torch.isfinite(phases).all():
        raise InvalidInput("phases contain NaN or infinity; allowed are finite numbers")
    columns: Tensor = _Columns.apply(phases, mesh, input_state)
    return columns


class _Columns(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, phases: Tensor, mesh: Mesh, input_state: FockState) -> Tensor:
        # A copy: the phases may change in place before the backward pass.
        values = np.array(phases.detach().numpy(), dtype=np.float64)
        entries = np.array([mesh.entries[mode] for mode, n in enumerate(input_state) if n])
        light = np.empty((mesh.modes, len(entries), 2))
        _kernels.pass_cells(values, mesh.table(), entries.astype(np.int64), light)
        ctx.record, ctx.dtype = (values, mesh.table(), light), phases.dtype
        return torch.from_numpy(light.view(np.complex128)[..., 0].copy())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, cotangent: Tensor) -> tuple[Tensor, None, None]:
        values, cells, light = ctx.record
        gradient = np.empty_like(values)
        # Both are undone in place, cell by cell.
        outward = np.ascontiguousarray(torch.view_as_real(cotangent.resolve_conj()).numpy()).copy()
        _kernels.pass_cells_adjoint(values, cells, light.copy(), outward, gradient)
        return torch.from_numpy(gradient).to(ctx.dtype), None, None
