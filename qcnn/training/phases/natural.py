"""Adam in natural coordinates of the phases: those in which all move a distribution alike."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.samplers.response import root_jacobian
from qcnn.samplers.sampler import Sampler
from qcnn.training.optimiser import Groups, MakeOptimiser
from qcnn.weights.quantum_train import QuantumTrain

#: Steps between two looks at how the distributions respond.
_EVERY = 5
#: By this share of the largest eigenvalue all those of the Fisher information are raised.
_DAMPING = 1e-3
#: Of Adam, as torch has them.
_BETAS, _LEAST = (0.9, 0.999), 1e-8


def natural_adam(model: nn.Module) -> MakeOptimiser:
    """What makes the optimiser for ``train(model, …, optimiser=natural_adam(model))``.

    The gradient by the phases φ of each sampler is taken in coordinates u with du = F^½ dφ, F
    being the Fisher information of its distribution, in which Adam makes its step; so phases that
    hardly move the distribution turn further. A rate is a length in Fisher's metric for each
    coordinate. All other parameters have Adam itself. F is the simulated one, at
    the phases of every fifth step.

    Raises:
        InvalidInput: for a model without trained phases, or a sampler that trains something else.

    Source: the natural gradient of Amari, Neural Computation 10, 251 (1998).

    >>> from qcnn import PQCNN, TrainConfig, load_data, target_from_text, train
    >>> samplers = [PQCNN(5, 2, mesh="minimal", seed=seed) for seed in range(10)]
    >>> data = load_data("digits")
    >>> target = target_from_text("cnn2202").build(data.image_shape, data.classes)
    >>> model = QuantumTrain(target, samplers, "roots")
    >>> config = TrainConfig(epochs=1, learning_rate=0.01)
    >>> result = train(model, data, config, optimiser=natural_adam(model))
    >>> result.last.train.accuracy > 0.1
    True
    """
    if not isinstance(model, QuantumTrain):
        raise InvalidInput(f"model is {shown(model)}; allowed is a QuantumTrain")
    samplers: dict[nn.Parameter, Sampler] = {}
    for sampler in model.pqcnns():
        trained = [p for p in sampler.parameters() if p.requires_grad and p.numel()]
        if len(trained) > 1:
            raise InvalidInput(
                f"the number of tensors that a sampler trains is {len(trained)}; allowed is 1"
            )
        samplers |= {trained[0]: sampler} if trained else {}
    if not samplers:
        raise InvalidInput("the model has 0 trained phases; allowed is at least 1")
    return lambda groups: _NaturalAdam(groups, samplers)


class _NaturalAdam(torch.optim.Optimizer):
    def __init__(self, groups: Groups, samplers: Mapping[nn.Parameter, Sampler]) -> None:
        super().__init__(groups, {"betas": _BETAS})
        self.samplers = samplers

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, group)
        return loss

    def _move(self, parameter: nn.Parameter, group: dict[str, Any]) -> None:
        gradient, state = parameter.grad, self.state[parameter]
        assert isinstance(gradient, Tensor)  # step asks for no other
        if not state:
            state["step"] = torch.tensor(0)
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        sampler = self.samplers.get(parameter)
        if sampler is not None:
            if state["step"] % _EVERY == 0:
                state["turn"] = inverse_root_of_information(sampler).to(parameter)
            gradient = state["turn"] @ gradient
        state["step"] += 1
        first, second = group["betas"]
        state["exp_avg"].lerp_(gradient, 1 - first)
        state["exp_avg_sq"].lerp_(gradient.square(), 1 - second)
        count = int(state["step"])
        mean = state["exp_avg"] / (1 - first**count)
        spread = (state["exp_avg_sq"] / (1 - second**count)).sqrt()
        moved = mean / (spread + _LEAST)
        if sampler is not None:
            moved = state["turn"] @ moved
        parameter.sub_(moved, alpha=group["lr"])


def inverse_root_of_information(sampler: Sampler) -> Tensor:
    """F^−½ of a sampler's damped Fisher information, float64, shape ``(phases, phases)``."""
    roots = 2 * root_jacobian(*sampler.response())
    values, vectors = torch.linalg.eigh(roots.T @ roots)
    raised = values.clamp_min(0) + _DAMPING * values.max()
    inverse: Tensor = (vectors * raised.rsqrt()) @ vectors.T
    return inverse
