"""The protocol of what generates a distribution in a model."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from qcnn.keeping.state import Described


class Sampler(Described):
    """What :class:`qcnn.QuantumTrain` takes for a sampler: PQCNNs, noisy ones, controls.

    A subclass has a ``forward()`` that returns the distribution, non-negative, of shape
    ``(outcomes,)`` and sum 1, a ``response()``, and these attributes or properties:

    Attributes:
        outcomes: number of outcomes.
        phases: the numbers that are trained, radians where they are phases; empty where there
            are none.
        effective_phases: rank of the Jacobian of the distribution by them, at generic ones.
        fixed_numbers: fixed random numbers that it is made of, untrained phases among them.
        engine: what computes the quantum pass; ``"none"`` where there is none.
    """

    engine = "none"

    if TYPE_CHECKING:  # as properties they would keep a subclass from setting attributes

        @property
        def outcomes(self) -> int: ...

        @property
        def phases(self) -> Tensor: ...

        @property
        def effective_phases(self) -> int: ...

        @property
        def fixed_numbers(self) -> int: ...

    def response(self) -> tuple[Tensor, Tensor]:
        """The distribution and its Jacobian by the trained numbers, at the present ones.

        Returns:
            float64 of shapes ``(outcomes,)`` and ``(outcomes, trained numbers)``.
        """
        raise NotImplementedError

    @property
    def source(self) -> "Sampler":
        """What it draws from: itself, or what is read under its noise."""
        return self

    def batch_key(self) -> Hashable:
        """Equal for samplers whose phases, stacked, one call of any of them can serve.

        None for one that is called alone, the default.
        """
        return None

    def stack_phases(self, alike: Sequence["Sampler"]) -> Tensor:
        """Phases of samplers of this one's ``batch_key``, shape ``(samplers, phases)``."""
        return torch.stack([sampler.phases for sampler in alike])

    def distribution_key(self) -> Hashable:
        """Equal for samplers that make the same distribution of the same phases."""
        return id(self)
