"""What a target is, and the registry."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

from torch import nn

from qcnn.checks import LARGEST_COUNT, shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.keeping.fingerprint import BUILT_AS
from qcnn.registry import Registry
from qcnn.specification import format_choice

ImageShape = tuple[int, int, int]


@dataclass(frozen=True)
class Target(ABC):
    """A family of networks whose weights can be generated.

    Subclasses are frozen dataclasses whose fields, all with defaults, are the options of the
    target. What they build says by which text, so that a model of it can be kept in a file.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "build" in vars(cls):
            cls.build = _telling(cls.build)  # type: ignore[method-assign]

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


def _telling(build: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    """A ``build`` whose network says the target's text, the images' shape and the classes."""

    @wraps(build)
    def telling(target: Target, *arguments: Any, **keywords: Any) -> nn.Module:
        network = build(target, *arguments, **keywords)
        given = signature(build).bind(target, *arguments, **keywords)
        given.apply_defaults()
        # What is no registered target has no text.
        with suppress(InvalidInput):
            text = format_choice(target, "target", registered)
            shape, classes = (given.arguments[name] for name in ("image_shape", "classes"))
            known = {"text": text, "image_shape": tuple(shape), "classes": classes}
            vars(network)[BUILT_AS] = known
        return network

    return telling
