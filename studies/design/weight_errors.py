"""How far shots move generated weights, beside what no reading of as many shots can do better.

Errors are root mean squares over the weights, in units of 1/√fan-in of their layer.
"""

from collections.abc import Sequence
from statistics import harmonic_mean
from typing import Any, cast

import torch
from torch import Tensor, nn

from qcnn import PQCNN, Data, QuantumTrain
from qcnn.noise import NoisyPQCNN
from qcnn.samplers.marginals import Marginals
from qcnn.samplers.measured import share_pass
from qcnn.samplers.sampler import Sampler
from qcnn.seeds import generator

#: Of a model under shots: those that each PQCNN accepts, and the error of the weights. Its square
#: goes by the inverse of what each accepts, so that theirs is the harmonic mean.
ACCEPTED, ERROR = "accepted shots", "weight error"
#: Of a model without noise: the error of its weights if PQCNNs that fire equally often accepted one
#: shot each in the harmonic mean, as it reads them and at the least. Of N either is √N times
#: smaller.
READ, LEAST = "error of a shot", "least error of a shot"
_PROBES = 64
#: A direction of the phases this much weaker than the strongest moves nothing.
_RANK = 1e-5


def weight_errors(model: nn.Module, _: Data) -> dict[str, Any]:
    """What shots do to the weights, measured under them and bounded without.

    Under shots ``ACCEPTED`` and ``ERROR``. Without noise:

    ``READ``: of what the model reads, to first order in the deviations of the frequencies (the
    delta method), which are multinomial. It is the Cramér–Rao bound of whoever knows of the
    distribution no more than that it is one, and what is measured tends to it with many shots.

    ``LEAST``: the Cramér–Rao bound of whoever knows the mesh, and so that only the trained phases
    can be others: by the Fisher information of the multinomial by these. No unbiased reading of
    all outcomes is better; ``whitened`` is made to come near it.

    Source: van der Vaart, Asymptotic Statistics (1998), Chapters 3 and 8.
    """
    if not isinstance(model, QuantumTrain):
        return {}
    devices = [device for sampler in model.pqcnns() if (device := _device(sampler)) is not None]
    return _measured(model, devices) if devices else _bounds(model)


def _device(sampler: Sampler) -> NoisyPQCNN | None:
    inner = sampler.sampler if isinstance(sampler, Marginals) else sampler
    return inner if isinstance(inner, NoisyPQCNN) else None


@torch.no_grad()
def _measured(model: QuantumTrain, devices: Sequence[NoisyPQCNN]) -> dict[str, Any]:
    shots = [device.noise.shots * device.measure().accepted_fraction for device in devices]
    exact = [_read(sampler, sampler.source()) for sampler in model.pqcnns()]
    moved = (model.generate() - model.weights_from(exact)) / model.layout.scale
    return {ACCEPTED: harmonic_mean(shots), ERROR: moved.square().mean().sqrt().item()}


def _bounds(model: QuantumTrain) -> dict[str, Any]:
    """Both traces are means over random signs, each a pass backward."""
    sources = [sampler.source for sampler in model.pqcnns()]
    accepted = [_acceptance(source) for source in sources]
    inverse = [harmonic_mean(accepted) / share for share in accepted]
    responses = [source.response() for source in sources]
    fisher = [_inverse_root_of_fisher(*response) for response in responses]
    outcomes = [
        p.to(source.phases.dtype).requires_grad_()
        for source, (p, _) in zip(sources, responses, strict=True)
    ]
    read = [_read(sampler, p) for sampler, p in zip(model.pqcnns(), outcomes, strict=True)]
    numbers = model.weights_from(read) / model.layout.scale
    random = generator(0, "signs of the weights")
    of_outcomes = of_phases = 0.0
    for _ in range(_PROBES):
        signs = 2.0 * torch.randint(2, numbers.shape, generator=random) - 1
        slopes = torch.autograd.grad(numbers @ signs.to(numbers), outcomes, retain_graph=True)
        for slope, (p, jacobian), root, one in zip(slopes, responses, fisher, inverse, strict=True):
            of_outcomes += one * _variance(slope.double(), p)
            of_phases += one * (root @ (jacobian.T @ slope.double())).square().sum().item()
    count = _PROBES * numbers.numel()
    return {READ: (of_outcomes / count) ** 0.5, LEAST: (of_phases / count) ** 0.5}


@torch.no_grad()
def _acceptance(source: Sampler) -> float:
    """The share of all shots that ends in an outcome."""
    pqcnn = cast(PQCNN, source)
    return float(share_pass(pqcnn)(pqcnn.phases.detach()[None])[0, :-1].sum())


def _read(sampler: Sampler, probabilities: Tensor) -> Tensor:
    return sampler.sum_of(probabilities) if isinstance(sampler, Marginals) else probabilities


def _variance(slope: Tensor, probabilities: Tensor) -> float:
    """Of Σ slope·frequency of one shot, multinomial."""
    mean = probabilities @ slope
    return (probabilities @ (slope - mean).square()).item()


def _inverse_root_of_fisher(probabilities: Tensor, jacobian: Tensor) -> Tensor:
    """R with RᵀR the pseudo-inverse of the Fisher information of one shot by the phases."""
    likely = probabilities > 0
    slopes = jacobian[likely] / probabilities[likely].sqrt().unsqueeze(1)
    _, values, right = torch.linalg.svd(slopes, full_matrices=False)
    kept = values > _RANK * values.max() if len(values) else values > 0
    root: Tensor = right[kept] / values[kept].unsqueeze(1)
    return root
