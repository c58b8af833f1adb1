"""The occupied input columns of a mesh's unitary, with gradients.

The compiled loops of the fused engine, without detection: what reads the unitary in another
way than the probabilities of indistinguishable photons starts here.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from qcnn.engines import _kernels
from qcnn.engines._once import check_plain, check_type, only_first, read_numbers
from qcnn.errors import InvalidInput
from qcnn.optics.fock import FockState
from qcnn.optics.mesh import Mesh

#: What has the derivatives that the columns lack, for messages.
INSTEAD = (
    'a sampler with engine="merlin" and neither shots nor partial indistinguishability has every '
    "derivative"
)


def input_columns(mesh: Mesh, input_state: FockState, phases: Tensor) -> Tensor:
    """The columns of the unitary at the occupied input modes, in their order.

    Args:
        mesh: any mesh.
        input_state: photon count of each input mode.
        phases: radians, shape ``(phases,)``, on the CPU; gradients reach them, once.

    Returns:
        complex128, shape ``(modes, occupied)``.

    Raises:
        InvalidInput: for phases that are not finite, or of another shape or type.
        NotDifferentiable: as the fused engine.
    """
    check_plain(phases, INSTEAD)
    if phases.shape != (mesh.phases,):
        raise InvalidInput(f"phases has shape {tuple(phases.shape)}; allowed is ({mesh.phases},)")
    check_type(phases)
    if not torch.isfinite(phases).all():
        raise InvalidInput("phases contain NaN or infinity; allowed are finite numbers")
    columns: Tensor = _Columns.apply(phases, mesh, input_state)  # type: ignore[no-untyped-call]
    return columns


class _Columns(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, phases: Tensor, mesh: Mesh, input_state: FockState) -> Tensor:
        # A copy: the phases may change in place before the backward pass.
        values = np.array(read_numbers(phases), dtype=np.float64)
        entries = np.array([mesh.entries[mode] for mode, n in enumerate(input_state) if n])
        light = np.empty((mesh.modes, len(entries), 2))
        _kernels.pass_cells(values, mesh.table(), entries.astype(np.int64), light)
        ctx.record, ctx.phases = (values, mesh.table(), light), phases
        return torch.from_numpy(light.view(np.complex128)[..., 0].copy())

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> tuple[Tensor, None, None]:
        values, cells, light = ctx.record
        gradient = np.empty_like(values)
        # Both are undone in place, cell by cell.
        amplitudes = np.array(read_numbers(cotangent), order="C")[..., None]
        outward = amplitudes.view(np.float64)
        _kernels.pass_cells_adjoint(values, cells, light.copy(), outward, gradient)
        found = torch.from_numpy(gradient).to(ctx.phases.dtype)
        return only_first(found, ctx.phases, cotangent, instead=INSTEAD), None, None
