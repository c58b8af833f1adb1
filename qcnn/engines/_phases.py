"""What every engine asks of phases."""

import torch
from torch import Tensor

from qcnn.errors import InvalidInput

TYPES = (torch.float32, torch.float64)


def check_shape(phases: Tensor, count: int) -> None:
    """Raises InvalidInput for anything but ``count`` phases or rows of them."""
    if phases.shape[-1:] != (count,) or phases.dim() > 2:
        raise InvalidInput(
            f"phases has shape {tuple(phases.shape)}; allowed are ({count},) and (batch, {count})"
        )


def check_single(phases: Tensor, count: int) -> None:
    """Raises InvalidInput for anything but ``count`` phases."""
    if phases.shape != (count,):
        raise InvalidInput(f"phases has shape {tuple(phases.shape)}; allowed is ({count},)")


def check_type(phases: Tensor) -> None:
    """Raises InvalidInput for phases that are not in single or double precision."""
    if phases.dtype not in TYPES:
        raise InvalidInput(
            f"phases has dtype {phases.dtype}; allowed are torch.float32 and torch.float64"
        )


def check_finite(phases: Tensor) -> None:
    """Raises InvalidInput that names the first phase that is not finite."""
    finite = torch.isfinite(phases)
    if not finite.all():
        position = tuple(torch.nonzero(~finite)[0].tolist())
        raise InvalidInput(
            f"phases has {phases[position].item()} at {position}; allowed are finite numbers"
        )
