"""The noisy pass: partially distinguishable photons, and measuring with a processor."""

import torch

from qcnn import PQCNN

from ._common import SEED, require

SPACES = ["unbunched", "fock"]
SIZES = ["(8,4)", "(9,4)", "(12,6)"]


def make_sampler(size: str, space: str) -> PQCNN:
    """A sampler of a size such as ``"(9,4)"``."""
    modes, photons = map(int, size.strip("()").split(","))
    return PQCNN(modes, photons, space=space, seed=SEED)


class PartiallyDistinguishable:
    """Indistinguishability 0.9, as in training: probabilities and their gradient."""

    version = "1"
    params = (SIZES, SPACES)
    param_names = ("(modes,photons)", "space")

    def setup(self, size: str, space: str) -> None:
        noise = require("qcnn.noise")
        sampler = make_sampler(size, space)
        self.noisy = noise.NoisyPQCNN(sampler, noise.Noise(indistinguishability=0.9), SEED)
        random = torch.Generator().manual_seed(SEED)
        self.cotangent = torch.randn(sampler.outcomes, generator=random)
        self.time_forward_backward(size, space)

    def time_forward(self, size: str, space: str) -> None:
        with torch.no_grad():
            self.noisy()

    def time_forward_backward(self, size: str, space: str) -> None:
        torch.autograd.grad(self.noisy(), self.noisy.phases, self.cotangent)


class Measure:
    """One evaluation at (9,4) on Perceval's local processor."""

    version = "1"
    params = (["shots=10000", "g2=0.05,transmittance=0.5"],)
    param_names = ("noise",)

    def setup(self, text: str) -> None:
        self.module = require("qcnn.noise")
        self.noise = self.module.noise_from_text(text)
        self.sampler = make_sampler("(9,4)", "unbunched")
        self.time_measure(text)

    def time_measure(self, text: str) -> None:
        self.module.measure_distribution(self.sampler, self.noise, SEED)
