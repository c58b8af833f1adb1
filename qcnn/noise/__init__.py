"""Hardware noise: a PQCNN on an imperfect device, trained and evaluated.

Noisy distributions are post-selected on the outcomes of the perfect sampler and
renormalised. With a clean source brightness and transmittance change nothing but how
many shots are accepted. What a kind of noise is, is in its file in :mod:`qcnn.noise.kinds`.

>>> import qcnn
>>> noise = noise_from_text("indistinguishability=0.9,transmittance=0.5,shots=10000")
>>> found = measure_distribution(qcnn.PQCNN(4, 2, seed=0), noise, seed=0)
>>> found.distribution.shape, found.accepted_fraction < 0.25
(torch.Size([6]), True)
"""

from qcnn.noise._noise import Noise, noise_from_text, noise_to_text
from qcnn.noise.device import Measurement, measure_distribution
from qcnn.noise.kinds import NoiseKind, noise_kinds, register_noise
from qcnn.noise.sampler import NoisyPQCNN

__all__ = [
    "Measurement",
    "Noise",
    "NoiseKind",
    "NoisyPQCNN",
    "measure_distribution",
    "noise_from_text",
    "noise_kinds",
    "noise_to_text",
    "register_noise",
]
