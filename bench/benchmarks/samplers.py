"""Every sampler beside the PQCNN, and models of many PQCNNs."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from qcnn import PQCNN, QuantumTrain, target_from_text

from ._common import SEED, Steady, require
from ._models import make_adam
from ._ratios import median_ratio

#: Samplers of 126 to 128 outcomes; those that a commit does not have are left out.
OTHERS: dict[str, Callable[[], Any]] = {
    "PQCNN (9,4)": lambda: PQCNN(9, 4, seed=SEED),
    "distinguishable (9,4)": lambda: _light("DistinguishablePhotons"),
    "coherent (9,4)": lambda: _light("CoherentLight"),
    "qubits (7, 8 layers)": lambda: require("qcnn.samplers.qubits").Qubits(7, 8, seed=SEED),
    "PQCNN of a Perceval circuit (9,4)": lambda: _circuit(),
    "classical (9,4)": lambda: _control("classical"),
    "partly distinguishable (9,4)": lambda: _noisy("indistinguishability=0.9"),
    "phase errors (9,4)": lambda: _noisy("phase_error=0.05"),
}
#: PQCNNs, modes, photons and trained phases of each; the two largest settings of the frontier.
MODELS = {"29 of (12,6)": (29, 12, 6, 23), "219 of (9,4)": (219, 9, 4, 15)}


def _light(name: str) -> Any:
    return getattr(require("qcnn.samplers.light"), name)(9, 4, seed=SEED)


def _circuit() -> Any:
    sampler: Any = PQCNN(9, 4, seed=SEED)
    make = getattr(PQCNN, "from_circuit", None)
    if make is None:
        raise NotImplementedError("this commit takes no circuits")
    return make(sampler.mesh.circuit(), sampler.input_state, seed=SEED)


def _control(name: str) -> Any:
    build = require("qcnn.samplers.controls").build_generator
    return build(name, PQCNN(9, 4, seed=SEED), SEED)


def _noisy(text: str) -> Any:
    noise = require("qcnn.noise")
    return noise.NoisyPQCNN(PQCNN(9, 4, seed=SEED), noise.noise_from_text(text), SEED)


class Sampler:
    """Forward and backward pass at its own phases."""

    version = "1"
    params = (list(OTHERS),)
    param_names = ("sampler",)

    def setup(self, name: str) -> None:
        self.sampler = OTHERS[name]().train()
        self.cotangent = torch.randn(
            self.sampler.outcomes, generator=torch.Generator().manual_seed(SEED)
        )
        self.time_forward_backward(name)

    def time_forward_backward(self, name: str) -> None:
        torch.autograd.grad(self.sampler(), list(self.sampler.parameters()), self.cotangent)


class ManyPQCNNs(Steady):
    """Generation, gradient, clipping and Adam of a model of many; and its construction."""

    version = "1"
    params = (list(MODELS), ["whitened", "mixing"], ["hadamard", "dense"])
    param_names = ("PQCNNs", "mapping", "matrix")
    repeats = 30

    def setup(self, size: str, mapping: str, matrix: str) -> None:
        if matrix == "dense" and (size, mapping) != ("29 of (12,6)", "whitened"):
            raise NotImplementedError("the dense matrix is measured where it is smallest")
        if matrix != "dense":
            require("qcnn.hadamard")
        text = mapping if matrix == "dense" else f"{mapping}:matrix={matrix}"
        count, modes, photons, trained = MODELS[size]
        self.text = text
        self.samplers = [
            PQCNN(modes, photons, mesh="minimal", trained=trained, seed=SEED + number)
            for number in range(count)
        ]
        self.model = self.build()
        phases = torch.stack([sampler.phases.detach() for sampler in self.samplers])
        self.phases = phases.requires_grad_()
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = make_adam(self.parameters, 1e-3)
        self.time_step(size, mapping, matrix)
        self.call()

    def build(self) -> QuantumTrain:
        """The model, of samplers that are there."""
        target = target_from_text("paper").build(seed=SEED)
        return QuantumTrain(target, self.samplers, self.text, seed=SEED)

    def call(self) -> None:
        """The engine's own pass of all of them in one batch, forward and backward."""
        probabilities = self.model.pqcnns()[0](self.phases)
        torch.autograd.grad(probabilities, self.phases, torch.ones_like(probabilities))

    def time_step(self, size: str, mapping: str, matrix: str) -> None:
        self.optimiser.zero_grad()
        self.model.generate().sum().backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()

    def time_construction(self, size: str, mapping: str, matrix: str) -> None:
        self.build()

    def track_step_over_pass(self, size: str, mapping: str, matrix: str) -> float:
        return median_ratio(lambda: self.time_step(size, mapping, matrix), self.call, self.repeats)

    track_step_over_pass.unit = "ratio"  # type: ignore[attr-defined]
