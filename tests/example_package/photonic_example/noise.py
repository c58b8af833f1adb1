"""A phase that is wrong by the same angle everywhere."""

import torch
from torch import Tensor

from qcnn.noise import NoiseKind, register_noise


@register_noise("example_offset")
class Offset(NoiseKind):
    """What is added to every phase, radians."""

    most = 3.0

    axis = "offset (rad)"
    every = few = (0.1,)
    representative = 0.1

    def phase_errors(self, phases: Tensor, level: float, random: torch.Generator | None) -> Tensor:
        return torch.full_like(phases, level)
