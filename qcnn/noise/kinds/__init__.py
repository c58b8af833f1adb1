"""Kinds of noise: what each does to a device, and at which levels it is looked at.

One file, one kind: a :class:`NoiseKind` under :func:`register_noise`, dropped into this folder, is
found by itself, as is one of an installed package (:mod:`qcnn.registry`).
"""

from collections.abc import Callable
from math import inf, isfinite
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor

from qcnn.checks import shown
from qcnn.errors import InvalidInput
from qcnn.registry import Registry


class NoiseKind:
    """One imperfection, of a level between a perfect device and the worst that there is.

    What a subclass does not say is as here: levels from 0, which is none of it, and no effect.
    The levels that studies look at are declared with it, as are its words in their reports.
    """

    #: Name in :class:`qcnn.noise.Noise` and in texts; that of its registration.
    name: ClassVar[str]
    #: Level of a perfect device; a whole number if all levels are.
    perfect: ClassVar[float] = 0.0
    #: Levels that are allowed; 0 only where ``has_zero``.
    most: ClassVar[float] = inf
    has_zero: ClassVar[bool] = True
    #: Whether a PQCNN can be trained under it.
    trainable: ClassVar[bool] = True

    #: Axis of a figure, with the unit.
    axis: ClassVar[str]
    #: All levels, some of them, and the one that contrasts are about.
    every: ClassVar[tuple[float, ...]]
    few: ClassVar[tuple[float, ...]]
    representative: ClassVar[float]
    #: Levels that are trained under too; the representative one is the first.
    trained: ClassVar[tuple[float, ...]] = ()
    #: Text of what else acts, where the kind alone changes nothing.
    beside: ClassVar[str] = ""
    #: Scale of a figure's axis.
    logarithmic: ClassVar[bool] = False
    #: Whether the noise study declares contrasts about it, of which it has 25 at most.
    compared: ClassVar[bool] = False

    def check(self, level: float) -> None:
        """Raises InvalidInput for a level that no device has."""
        if isfinite(level) and (level > 0 or (self.has_zero and level == 0)) and level <= self.most:
            return
        least = "0 ≤ …" if self.has_zero else "0 < …"
        most = f" ≤ {self.most:.4g}" if self.most < inf else ""
        raise InvalidInput(f"{self.name} is {shown(level)}; allowed are {least}{most}")

    def phase_errors(self, phases: Tensor, level: float, random: torch.Generator | None) -> Tensor:
        """What it adds to the phases, radians; drawn once for a chip, in training at every pass."""
        return torch.zeros_like(phases)

    def distort(self, distribution: Tensor, level: float) -> Tensor:
        """What it makes of the distribution of the accepted outcomes, which sums to 1.

        Gradients pass through it.
        """
        return distribution


registered: Registry[type[NoiseKind]] = Registry("noise", "qcnn.noise.kinds")
KindType = TypeVar("KindType", bound=type[NoiseKind])


def register_noise(name: str) -> Callable[[KindType], KindType]:
    """Class decorator that offers a kind of noise under ``name``.

    Raises:
        InvalidInput: for a name that is taken, is none (see
            :meth:`qcnn.registry.Registry.enter`), or cannot be that of an argument.
    """
    if not name.isidentifier():
        raise InvalidInput(
            f"the noise name is {shown(name)}; allowed are names of arguments, such as phase_error"
        )

    def decorate(kind: KindType) -> KindType:
        kind.name = name
        return registered.register(name)(kind)

    return decorate


def noise_kinds() -> dict[str, NoiseKind]:
    """Every kind by its name, sorted."""
    return {name: kind() for name, kind in registered.items()}


def defaults() -> dict[str, Any]:
    """The level of each kind in a perfect device, by its name."""
    return {name: kind.perfect for name, kind in registered.items()}
