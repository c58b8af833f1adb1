"""A PQCNN of which nothing is known but shots: its distribution, and its gradient as well.

Both come from the shares that its outcomes have in all shots, to which the parameter-shift rule
(:mod:`qcnn.samplers.shifts`) applies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qcnn.checks import MOST_SHOTS, shown, whole_number
from qcnn.engines import Engine, build_engine
from qcnn.errors import InvalidInput, NothingAccepted
from qcnn.optics.circuit import LinearCircuit
from qcnn.optics.fock import enumerate_states
from qcnn.samplers.pqcnn import PQCNN, check_pqcnn
from qcnn.samplers.sampler import Sampler
from qcnn.samplers.shifts import post_selected_gradient, shift_rule, shifted_phases
from qcnn.seeds import check_seed, derive


@dataclass(frozen=True, eq=False)
class SharePass:
    """What gives the share of all shots that ends in each outcome, and in none, from phases.

    Attributes:
        run: probabilities of all outcomes in Fock space.
        kept: places of the sampler's among these.
    """

    run: Engine
    kept: Tensor

    def __call__(self, phases: Tensor) -> Tensor:
        """
        Args:
            phases: all phases, shape ``(batch, phases)``, radians.

        Returns:
            float64 of shape ``(batch, outcomes + 1)``, rows of sum 1. The last share is rejected:
            of shots with collisions where the sampler keeps none.
        """
        every = self.run(phases.double())
        kept = every.index_select(1, self.kept)
        if kept.shape == every.shape:
            return torch.nn.functional.pad(kept, (0, 1))
        rejected = (1 - kept.sum(dim=1, keepdim=True)).clamp_min(0)
        return torch.cat([kept, rejected], dim=1)


def share_pass(sampler: PQCNN) -> SharePass:
    """The shares of all shots that a sampler's outcomes have, with a perfect source and chip.

    Raises:
        InvalidInput: for anything but a PQCNN in a mesh with a photon at least: in a circuit a
            phase may stand in several places, and act more than once.
    """
    check_pqcnn(sampler)
    mesh = sampler.mesh
    if isinstance(mesh, LinearCircuit):
        raise InvalidInput(
            f"sampler is {shown(sampler)}; allowed for the parameter-shift rule are PQCNNs in a "
            "mesh, each of whose phases stands on one mode"
        )
    photons = whole_number(sampler.photons, "photons", 1)
    run = build_engine(sampler.engine, mesh, photons, "fock", sampler.input_state, torch.float64)
    states = enumerate_states(mesh.modes, photons, "fock")
    any_is_kept = sampler.space == "fock"
    kept = [place for place, state in enumerate(states) if any_is_kept or max(state) == 1]
    return SharePass(run, torch.tensor(kept))


def trained_places(sampler: PQCNN) -> Tensor:
    """Places of the trained phases among all, in their order."""
    if sampler._places is None:
        return torch.arange(sampler.mesh.phases)
    return sampler._places


@torch.no_grad()
def shift_jacobian(sampler: PQCNN) -> tuple[Tensor, Tensor]:
    """The shares of all shots and their Jacobian by the trained phases, by the shift rule.

    Args:
        sampler: as of :func:`share_pass`.

    Returns:
        float64 of shapes ``(outcomes + 1,)``, the last share being rejected, and
        ``(outcomes + 1, trained phases)``, in 1/radian: exact up to rounding errors.

    Raises:
        InvalidInput: as of :func:`share_pass`.
    """
    run = share_pass(sampler)
    shifts, coefficients = shift_rule(sampler.photons)
    phases = sampler.phases.detach().double()
    moved = shifted_phases(phases, trained_places(sampler), shifts)
    shares = run(moved.flatten(0, 1)).unflatten(0, moved.shape[:2])
    return run(phases[None])[0], torch.einsum("s,pso->op", coefficients, shares)


class MeasuredPQCNN(Sampler):
    """A PQCNN on a device without noise, of which a finite number of shots is all that is seen.

    In training mode every pass fires ``shots`` shots and returns the frequencies of the accepted
    outcomes. A gradient through it is estimated by the photonic parameter-shift rule
    (:mod:`qcnn.samplers.shifts`) from as many shots again, at shifted phases: each trained phase
    has an equal part of them, and each of its 2n shifts a part that is proportional to the absolute
    value of its coefficient, which makes the variance smallest where all shifts have equal ones
    (arXiv:2107.12390). The estimated Jacobian of the shares of all shots is free of bias; that of
    the renormalised outcomes, as a quotient, has one of the order of 1/shots.

    In evaluation mode it is the PQCNN itself, and nothing is fired.

    Args:
        sampler: the PQCNN, in a mesh; its phases stay its own.
        shots: how often the source fires in a pass, and again for its gradient; at least 2n for
            each trained phase.
        seed: fixes every drawing.

    Attributes:
        spent: shots that were fired so far.

    Raises:
        InvalidInput: for samplers that have no such rule, or too few shots.
    """

    kept_attributes = ("spent",)

    def __init__(self, sampler: PQCNN, shots: int, seed: int) -> None:
        super().__init__()
        self._shares = share_pass(sampler)
        self.sampler = sampler
        self.places = trained_places(sampler)
        least = max(1, 2 * sampler.photons * len(self.places))
        self.shots = whole_number(shots, "shots", least, MOST_SHOTS)
        self.spent = 0
        self._random = np.random.default_rng(derive(check_seed(seed), "shots"))

    def describe(self) -> dict[str, Any]:
        """How often it fires; its stream of random numbers is brought back."""
        return {"shots": self.shots}

    @property
    def source(self) -> Sampler:
        """The PQCNN, whose numbers are counted once however often it is read."""
        return self.sampler

    @property
    def engine(self) -> str:  # type: ignore[override]
        """The PQCNN's."""
        return self.sampler.engine

    @property
    def phases(self) -> Tensor:
        """The PQCNN's phases, radians."""
        return self.sampler.phases

    @property
    def outcomes(self) -> int:
        """Number of outcomes."""
        return self.sampler.outcomes

    @property
    def effective_phases(self) -> int:
        """The PQCNN's."""
        return self.sampler.effective_phases

    @property
    def fixed_numbers(self) -> int:
        """The PQCNN's."""
        return self.sampler.fixed_numbers

    def response(self) -> tuple[Tensor, Tensor]:
        """The PQCNN's exact one: what is derived from it is derived from a simulation."""
        return self.sampler.response()

    def forward(self) -> Tensor:
        """Frequencies of the outcomes, shape ``(outcomes,)``, sum 1; probabilities in evaluation.

        Raises:
            NothingAccepted: if no shot ends in one of the outcomes.
        """
        if not self.training:
            exact: Tensor = self.sampler()
            return exact
        if not torch.is_grad_enabled():
            return self.read()[0]
        found: Tensor = _Read.apply(self.sampler.trained_phases, self)  # type: ignore[no-untyped-call]
        return found

    @torch.no_grad()
    def read(self) -> tuple[Tensor, Tensor]:
        """Frequencies of the accepted outcomes, and the shares of all shots that they come from.

        Returns:
            shapes ``(outcomes,)`` and ``(outcomes + 1,)``, the latter float64.

        Raises:
            NothingAccepted: if no shot ends in one of the outcomes.
        """
        shares = self.measure_shares()
        accepted = shares[:-1].sum()
        if not accepted:
            raise NothingAccepted(
                f"of {self.shots} shots none ends in one of the sampler's outcomes"
            )
        return (shares[:-1] / accepted).to(self.sampler.trained_phases.dtype), shares

    def measure_shares(self) -> Tensor:
        """Shares of the shots by outcome, the last one rejected: ``(outcomes + 1,)``, float64."""
        exact = self._shares(self.phases.detach()[None])
        return self._fire(exact, np.array([self.shots]))[0]

    def measure_jacobian(self) -> Tensor:
        """Jacobian of the shares by the trained phases, estimated from shots.

        Returns:
            float64 of shape ``(outcomes + 1, trained phases)``, 1/radian; free of bias.
        """
        return self._jacobian_at(self.phases.detach())

    def _jacobian_at(self, phases: Tensor) -> Tensor:
        shifts, coefficients = shift_rule(self.sampler.photons)
        moved = shifted_phases(phases.double(), self.places, shifts)
        exact = self._shares(moved.flatten(0, 1)).unflatten(0, moved.shape[:2])
        parts = equal_parts(self.shots, len(self.places))
        shots = np.array([divide_shots(part, coefficients.abs().tolist()) for part in parts])
        return torch.einsum("s,pso->op", coefficients, self._fire(exact, shots))

    def _fire(self, exact: Tensor, shots: NDArray[np.int64]) -> Tensor:
        """Frequencies of shots from shares of shape ``(…, outcomes + 1)``, as many as of each."""
        shares = exact.numpy()
        # NumPy refuses shares whose sum rounding has lifted above 1.
        counts = self._random.multinomial(shots, shares / shares.sum(axis=-1, keepdims=True))
        self.spent += int(shots.sum())
        return torch.from_numpy(counts / shots[..., None])


class _Read(torch.autograd.Function):
    """A reading for torch's automatic differentiation, whose backward pass fires shots as well."""

    @staticmethod
    def forward(ctx: Any, trained: Tensor, device: MeasuredPQCNN) -> Tensor:
        frequencies, shares = device.read()
        # A copy: the phases may change in place before the backward pass.
        ctx.device, ctx.phases, ctx.shares = device, device.phases.detach().clone(), shares
        return frequencies

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> tuple[Tensor, None]:
        by_shares = post_selected_gradient(ctx.shares, cotangent.double())
        gradient = by_shares @ ctx.device._jacobian_at(ctx.phases)
        return gradient.to(cotangent.dtype), None


def equal_parts(shots: int, parts: int) -> list[int]:
    """Shots in parts that differ by one at most.

    >>> equal_parts(8, 3)
    [3, 3, 2]
    """
    return [shots // parts + (place < shots % parts) for place in range(parts)]


def divide_shots(shots: int, weights: Sequence[float]) -> list[int]:
    """Shots in parts of one at least, what is left in proportion to the weights.

    Raises:
        InvalidInput: for fewer shots than weights.

    >>> divide_shots(12, [3.0, 1.0])
    [9, 3]
    """
    left = shots - len(weights)
    if left < 0:
        raise InvalidInput(
            f"shots is {shown(shots)}; allowed for {len(weights)} evaluations are whole numbers "
            f"from {len(weights)}"
        )
    # Ends of the parts, so that no shot is lost; the last is exact where floating-point numbers
    # are not, from 2⁵³ shots on.
    rounded = np.round(left * np.cumsum(weights) / np.sum(weights)).tolist()
    ends = [min(int(end), left) for end in rounded[:-1]] + [left]
    return [1 + end - start for start, end in pairwise([0, *ends])]
