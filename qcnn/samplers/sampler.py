"""The protocol of what generates a distribution in a model."""

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

import torch
from torch import Tensor

from qcnn.keeping.state import Described
from qcnn.registry import Registry
from qcnn.showing.plainly import is_written_plainly


class Sampler(Described):
    """What :class:`qcnn.QuantumTrain` takes for a sampler: PQCNNs, noisy ones, controls.

    A subclass has a ``forward()`` that returns the distribution, non-negative, of shape
    ``(outcomes,)`` and sum 1 (of :class:`qcnn.samplers.marginals.Marginals` in Fock space at most
    1), a ``response()``, and these attributes or properties:

    Attributes:
        outcomes: number of outcomes.
        phases: the numbers that are trained, radians where they are phases; empty where there
            are none.
        effective_phases: rank of the Jacobian of the distribution by them, at generic ones.
        fixed_numbers: fixed numbers that it is made of: random ones, untrained phases among
            them, and which of its phases are trained, where these were chosen.
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
    def reads(self) -> "Sampler | None":
        """The sampler whose distribution it makes its own of; None, the default, where none is."""
        return None

    @property
    def source(self) -> "Sampler":
        """What it draws from at last, itself or what is read under noise or in part."""
        return self if self.reads is None else self.reads.source

    def batch_key(self) -> Hashable:
        """Equal for samplers whose phases, stacked, one call of any of them can serve.

        None for one that is called alone, the default.
        """
        return None

    def stack_phases(self, alike: Sequence["Sampler"]) -> Tensor:
        """Phases of samplers of this one's ``batch_key``, shape ``(samplers, phases)``."""
        return torch.stack([sampler.phases for sampler in alike])

    def __repr__(self) -> str:
        """On one line: the samplers inside it, and what was chosen.

        What is of several lines itself is as torch writes it.
        """
        chosen = self.extra_repr() or ", ".join(f"{k}={v!r}" for k, v in self.describe().items())
        inside = [f"{name}={part!r}" for name, part in self.named_children()]
        text = f"{type(self).__name__}({', '.join(filter(None, [*inside, chosen]))})"
        return super().__repr__() if "\n" in text or is_written_plainly() else text

    def distribution_key(self) -> Hashable:
        """Equal for samplers that make the same distribution of the same phases."""
        return id(self)

    def configuration(self) -> dict[str, Any]:
        """The options of :meth:`from_configuration`; anything that JSON can hold.

        Only a kind that is registered (:func:`register_sampler`) is asked.
        """
        raise NotImplementedError

    @classmethod
    def from_configuration(cls, options: object, source: "Sampler | None") -> Self:
        """A sampler like the one that had this configuration, but for what a state dict holds.

        Args:
            options: what was read from a file: not checked, whatever JSON can hold.
            source: what it reads, where that is another one.

        Raises:
            InvalidInput: for options that no sampler of this kind has.
        """
        raise NotImplementedError


#: The noisy ones stand on a higher floor.
registered: Registry[type[Sampler]] = Registry(
    "sampler", "qcnn.samplers", elsewhere=("qcnn.noise.sampler",)
)
SamplerType = TypeVar("SamplerType", bound=type[Sampler])


def register_sampler(name: str) -> Callable[[SamplerType], SamplerType]:
    """Class decorator: models with such a sampler are kept in files, where it has this name.

    Raises:
        InvalidInput: for a name that is taken, or is none (see
            :meth:`qcnn.registry.Registry.enter`).
    """
    return registered.register(name)
