"""How often the source fires."""

from qcnn.checks import whole_number
from qcnn.noise.kinds import NoiseKind, register_noise


@register_noise("shots")
class Shots(NoiseKind):
    """How often the source fires; 0 for exact probabilities.

    What brightness and transmittance cost is compared as fewer shots: they leave as many accepted.
    """

    perfect = 0

    axis = "shots"
    every = (100, 1_000, 10_000, 100_000, 1_000_000)
    few = (1_000, 10_000, 100_000)
    representative = 10_000
    trained = (10_000, 1_000)
    logarithmic = True
    compared = True

    def check(self, level: float) -> None:
        whole_number(level, "shots", 0)
