"""How often a photon arrives."""

from qcnn.noise.kinds import NoiseKind, register_noise


@register_noise("transmittance")
class Transmittance(NoiseKind):
    """Probability that a photon arrives, in (0, 1].

    It costs a clean source nothing but accepted shots, as many as brightness does: alone it is
    studied as that.
    """

    perfect = 1.0
    most = 1.0
    has_zero = False

    axis = "transmittance (100,000 shots)"
    every = (0.9, 0.7, 0.5, 0.3)
    few = (0.7, 0.5)
    representative = 0.5
    beside = "shots=100000"
