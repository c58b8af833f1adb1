"""How alike two photons are."""

from qcnn.noise.kinds import NoiseKind, register_noise


@register_noise("indistinguishability")
class Indistinguishability(NoiseKind):
    """Squared overlap of two photons' internal states, in [0, 1] (:mod:`qcnn.noise.partial`)."""

    perfect = 1.0
    most = 1.0

    axis = "indistinguishability"
    every = (0.99, 0.95, 0.9, 0.8, 0.5)
    few = (0.95, 0.9, 0.5)
    representative = 0.9
    trained = (0.9, 0.5)
    compared = True
