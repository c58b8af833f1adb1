"""What changes the parameters, and at which rate."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, ReduceLROnPlateau

from qcnn.errors import InvalidInput
from qcnn.training.config import TrainConfig
from qcnn.weights.generated import GeneratedNetwork

Groups = list[dict[str, Any]]
#: Makes an optimiser of groups of parameters, each with its rate ``"lr"``.
MakeOptimiser = Callable[[Groups], torch.optim.Optimizer]
Scheduler = CosineAnnealingLR | OneCycleLR | ReduceLROnPlateau


def make_adam(groups: Groups) -> torch.optim.Adam:
    """Adam, compiled for all parameters at once where it can be.

    Torch's compiled form takes each parameter for one piece of memory, and changes what lies
    between the numbers of one that is not.
    """
    parameters = [parameter for group in groups for parameter in group["params"]]
    fused = all(
        not is_lazy(parameter) and parameter.is_contiguous() and parameter.device.type == "cpu"
        for parameter in parameters
    )
    return torch.optim.Adam(groups, fused=fused or None)


def split_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The trainable parameters: phases, and all others."""
    phases = model.phase_parameters() if isinstance(model, GeneratedNetwork) else []
    known = {id(p) for p in phases}
    return phases, [p for p in model.parameters() if p.requires_grad and id(p) not in known]


def parameter_groups(model: nn.Module, config: TrainConfig) -> Groups:
    phases, others = split_parameters(model)
    if not phases and not others:
        raise InvalidInput("the model has 0 trainable parameters; allowed is at least 1")
    rates = (config.phase_learning_rate or config.learning_rate, config.learning_rate)
    return [
        {"params": group, "lr": rate}
        for group, rate in zip((phases, others), rates, strict=True)
        if group
    ]


def make_scheduler(
    optimiser: torch.optim.Optimizer, config: TrainConfig, steps: int
) -> Scheduler | None:
    total = steps * config.epochs
    if config.schedule == "cosine":
        return CosineAnnealingLR(optimiser, T_max=total)
    if config.schedule == "one-cycle":
        rates = [group["lr"] for group in optimiser.param_groups]
        # Torch's own would give a momentum to an optimiser that has none, or refuse it.
        momentum = any(optimiser.defaults.get(name) for name in ("betas", "momentum"))
        return OneCycleLR(optimiser, rates, total, cycle_momentum=momentum)
    if config.schedule == "plateau":
        return ReduceLROnPlateau(optimiser, factor=0.1, patience=5)
    return None
