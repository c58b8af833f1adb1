"""How often the source emits at all."""

from qcnn.noise.kinds import NoiseKind, register_noise


@register_noise("brightness")
class Brightness(NoiseKind):
    """Probability that the source emits at all, in (0, 1].

    It costs a clean source nothing but accepted shots, as many as transmittance does: it is
    studied at a number of shots, for both of them.
    """

    perfect = 1.0
    most = 1.0
    has_zero = False

    axis = "brightness or transmittance (100,000 shots)"
    every = (0.9, 0.7, 0.5, 0.3)
    few = (0.7, 0.5)
    representative = 0.5
    beside = "shots=100000"
