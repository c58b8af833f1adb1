"""What a mapping is, and the registry."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from qcnn.checks import check_sizes, check_types
from qcnn.registry import Registry, mappings
from qcnn.scale import power_of_two_for
from qcnn.targets.layout import Placement, WeightLayout

#: A spread this small beside the largest value is made of single precision's rounding errors:
#: a mean alone is off by up to a few 1e-7.
_SAME = 1e-5

registered: Registry[Callable[..., "Mapping"]] = mappings
MappingType = TypeVar("MappingType", bound="type[Mapping]")


@dataclass(frozen=True)
class Mapping(ABC):
    """A rule that turns probabilities into one number for each weight of a target.

    Subclasses are frozen dataclasses whose fields, all with defaults, are the options of
    the mapping. The numbers become weights by the mapping's ``placement`` (see
    :meth:`qcnn.targets.layout.WeightLayout.placement_terms`).
    """

    #: Combinations of PQCNNs that the mapping accepts, the default first. ``"product"``
    #: hands it one tensor, ``"concatenation"`` one tensor for each PQCNN.
    combinations: ClassVar[tuple[str, ...]] = ("product", "concatenation")
    #: Whether there must be an outcome for every weight.
    one_outcome_per_weight: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check types and sizes of the options; a subclass that checks more calls this first."""
        check_types(self)
        check_sizes(self)

    @abstractmethod
    def build(self, layout: WeightLayout, outcomes: tuple[int, ...], seed: int) -> nn.Module:
        """The module whose ``forward(list of distributions)`` returns ``(weights,)`` numbers.

        Args:
            layout: the weights to generate.
            outcomes: length of each distribution that ``forward`` is given.
            seed: fixes the initial trainable and the fixed random numbers. The latter are the
                buffers of the module that its state dict holds. A module that is also
                :class:`qcnn.mappings.Calibrated` gets to know the samplers before its first use.
        """

    @abstractmethod
    def count_trainable(self, layout: WeightLayout, outcomes: tuple[int, ...]) -> int:
        """Number of trainable parameters of the module that is built."""

    def count_redundant(self, outcomes: tuple[int, ...], phases: tuple[int, ...]) -> int:
        """How many of its trained numbers change the weights in no way that phases do not.

        Args:
            outcomes: of each sampler.
            phases: effective ones of each sampler.
        """
        return 0

    def get_placement(self) -> Placement:
        """How the numbers become weights."""
        return "fan_in"


@runtime_checkable
class Calibrated(Protocol):
    """A mapping's module that depends on how the distributions respond to their phases.

    What it takes from them are buffers of its own, not of its parts, that its state dict does not
    hold; they count among the model's fixed numbers.
    """

    def calibrate(self, responses: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Called once, with each sampler's ``response()`` at its initial phases."""


@runtime_checkable
class Prepares(Protocol):
    """A mapping's module that computes a part of its numbers from its own parameters alone."""

    def prepared(self) -> AbstractContextManager[None]:
        """Inside, where its parameters stay as they are, that part is computed once."""


def register_mapping(name: str) -> Callable[[MappingType], MappingType]:
    """Class decorator that offers a mapping under ``name``, on every command line too.

    Raises:
        InvalidInput: for a name that another mapping or a baseline has, or that is none (see
            :meth:`qcnn.registry.Registry.enter`).
    """
    return registered.register(name)


def one_per_weight(distributions: Sequence[Tensor], weights: int) -> Tensor:
    """The first ``weights`` of all probabilities, one after another."""
    joined = distributions[0] if len(distributions) == 1 else torch.cat(list(distributions))
    return joined[:weights]


def standardise(values: Tensor) -> Tensor:
    """``values`` of any scale shifted and scaled to mean 0 and standard deviation 1.

    Rows of several are brought there each for itself. Values that differ by no more than single
    precision's rounding errors are not told apart: they become 0, or nearly so.

    >>> standardise(torch.tensor([1e-30, 3e-30])), standardise(torch.tensor([7.0, 7.0]))
    (tensor([-1.,  1.]), tensor([0., 0.]))
    """
    # Squares of small numbers vanish, so that the scale goes first: a power of two, which
    # rounds nothing.
    scaled = values * power_of_two_for(values)
    centred = scaled - scaled.mean(dim=-1, keepdim=True)
    if values.shape[-1] == 1:
        return centred
    variance = centred.square().mean(dim=-1, keepdim=True)
    return centred * variance.clamp_min(_SAME**2).rsqrt()


def relative(probabilities: Tensor) -> Tensor:
    """Probabilities in units of their mean: 1 where all are equally probable.

    So a mapping that reads the first of many outcomes sees numbers of order 1, however many
    there are and however improbable those that it reads. They are 0 where all are.

    >>> relative(torch.tensor([1e-30, 3e-30]))
    tensor([0.5000, 1.5000])
    """
    return probabilities / probabilities.mean().clamp_min(torch.finfo(probabilities.dtype).tiny)


def log_probabilities(probabilities: Tensor, outcomes: int, floor: float) -> Tensor:
    """log(p·outcomes + floor): finite, with a bounded gradient, at p = 0 too."""
    return torch.log(probabilities * outcomes + floor)


def index_bits(weights: int) -> int:
    """Number of bits of the largest weight index, 13 for 6,690 weights.

    >>> index_bits(6690), index_bits(1)
    (13, 0)
    """
    return (weights - 1).bit_length()
