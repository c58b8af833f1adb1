"""What changes the parameters, and at which rate."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
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


def step_a_copy(optimiser: torch.optim.Optimizer) -> torch.optim.Optimizer | None:
    """A copy that has made a step, to see what the optimiser keeps; None where that fails.

    It is of other parameters, of the same shapes, and of a loss of its own, so that nothing of the
    optimiser, its parameters and the random state changes.
    """
    stand_ins = [
        nn.Parameter(torch.zeros(1) if is_lazy(parameter) else torch.zeros_like(parameter.detach()))
        for group in optimiser.param_groups
        for parameter in group["params"]
    ]
    try:
        copied = _copy(optimiser, stand_ins)
        with torch.random.fork_rng(devices=[]):
            copied.step(lambda: _distance(stand_ins))  # type: ignore[arg-type, return-value]
    except Exception:
        # Of whatever kind: an optimiser may hold what cannot be copied, or take sparse gradients
        # alone. What is wrong with it says its first step.
        return None
    return copied


def _copy(optimiser: torch.optim.Optimizer, stand_ins: list[nn.Parameter]) -> torch.optim.Optimizer:
    """All that it has, with other parameters; torch's own copy leaves out what it does not know."""
    copied: torch.optim.Optimizer = object.__new__(type(optimiser))
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    memo: dict[int, Any] = {id(optimiser): copied}
    memo |= {id(p): other for p, other in zip(parameters, stand_ins, strict=True)}
    # A hook may change the model itself, as may the step that a schedule has put before its own.
    held = {
        name: value
        for name, value in vars(optimiser).items()
        if name != "step" and not name.startswith("_optimizer_step_")
    }
    vars(copied).update(copy.deepcopy(held, memo))
    torch.optim.Optimizer.__setstate__(copied, {})  # places for hooks
    return copied


def _distance(parameters: list[nn.Parameter]) -> Tensor:
    """Half the square of their distance from 1, with its gradient."""
    with torch.no_grad():
        for parameter in parameters:
            parameter.grad = parameter - 1
        return torch.stack([(p - 1).abs().double().square().sum() / 2 for p in parameters]).sum()
