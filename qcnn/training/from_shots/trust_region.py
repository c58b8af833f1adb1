"""COBYLA on a loss that is read from shots, until a number of evaluations is used up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import nn

from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.machine import one_blas_thread
from qcnn.training.from_shots.config import LAST_RADIUS

_Values = NDArray[np.float64]


@dataclass
class _Search:
    """One search of COBYLA's: what is lowered, and the lowest that was found of it."""

    loss: Callable[[], float]
    after: Callable[[], None]
    parameters: Sequence[nn.Parameter]
    lowest: float = inf
    place: _Values = field(default_factory=lambda: np.empty(0))

    def evaluate(self, values: _Values) -> float:
        _put(self.parameters, values)
        found = self.loss()
        if found < self.lowest:
            self.lowest, self.place = found, values.copy()
        # What is recorded is the best so far, not a trial.
        _put(self.parameters, self.place)
        self.after()
        return found


@torch.no_grad()
def lower_by_evaluations(
    parameters: Sequence[nn.Parameter],
    draw_loss: Callable[[], Callable[[], float]],
    after: Callable[[], None],
    evaluations: int,
    trust_radius: float,
) -> None:
    """Put the parameters where COBYLA has read the lowest loss.

    Where it ends before the evaluations are used up it begins anew, on another loss and from what
    it has found, unless too few are left for a first simplex.

    Args:
        parameters: changed in place, all together.
        draw_loss: a function that evaluates the loss, with noise, on examples of its own.
        after: called after each evaluation, with the parameters at the lowest loss so far.
        evaluations: how many there are, at least the number of parameters + 2.
        trust_radius: COBYLA's initial trust-region radius.

    Raises:
        InvalidInput: for too few evaluations.
    """
    variables = sum(parameter.numel() for parameter in parameters)
    least = variables + 2
    if evaluations < least:
        raise InvalidInput(
            f"the number of COBYLA's evaluations is {shown(evaluations)}; allowed with {variables} "
            f"parameters are whole numbers from {least}"
        )
    left = evaluations
    while left >= least:
        search = _Search(draw_loss(), after, parameters)
        start = torch.cat([each.flatten() for each in parameters]).double().numpy()
        with one_blas_thread():
            found = minimize(
                search.evaluate,
                start,
                method="COBYLA",
                options={"maxiter": left, "rhobeg": trust_radius, "tol": LAST_RADIUS},
            )
        left -= found.nfev


def _put(parameters: Sequence[nn.Parameter], values: _Values) -> None:
    sizes = [parameter.numel() for parameter in parameters]
    parts = torch.from_numpy(values).split(sizes)
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.copy_(part.view(parameter.shape))
