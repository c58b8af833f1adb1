"""A whole training step of the notebook's and of the paper's model."""

from time import perf_counter

import numpy as np
from torch import nn
from torch.nn.functional import cross_entropy

from ._common import Steady, require_engine
from ._models import SETTINGS, TrainingStep, make_adam
from ._ratios import least_ratio

ENGINES = ["fused", "merlin"]


class Step(Steady):
    """Loss, gradient, clipping and Adam, on random images."""

    version = "2"
    params = (list(SETTINGS), ENGINES)
    param_names = ("model", "engine")

    def setup(self, model: str, engine: str) -> None:
        require_engine(engine)
        self.step = TrainingStep(model, engine)
        self.step()

    def time_step(self, model: str, engine: str) -> None:
        self.step()


class StepOverTarget:
    """The step in units of the target's own, its weights trained without any generation.

    The one of the times that shows a change of 10 % between two commits.
    """

    version = "1"
    params = (list(SETTINGS),)
    param_names = ("model",)
    unit = "ratio"
    repeats = 200

    def setup(self, model: str) -> None:
        self.step = TrainingStep(model, "fused")
        self.target = self.step.model.export()
        self.parameters = list(self.target.parameters())
        self.optimiser = make_adam(self.parameters, 1e-3)
        for _ in range(5):
            self.step()
            self.target_step()

    def target_step(self) -> None:
        self.optimiser.zero_grad()
        cross_entropy(self.target(self.step.images), self.step.labels).backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()

    def track_step_over_target(self, model: str) -> float:
        return least_ratio(self.step, self.target_step, self.repeats)


class QuantumShare:
    """How much of a step the forward and backward passes of the PQCNNs take."""

    version = "2"
    params = (list(SETTINGS), ENGINES)
    param_names = ("model", "engine")
    unit = "%"
    repeats = 20

    def setup(self, model: str, engine: str) -> None:
        require_engine(engine)
        self.step = TrainingStep(model, engine)
        self.step()
        self.step.quantum_pass()

    def track_quantum_share(self, model: str, engine: str) -> float:
        seconds = np.empty((self.repeats, 3))
        for row in seconds:
            row[0] = perf_counter()
            self.step.quantum_pass()
            row[1] = perf_counter()
            self.step()
            row[2] = perf_counter()
        quantum, whole = np.median(np.diff(seconds), axis=0)
        return float(100 * quantum / whole)
