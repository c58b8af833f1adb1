"""The two models whose training steps are measured, and the step itself."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from qcnn import PQCNN, QuantumTrain, target_from_text

from ._common import SEED, require

CLASSES = 10
IMAGE_SHAPE = (1, 28, 28)


@dataclass(frozen=True)
class Setting:
    """A model of the sources and its batch size."""

    target: str
    space: str
    mapping: str
    batch: int
    learning_rate: float


SETTINGS = {
    # The reference notebook: 978 parameters, all outcomes.
    "notebook": Setting("notebook", "fock", "logit_tanh", batch=16, learning_rate=0.01),
    # The paper: 6,690 parameters, collision-free outcomes, χ = 10.
    "paper": Setting("paper", "unbunched", "mps:bond_dimension=10", batch=128, learning_rate=0.03),
}


def make_adam(parameters: list[nn.Parameter], rate: float) -> torch.optim.Optimizer:
    """Adam as :func:`qcnn.train` of the commit makes it."""
    try:
        made = require("qcnn.training.optimiser").make_adam
    except NotImplementedError:
        return torch.optim.Adam(parameters, lr=rate)
    optimiser: torch.optim.Optimizer = made([{"params": parameters, "lr": rate}])
    return optimiser


def as_trained(images: Tensor) -> Tensor:
    """Images with their channels where :func:`qcnn.train` of the commit has them."""
    try:
        require("qcnn.training.pooling")
    except NotImplementedError:
        return images
    return images.to(memory_format=torch.channels_last)


class TrainingStep:
    """A whole step of training on random images; called again and again it trains."""

    def __init__(self, name: str, engine: str) -> None:
        setting = SETTINGS[name]
        samplers = [
            PQCNN(modes, photons, space=setting.space, engine=engine, seed=SEED)
            for modes, photons in ((9, 4), (8, 4))
        ]
        target = target_from_text(setting.target).build(IMAGE_SHAPE, CLASSES, seed=SEED)
        self.model = QuantumTrain(target, samplers, setting.mapping, seed=SEED)
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = make_adam(self.parameters, setting.learning_rate)
        random = torch.Generator().manual_seed(SEED)
        self.images = as_trained(torch.rand(setting.batch, *IMAGE_SHAPE, generator=random))
        self.labels = torch.randint(CLASSES, (setting.batch,), generator=random)
        self.cotangents = [torch.randn(s.outcomes, generator=random) for s in samplers]

    def __call__(self) -> None:
        """Loss, gradient, gradient clipping and the optimiser, as :func:`qcnn.train` does it."""
        self.optimiser.zero_grad()
        cross_entropy(self.model(self.images), self.labels).backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()

    def quantum_pass(self) -> tuple[Tensor, ...]:
        """Forward and backward of the PQCNNs alone."""
        samplers = cast(list[PQCNN], list(self.model.samplers))
        probabilities = [sampler() for sampler in samplers]
        return torch.autograd.grad(probabilities, [s.phases for s in samplers], self.cotangents)
