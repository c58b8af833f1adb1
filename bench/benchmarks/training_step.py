"""A whole training step of the notebook's and of the paper's model."""

from time import perf_counter

import numpy as np

from ._common import Steady, require_engine
from ._models import SETTINGS, TrainingStep

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
