"""What a study can look at in a model beside its accuracy."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from qcnn import Data, InvalidInput, QuantumTrain
from qcnn.seeds import generator
from qcnn.training.evaluation import predict
from qcnn.training.optimiser import split_parameters
from qcnn.weights.together import run_together

#: When a study looks at a model.
START, END = "start", "end"
QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
#: What is found of a model with phases, each as its quantiles.
_FOUND = {"weights", "response", "gradients"}
_IMAGES = 500
_PROBES = 32
#: What a model's PQCNNs take, in seconds, as a row names it.
PASS_SECONDS = "quantum pass seconds"
_PASSES = 10


def weights_and_gradients(model: nn.Module, data: Data) -> dict[str, Any]:
    """Quantiles of what a model generates and of what its phases feel, by their level.

    Returns:
        ``weights``: of all the network's weights; ``saturated``: the share of them within
        0.001 of ±1 (a fraction); ``response``: of the root mean square change of a weight
        by each phase (1/radian); ``gradients``: of the absolute derivative of the loss,
        the mean cross-entropy of the first 500 training images, by each phase (1/radian).
        Nothing for a model without phases.
    """
    if not isinstance(model, QuantumTrain):
        return {}
    logits = predict(model, data.train_images[:_IMAGES].clone(), data.classes)
    loss = cross_entropy(logits, data.train_labels[:_IMAGES])
    phases, _ = split_parameters(model)
    gradients = torch.cat([g.abs() for g in torch.autograd.grad(loss, phases)])
    weights = torch.cat([value.flatten() for value in model.weights().values()])
    saturated = ((weights.detach().abs() - 1).abs() < 1e-3).double().mean().item()
    return {
        "weights": _quantiles(weights.detach()),
        "saturated": saturated,
        "response": _quantiles(_response(weights, phases)),
        "gradients": _quantiles(gradients),
    }


def quantum_pass(model: nn.Module, _: Data) -> dict[str, Any]:
    """How long all PQCNNs of a model take, forward and backward.

    Returns:
        the least time of ten passes, in seconds; nothing for a model without trained phases.
    """
    if not isinstance(model, QuantumTrain):
        return {}
    phases = [phase for phase in model.phase_parameters() if phase.requires_grad]
    if not phases:
        return {}
    found = []
    for _number in range(_PASSES):
        begun = time.perf_counter()
        total = torch.stack([row.square().sum() for row in run_together(model.pqcnns()).rows()])
        torch.autograd.grad(total.sum(), phases)
        found.append(time.perf_counter() - begun)
    return {PASS_SECONDS: min(found)}


def measured_moments(text: str, *names: str) -> dict[str, dict[str, Any]]:
    """What a row says was found, by the moment when it was looked for; those with all ``names``."""
    moments: dict[str, dict[str, Any]] = json.loads(text or "{}")
    return {moment: found for moment, found in moments.items() if found.keys() >= set(names)}


def check_measured(moments: Mapping[str, Any]) -> None:
    """Check what a row says that a study has looked at, by the moment when it did.

    Raises:
        InvalidInput: for another moment, for what is no number, and for a part of what
            :func:`weights_and_gradients` finds.
    """
    for moment, found in moments.items():
        if moment not in (START, END) or not isinstance(found, dict):
            raise InvalidInput(
                f"measured holds {moment[:60]!r}; allowed are {START} and {END} with what was "
                "found then"
            )
        for name, value in found.items():
            if not _are_numbers(value):
                raise InvalidInput(
                    f"measured holds {name[:60]!r} that is no number; allowed are numbers"
                )
        if not (found.keys().isdisjoint(_FOUND) or _are_quantiles(found)):
            raise InvalidInput(
                f"measured holds {', '.join(found)[:100]!r} at the {moment}; allowed are all of "
                f"{', '.join(sorted(_FOUND))}, with the quantiles of each"
            )


def _are_numbers(value: Any) -> bool:
    """Whether a value is a number, or some by name or in a list."""
    if isinstance(value, dict | list):
        return all(map(_are_numbers, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int | float)


def _are_quantiles(found: Mapping[str, Any]) -> bool:
    levels = {f"{level:g}" for level in QUANTILES}
    each = [found[name] for name in _FOUND if name in found]
    return (
        "saturated" in found
        and len(each) == len(_FOUND)
        and all(
            isinstance(quantiles, dict)
            and quantiles.keys() == levels
            and all(isinstance(value, int | float) for value in quantiles.values())
            for quantiles in each
        )
    )


def _response(weights: torch.Tensor, phases: Sequence[torch.Tensor]) -> torch.Tensor:
    """Root mean square of each column of the Jacobian of the weights by the phases.

    Estimated: the square of a column's product with random signs has the mean of the
    column's squared length.
    """
    random = generator(0, "signs of the response")
    total = torch.zeros(sum(phase.numel() for phase in phases))
    for _ in range(_PROBES):
        signs = 2.0 * torch.randint(2, weights.shape, generator=random) - 1
        found = torch.autograd.grad(weights @ signs, phases, retain_graph=True)
        total += torch.cat(found).square()
    return (total / (_PROBES * weights.numel())).sqrt()


def _quantiles(values: torch.Tensor) -> dict[str, float]:
    levels = torch.tensor(QUANTILES, dtype=torch.float64)
    found = values.double().quantile(levels).tolist()
    return {f"{level:g}": value for level, value in zip(QUANTILES, found, strict=True)}
