"""How often two photons come instead of one."""

from qcnn.noise.kinds import NoiseKind, register_noise


@register_noise("g2")
class SecondOrderAutocorrelation(NoiseKind):
    """Second-order autocorrelation g²(0) at zero delay, in [0, 0.5].

    The additional photons are distinguishable. They pass for the right number of photons only
    where others are lost: it is studied with losses.
    """

    most = 0.5
    trainable = False

    axis = "g² (transmittance 0.5)"
    every = (0.01, 0.02, 0.05, 0.1)
    few = (0.02, 0.05)
    representative = 0.05
    beside = "transmittance=0.5"
    compared = True
