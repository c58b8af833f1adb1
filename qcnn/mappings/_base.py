"""What a mapping is, and the registry."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from qcnn.errors import InvalidInput
from qcnn.layout import Placement, WeightLayout

registered: dict[str, Callable[..., "Mapping"]] = {}
MappingType = TypeVar("MappingType", bound="type[Mapping]")


@dataclass(frozen=True)
class Mapping(ABC):
    """A rule that turns probabilities into one number for each weight of a target.

    Subclasses are frozen dataclasses whose fields, all with defaults, are the options of
    the mapping. The numbers become weights by the mapping's ``placement`` (see
    :meth:`qcnn.layout.WeightLayout.placement_terms`).
    """

    #: Combinations of PQCNNs that the mapping accepts, the default first. ``"product"``
    #: hands it one tensor, ``"concatenation"`` one tensor for each PQCNN.
    combinations: ClassVar[tuple[str, ...]] = ("product", "concatenation")
    #: Whether there must be an outcome for every weight.
    one_outcome_per_weight: ClassVar[bool] = True

    @abstractmethod
    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        """The module whose ``forward(list of distributions)`` returns ``(weights,)`` numbers.

        Args:
            layout: the weights to generate.
            outcomes: length of each distribution that ``forward`` is given.
            seed: fixes the initial trainable and the fixed random numbers. The latter are the
                buffers of the module that its state dict holds. A module that is also
                :class:`Calibrated` gets to know the samplers before its first use.
        """

    @abstractmethod
    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        """Number of trainable parameters of the module that is built."""

    def get_placement(self) -> Placement:
        """How the numbers become weights."""
        return "fan_in"


@runtime_checkable
class Calibrated(Protocol):
    """A mapping's module that depends on how the distributions respond to their phases."""

    def calibrate(self, responses: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Called once, with each sampler's ``response()`` at its initial phases."""


def register_mapping(name: str) -> Callable[[MappingType], MappingType]:
    """Class decorator that offers a mapping under ``name``, on every command line too."""

    def register(mapping: MappingType) -> MappingType:
        registered[name] = mapping
        return mapping

    return register


def one_per_weight(distributions: Sequence[Tensor], weights: int) -> Tensor:
    """The first ``weights`` of all probabilities, one after another."""
    joined = distributions[0] if len(distributions) == 1 else torch.cat(list(distributions))
    return joined[:weights]


def standardise(values: Tensor) -> Tensor:
    """``values`` of order 1 shifted and scaled to mean 0 and standard deviation 1.

    Values that do not differ become 0, not their rounding errors enlarged.
    """
    spread = values.std(correction=0) if values.numel() > 1 else values.new_ones(())
    return (values - values.mean()) / spread.clamp_min(1e-3)


def log_probabilities(probabilities: Tensor, outcomes: int, floor: float) -> Tensor:
    """log(p·outcomes + floor): finite, with a bounded gradient, at p = 0 too."""
    return torch.log(probabilities * outcomes + floor)


def check_choice(value: str, name: str, allowed: Sequence[str]) -> None:
    """Raises InvalidInput if an option has a value that does not exist."""
    if value not in allowed:
        raise InvalidInput(f"{name} is {value!r}; allowed are {', '.join(allowed)}")


def index_bits(weights: int) -> int:
    """Number of bits of the largest weight index, 13 for 6,690 weights.

    >>> index_bits(6690), index_bits(1)
    (13, 0)
    """
    return (weights - 1).bit_length()
