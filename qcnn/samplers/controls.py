"""Controls: what may stand in a PQCNN's place, to see what the photons contribute.

Every control has a PQCNN's outcomes and its interface for
:class:`qcnn.QuantumTrain`; :func:`build_generator` makes each from the same size and
seed, so that arms of a comparison share whatever they can. Beside them stand the samplers
without the interference of photons: distinguishable photons in the same mesh, and qubits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn

from qcnn.checks import check_choice, fit_stored, whole_number
from qcnn.machine import check_large, check_memory
from qcnn.samplers.light import DistinguishablePhotons
from qcnn.samplers.pqcnn import PQCNN, check_pqcnn
from qcnn.samplers.qubits import Qubits
from qcnn.samplers.sampler import Sampler, register_sampler
from qcnn.seeds import check_seed, generator


@dataclass(frozen=True)
class _Size:
    """A PQCNN's size alone, for a control whose numbers are brought back."""

    outcomes: int
    phases: int

    def __post_init__(self) -> None:
        whole_number(self.outcomes, "outcomes", 1)
        whole_number(self.phases, "phases", 0)
        check_large(8 * (self.outcomes + self.phases), f"a control of {self.outcomes} outcomes")

    @property
    def trained_phases(self) -> Tensor:
        return torch.zeros(self.phases)

    def __call__(self) -> Tensor:
        return torch.full((self.outcomes,), 1 / self.outcomes)


class Replaced(Protocol):
    """What a control takes from the PQCNN that it replaces."""

    @property
    def outcomes(self) -> int: ...

    @property
    def trained_phases(self) -> Tensor: ...

    def __call__(self) -> Tensor: ...


class Control(Sampler):
    """A distribution without photons, from a PQCNN of the same size.

    Attributes:
        phases: trainable numbers that take the phases' place; none in most controls.
        outcomes: number of outcomes.
        effective_phases: rank of the Jacobian of the distribution.
        fixed_numbers: fixed random numbers it is made of.
    """

    phases: nn.Parameter
    outcomes: int
    effective_phases: int

    def __init__(self, sampler: Replaced, phases: Tensor | None = None) -> None:
        super().__init__()
        self.outcomes = sampler.outcomes
        trained = phases is not None
        self.phases = nn.Parameter(torch.empty(0) if phases is None else phases, trained)
        self.effective_phases = min(self.phases.numel(), self.outcomes - 1)
        self._replaced_phases = sampler.trained_phases.numel()
        self._drawn = 0

    @property
    def fixed_numbers(self) -> int:
        """Fixed random numbers, those in the phases' place among them where they are frozen."""
        return self._drawn + (0 if self.phases.requires_grad else self.phases.numel())

    def describe(self) -> dict[str, Any]:
        """The size; the kind is the class."""
        return {"outcomes": self.outcomes}

    def configuration(self) -> dict[str, Any]:
        """As of every sampler."""
        return {"outcomes": self.outcomes, "phases": self._replaced_phases}

    @classmethod
    def from_configuration(cls, options: object, source: Sampler | None) -> Self:
        """As of every sampler."""
        size = _Size(**fit_stored(options, {"outcomes": int, "phases": int}, "a control"))
        return cls(size, 0)  # type: ignore[arg-type]  # a subclass's, which takes a seed

    @torch.no_grad()
    def response(self) -> tuple[Tensor, Tensor]:
        """The distribution and its Jacobian by the numbers in the phases' place.

        Returns:
            float64 of shapes ``(outcomes,)`` and ``(outcomes, phases)``.
        """
        return self().double(), torch.zeros(self.outcomes, 0, dtype=torch.float64)


@register_sampler("fixed_random")
class FixedRandom(Control):
    """Uniform random numbers, drawn once and kept, divided by their sum."""

    def __init__(self, sampler: Replaced, seed: int) -> None:
        super().__init__(sampler)
        numbers = torch.rand(self.outcomes, generator=generator(seed, "fixed random"))
        self.register_buffer("numbers", numbers / numbers.sum())
        self._drawn = self.outcomes

    def forward(self) -> Tensor:
        return self.get_buffer("numbers")


@register_sampler("redrawn_random")
class RedrawnRandom(Control):
    """Uniform random numbers drawn anew at every pass, the control of arXiv:2505.08474."""

    def __init__(self, sampler: Replaced, seed: int) -> None:
        super().__init__(sampler)
        self._random = generator(seed, "redrawn random")

    def forward(self) -> Tensor:
        numbers = torch.rand(self.outcomes, generator=self._random)
        return numbers / numbers.sum()


@register_sampler("matched_random")
class MatchedRandom(Control):
    """The PQCNN's initial probabilities in a random order, kept.

    Numbers of exactly the same distribution, without the arrangement that interference
    gives them.
    """

    def __init__(self, sampler: Replaced, seed: int) -> None:
        super().__init__(sampler)
        order = torch.randperm(self.outcomes, generator=generator(seed, "matched random"))
        with torch.no_grad():
            self.register_buffer("numbers", sampler()[order])
        self._drawn = self.outcomes

    def forward(self) -> Tensor:
        return self.get_buffer("numbers")


@register_sampler("no_input")
class NoInput(Control):
    """Every outcome equally probable: nothing for a mapping to read."""

    def __init__(self, sampler: Replaced, seed: int) -> None:
        super().__init__(sampler)
        self.register_buffer("numbers", torch.full((self.outcomes,), 1 / self.outcomes))

    def forward(self) -> Tensor:
        return self.get_buffer("numbers")


@register_sampler("classical")
class ClassicalGenerator(Control):
    """Softmax of a fixed random linear map from as many parameters as there are phases.

    Parameters and logits have unit variance at the start.
    """

    def __init__(self, sampler: Replaced, seed: int) -> None:
        count = sampler.trained_phases.numel()
        super().__init__(sampler, torch.randn(count, generator=generator(seed, "phases")))
        check_memory(2 * 8 * self.outcomes * count, f"a map of {count} numbers")
        random = generator(seed, "classical map")
        matrix = torch.randn(self.outcomes, count, generator=random) / max(count, 1) ** 0.5
        self.register_buffer("matrix", matrix)
        self._drawn = matrix.numel()

    def forward(self) -> Tensor:
        return (self.get_buffer("matrix") @ self.phases).softmax(0)

    @torch.no_grad()
    def response(self) -> tuple[Tensor, Tensor]:
        """The distribution and its Jacobian by the parameters, as of every control."""
        found, matrix = self().double(), self.get_buffer("matrix").double()
        return found, found.unsqueeze(1) * (matrix - found @ matrix)


def _trained(sampler: PQCNN, _: int) -> PQCNN:
    return sampler


def _frozen(sampler: PQCNN, _: int) -> PQCNN:
    return sampler.requires_grad_(False)


def _distinguishable(sampler: PQCNN, seed: int) -> DistinguishablePhotons:
    """Distinguishable photons in an equal mesh; with the sampler's own seed its phases, too."""
    return DistinguishablePhotons(**sampler.describe(), seed=seed)


def _qubits(sampler: PQCNN, seed: int) -> Qubits:
    """As few qubits as have its outcomes, in as many layers as come nearest its effective phases.

    >>> _qubits(PQCNN(9, 4, seed=0), 0)  # of 126 outcomes and 44 effective phases
    Qubits(qubits=7, layers=6, phases=42)
    """
    qubits = max(1, (sampler.outcomes - 1).bit_length())
    return Qubits(qubits, max(1, round(sampler.effective_phases / qubits)), seed=seed)


#: What generates a distribution, by name. It is the PQCNN, its frozen self, a control, other light
#: or qubits.
GENERATORS: dict[str, Callable[[PQCNN, int], Sampler]] = {
    "pqcnn": _trained,
    "frozen": _frozen,
    "fixed_random": FixedRandom,
    "redrawn_random": RedrawnRandom,
    "matched_random": MatchedRandom,
    "no_input": NoInput,
    "classical": ClassicalGenerator,
    "distinguishable": _distinguishable,
    "qubits": _qubits,
}


def build_generator(name: str, sampler: PQCNN, seed: int) -> Sampler:
    """What ``name`` puts in the place of ``sampler``.

    Raises:
        InvalidInput: for an unknown name or a sampler that is no PQCNN.

    >>> build_generator("classical", PQCNN(9, 4, seed=0), seed=0).phases.numel()
    72
    """
    check_choice(name, "generator", GENERATORS)
    check_pqcnn(sampler)
    return GENERATORS[name](sampler, check_seed(seed))
