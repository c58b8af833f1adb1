"""What a baseline is, and the registry."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from torch import nn

from qcnn.checks import check_sizes, check_types, shown
from qcnn.errors import InvalidInput
from qcnn.registry import Registry, baselines

registered: Registry[Callable[..., "Baseline"]] = baselines
BaselineType = TypeVar("BaselineType", bound="type[Baseline]")


@dataclass(frozen=True)
class Baseline(ABC):
    """A way to train a target with fewer numbers than it has weights.

    Subclasses are frozen dataclasses whose fields, all with defaults, are the options of
    the baseline.
    """

    def __post_init__(self) -> None:
        """Check types and sizes of the options; a subclass that checks more calls this first."""
        check_types(self)
        check_sizes(self)

    @abstractmethod
    def build(self, target: nn.Module, seed: int) -> nn.Module:
        """The model to train: a :class:`qcnn.GeneratedNetwork`, or the target itself.

        Args:
            target: any module with parameters that require gradients. It is left alone.
            seed: fixes the initial and the fixed random numbers.

        Raises:
            InvalidInput: if the target is not one that the options allow.
        """


def register_baseline(name: str) -> Callable[[BaselineType], BaselineType]:
    """Class decorator that offers a baseline under ``name``, as a study's mapping too.

    Raises:
        InvalidInput: for a name that another baseline or a mapping has, or that is none (see
            :meth:`qcnn.registry.Registry.enter`).
    """
    return registered.register(name)


def check_count(value: int, name: str, weights: int, least: int = 1) -> None:
    """Raises InvalidInput unless a number of numbers suits a target of ``weights`` weights."""
    if not least <= value <= weights:
        raise InvalidInput(
            f"{name} is {shown(value)}; allowed for {weights} weights are {least} to {weights}"
        )
