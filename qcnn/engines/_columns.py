"""The occupied input columns of a mesh's unitary, with gradients.

The compiled loops of the fused engine, without detection: what reads the unitary in another
way than the probabilities of indistinguishable photons starts here.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from qcnn.engines import _kernels
from qcnn.engines._derivatives import (
    gradient_with_graph,
    is_transformed,
    needs_graph,
    read_numbers,
)
from qcnn.engines._phases import check_finite, check_single, check_type
from qcnn.engines._plain import plain_columns
from qcnn.optics.circuit import LinearCircuit
from qcnn.optics.fock import FockState
from qcnn.optics.mesh import Mesh


def input_columns(mesh: Mesh | LinearCircuit, input_state: FockState, phases: Tensor) -> Tensor:
    """The columns of the unitary at the occupied input modes, in their order.

    Args:
        mesh: any mesh, or a circuit, which is passed in plain torch.
        input_state: photon count of each input mode.
        phases: radians, shape ``(phases,)``, on the CPU; every derivative reaches them.

    Returns:
        complex128, shape ``(modes, occupied)``.

    Raises:
        InvalidInput: for phases that are not finite, or of another shape or type.
        NotDifferentiable: as the fused engine.
    """
    check_single(phases, mesh.phases)
    check_type(phases)
    if is_transformed(phases):
        return plain_columns(mesh, input_state, phases)
    check_finite(phases)
    if isinstance(mesh, LinearCircuit):
        return plain_columns(mesh, input_state, phases)
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
        ctx.version, ctx.run = phases._version, partial(plain_columns, mesh, input_state)
        return torch.from_numpy(light.view(np.complex128)[..., 0].copy())

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> tuple[Tensor, None, None]:
        if needs_graph(cotangent):
            found = gradient_with_graph(ctx.run, ctx.phases, ctx.version, cotangent)
            return found, None, None
        values, cells, light = ctx.record
        gradient = np.empty_like(values)
        # Both are undone in place, cell by cell.
        amplitudes = np.array(read_numbers(cotangent), order="C")[..., None]
        outward = amplitudes.view(np.float64)
        _kernels.pass_cells_adjoint(values, cells, light.copy(), outward, gradient)
        return torch.from_numpy(gradient).to(ctx.phases.dtype), None, None
