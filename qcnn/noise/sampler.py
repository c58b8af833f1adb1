"""A PQCNN on an imperfect device, for training and for evaluation."""

from collections.abc import Hashable
from typing import Any, Self, cast

import numpy as np
import torch
from torch import Tensor

from qcnn.checks import fit_stored, shown
from qcnn.engines._columns import input_columns
from qcnn.engines._derivatives import is_transformed
from qcnn.errors import InvalidInput, NotDifferentiable
from qcnn.noise._noise import Noise, check_noise, noise_from_text, noise_to_text
from qcnn.noise.device import (
    DRAWN,
    LOCAL,
    Measurement,
    accept,
    check_platform_name,
    chip_errors,
    distort,
    draw_shots,
    measure_distribution,
    normalise,
    phase_errors,
)
from qcnn.noise.partial import probabilities
from qcnn.samplers.pqcnn import PQCNN, check_pqcnn
from qcnn.samplers.sampler import Sampler, register_sampler
from qcnn.seeds import check_seed, derive, generator


@register_sampler("noisy")
class NoisyPQCNN(Sampler):
    """A PQCNN under noise, with its interface for :class:`qcnn.QuantumTrain`.

    In training mode the errors of the phases and the shots are drawn anew at every pass
    from a seeded stream. Gradients are those of the exact probabilities at the drawn
    phases; where shots are drawn they are passed straight through the drawing
    (straight-through estimator: Bengio et al., arXiv:1308.3432). g2 cannot be trained.

    In evaluation mode the device is one chip: the errors of its phases are fixed by the
    seed, as are the shots. :func:`qcnn.evaluate` uses this mode. There are no gradients.

    Under ``Noise()`` it is the PQCNN itself, in both modes.

    Args:
        sampler: the PQCNN; its phases stay its own.
        noise: what the device does.
        seed: fixes every drawing.
        platform: what is asked in evaluation mode where there are shots or g2: ``"local"``, or a
            remote platform by name (:func:`qcnn.noise.measure_distribution`); or ``"drawn"``, the
            shots being drawn at once from exact probabilities, for sources without g2.

    Attributes:
        engine: ``"subsets"``, the sum over subsets of :mod:`qcnn.noise.partial`; the
            PQCNN's own where training needs nothing else.

    >>> NoisyPQCNN(PQCNN(4, 2, seed=0), Noise(shots=1000), seed=0)  # doctest: +ELLIPSIS
    NoisyPQCNN(sampler=PQCNN(modes=4, photons=2, ...), noise='shots=1000')
    """

    kept_attributes = ("seed",)

    def __init__(self, sampler: PQCNN, noise: Noise, seed: int, platform: str = LOCAL) -> None:
        super().__init__()
        check_pqcnn(sampler)
        check_noise(noise)
        check_platform_name(platform)
        self.sampler = sampler
        self.noise = noise
        if platform == DRAWN and noise.g2:
            raise InvalidInput(f"g2 is {shown(noise.g2)} on platform {DRAWN!r}; allowed is 0")
        self.platform = platform
        self.seed = check_seed(seed)
        self._exact = noise.indistinguishability == 1 and noise.shots == 0
        self.engine = sampler.engine if self._exact else "subsets"
        self._errors = generator(seed, "training errors")
        self._shots = np.random.default_rng(derive(seed, "training shots"))
        self._measured: tuple[Tensor, Measurement] | None = None

    def describe(self) -> dict[str, Any]:
        """What the device does, and which it is; its seed and its streams are brought back."""
        platform = {} if self.platform == LOCAL else {"platform": self.platform}
        return {"noise": noise_to_text(self.noise), **platform}

    def configuration(self) -> dict[str, Any]:
        """As of every sampler."""
        return self.describe()

    @classmethod
    def from_configuration(cls, options: object, source: Sampler | None) -> Self:
        """As of every sampler."""
        # The local platform goes without saying.
        named = isinstance(options, dict) and "platform" in options
        hints = {"noise": str} | ({"platform": str} if named else {})
        found = fit_stored(options, hints, "a noisy sampler")
        platform = found.get("platform", LOCAL)
        # Another one than a PQCNN is refused.
        return cls(cast(PQCNN, source), noise_from_text(found["noise"]), 0, platform)

    def set_extra_state(self, state: Tensor) -> None:
        """As of every :class:`qcnn.keeping.state.Described`; the chip is another one then."""
        super().set_extra_state(state)
        check_seed(self.seed)
        self._measured = None

    @property
    def reads(self) -> Sampler:
        """The PQCNN, whose numbers are counted once however often it is read."""
        return self.sampler

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
        """The PQCNN's, without noise: what is derived from it is derived from a simulation."""
        return self.sampler.response()

    def forward(self) -> Tensor:
        """Probabilities or frequencies of the outcomes, shape ``(outcomes,)``, sum 1.

        Raises:
            NothingAccepted: if no shot ends in one of the outcomes.
            InvalidInput: in training mode with g2, and if the photons are too many for the memory.
            NotDifferentiable: in a transformation of torch.func, for counts of a measurement.
        """
        if not self.noise.acting():
            clean: Tensor = self.sampler()
            return clean
        self._check_transformation()
        found = self._train() if self.training else self.measure().distribution
        return found.to(self.phases.dtype)

    def _check_transformation(self) -> None:
        """Counts are numbers outside of torch: a transformation would take them for constants."""
        measured = not self.training or self.noise.shots > 0
        if measured and is_transformed(self.phases):
            raise NotDifferentiable(
                "a transformation of torch.func is asked for of a device that is measured; allowed "
                "is one without shots, in training mode"
            )

    def distribution_key(self) -> Hashable:
        """The PQCNN's: noise makes no effective phases."""
        return self.sampler.distribution_key()

    @torch.no_grad()
    def measure(self) -> Measurement:
        """The fixed device of evaluation mode; see the platforms above."""
        if self._measured is None or not torch.equal(self._measured[0], self.phases):
            self._measured = self.phases.detach().clone(), self._ask_device()
        return self._measured[1]

    def _ask_device(self) -> Measurement:
        noise = self.noise
        drawn = self.platform == DRAWN
        if self.platform not in (LOCAL, DRAWN) or noise.g2 or (noise.shots and not drawn):
            return measure_distribution(self.sampler, noise, self.seed, self.platform)
        shares = self._weights(self.phases + chip_errors(self.sampler, noise, self.seed))
        if noise.shots:
            random = np.random.default_rng(derive(self.seed, "shots"))
            counts = draw_shots(shares.double().numpy(), noise.shots, random)
            shares = torch.from_numpy(counts[:-1] / noise.shots)
        return accept(shares, noise)

    def _train(self) -> Tensor:
        for kind, level in self.noise.acting():
            if not kind.trainable:
                raise InvalidInput(
                    f"{kind.name} is {shown(level)} in training; allowed is {kind.perfect:g}, as "
                    f"{kind.name} is only evaluated"
                )
        phases = self.phases + phase_errors(self.sampler, self.noise, self._errors)
        if self._exact:
            clean: Tensor = self.sampler(phases)
            return distort(clean, self.noise)
        weights = self._weights(phases)
        exact = normalise(weights, self.noise)
        if self.noise.shots == 0:
            return exact
        drawn = draw_shots(weights.detach().double().numpy(), self.noise.shots, self._shots)
        frequencies = normalise(torch.from_numpy(drawn[:-1] / self.noise.shots), self.noise)
        return frequencies + (exact - exact.detach())

    def _weights(self, phases: Tensor) -> Tensor:
        """Probability of each outcome among all shots, for a source without g2."""
        sampler, noise = self.sampler, self.noise
        columns = input_columns(sampler.mesh, sampler.input_state, phases)
        occupied = [count for count in sampler.input_state if count]
        photon_columns = [column for column, count in enumerate(occupied) for _ in range(count)]
        arriving = (noise.brightness * noise.transmittance) ** sampler.photons
        return arriving * probabilities(columns, photon_columns, sampler.space, noise.overlap)
