"""What a target is, and the registry."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from torch import nn

from qcnn.checks import LARGEST_COUNT, shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.registry import Registry

ImageShape = tuple[int, int, int]


@dataclass(frozen=True)
class Target(ABC):
    """A family of networks whose weights can be generated.

    Subclasses are frozen dataclasses whose fields, all with defaults, are the options of the
    target.
    """

    @abstractmethod
    def build(
        self, image_shape: ImageShape = (1, 28, 28), classes: int = 10, seed: int = 0
    ) -> nn.Module:
        """The network, initialised reproducibly for ``seed``.

        Args:
            image_shape: channels, height, width; pixels.
            classes: number of logits.
            seed: fixes the initial weights.

        Raises:
            InvalidInput: if there is no such network for images of this shape.
        """

    @abstractmethod
    def count_weights(self, image_shape: ImageShape, classes: int) -> int:
        """Number of weights of the network, found without building it.

        Raises:
            InvalidInput: as :meth:`build`.
        """


registered: Registry[Callable[[], Target]] = Registry("target", "qcnn.targets")
TargetType = TypeVar("TargetType", bound=Callable[..., Target])


def register_target(name: str) -> Callable[[TargetType], TargetType]:
    """Decorator of a target's class, or of a function that returns one with other options.

    Raises:
        InvalidInput: for a name that is taken, or is none (see
            :meth:`qcnn.registry.Registry.enter`).
    """
    return registered.register(name)


def check_image_shape(shape: object) -> ImageShape:
    """(channels, height, width) as ints.

    Raises:
        InvalidInput: for anything but three whole numbers from 1.
    """
    if not isinstance(shape, tuple | list) or len(shape) != 3:
        raise InvalidInput(f"image_shape is {shown(shape)}; allowed are (channels, height, width)")
    names = ("channels", "height", "width")
    channels, height, width = (
        whole_number(size, f"{name} of image_shape", 1, LARGEST_COUNT)
        for size, name in zip(shape, names, strict=True)
    )
    return channels, height, width
