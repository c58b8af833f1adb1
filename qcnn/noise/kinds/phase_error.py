"""Errors of a chip's phases."""

from math import pi

import torch
from torch import Tensor

from qcnn.noise.kinds import NoiseKind, register_noise


@register_noise("phase_error")
class PhaseError(NoiseKind):
    """Largest error of a phase in radians, in [0, π]; errors are uniform in ±level."""

    most = pi

    axis = "largest phase error (rad)"
    every = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
    few = (0.02, 0.1, 0.5)
    representative = 0.1
    trained = (0.1, 0.2)
    logarithmic = True

    def phase_errors(self, phases: Tensor, level: float, random: torch.Generator | None) -> Tensor:
        fractions = torch.rand(phases.shape, generator=random, dtype=phases.dtype)
        return level * (2 * fractions - 1)
