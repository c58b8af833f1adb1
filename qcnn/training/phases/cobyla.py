"""Phases fitted without gradients, by COBYLA."""

from collections.abc import Sequence
from contextlib import nullcontext
from math import isfinite

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from qcnn.errors import DivergedError
from qcnn.machine import one_blas_thread
from qcnn.training.batches import check_batch, evaluating
from qcnn.training.evaluation import predict
from qcnn.training.pooling import PoolByMaximum
from qcnn.weights.generated import GeneratedNetwork

#: Radians; SciPy's default, at which COBYLA stops before its evaluations are used up.
LAST_RADIUS = 1e-4
#: Radians; phases return after 2π.
LARGEST_RADIUS = 1e3


@torch.no_grad()
def fit_phases(
    model: nn.Module,
    phases: Sequence[nn.Parameter],
    images: Tensor,
    labels: Tensor,
    *,
    evaluations: int,
    trust_radius: float,
    epoch: int,
) -> None:
    """Put the phases, all together, where COBYLA finds the lowest loss on one batch.

    The loss is the cross-entropy in evaluation mode. It never ends above its start.

    Args:
        model: from images to logits.
        phases: parameters of the model, radians; changed in place.
        images: the batch, shape ``(N, channels, height, width)``.
        labels: shape ``(N,)``.
        evaluations: how often the loss may be computed, at least the number of phases + 2.
        trust_radius: COBYLA's initial trust-region radius, radians.
        epoch: for the error.

    Raises:
        DivergedError: if the loss at any trial phases is not finite.
        InvalidInput: if the model does not take the images, or returns no logits for them.

    Source: arXiv:2505.08474, training of the boson samplers.
    """
    classes = check_batch(images, labels)
    sizes = [phase.numel() for phase in phases]

    def put(values: np.ndarray) -> None:
        for phase, part in zip(phases, torch.from_numpy(values).split(sizes), strict=True):
            phase.copy_(part.view(phase.shape))

    def loss_at(values: np.ndarray) -> float:
        put(values)
        logits = predict(model, images.clone(), classes)
        loss = cross_entropy(logits, labels.long()).item()
        if not isfinite(loss):
            raise DivergedError(epoch, f"the loss at COBYLA's trial phases is {loss}")
        return loss

    start = torch.cat([phase.flatten() for phase in phases]).double().numpy()
    prepared = model.prepared() if isinstance(model, GeneratedNetwork) else nullcontext()
    with evaluating(model), prepared, PoolByMaximum(), one_blas_thread():
        found = minimize(
            loss_at,
            start,
            method="COBYLA",
            options={"maxiter": evaluations, "rhobeg": trust_radius, "tol": LAST_RADIUS},
        )
    put(found.x)
