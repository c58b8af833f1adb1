"""The kinds of noise that are studied, their levels and what acts beside each."""

from dataclasses import dataclass, replace
from typing import Any

from qcnn.noise import Noise

LEVELS = ("one", "few", "every")
_NOTHING = Noise()


@dataclass(frozen=True)
class Kind:
    """One imperfection at several levels.

    Attributes:
        name: field of ``qcnn.noise.Noise``.
        axis: of a figure, with the unit.
        every: all levels.
        few: some of them.
        representative: the one that contrasts are about.
        trained: levels that are trained under too; the representative one is the first.
        beside: what else acts, where the kind alone changes nothing.
        logarithmic: scale of a figure's axis.
    """

    name: str
    axis: str
    every: tuple[float, ...]
    few: tuple[float, ...]
    representative: float
    trained: tuple[float, ...] = ()
    beside: Noise = _NOTHING
    logarithmic: bool = False

    def levels(self, how_many: str) -> tuple[float, ...]:
        """One, few or every level."""
        return {"one": (self.representative,), "few": self.few, "every": self.every}[how_many]

    def at(self, level: float) -> Noise:
        """The noise of a level."""
        own: dict[str, Any] = {self.name: level}
        return replace(self.beside, **own)

    def level_of(self, noise: Noise) -> float | None:
        """The level that a noise is; None for another kind. None of it at all is a level."""
        level: float = getattr(noise, self.name)
        return level if self.at(level) == noise else None


#: Losses cost a clean source nothing but shots: they are studied at a number of shots.
_SHOTS = Noise(shots=100_000)
#: Additional photons pass for the right number of photons only where others are lost.
_LOSSES = Noise(transmittance=0.5)

KINDS = (
    Kind(
        "indistinguishability",
        "indistinguishability",
        every=(0.99, 0.95, 0.9, 0.8, 0.5),
        few=(0.95, 0.9, 0.5),
        representative=0.9,
        trained=(0.9, 0.5),
    ),
    Kind(
        "phase_error",
        "largest phase error (rad)",
        every=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
        few=(0.02, 0.1, 0.5),
        representative=0.1,
        trained=(0.1, 0.2),
        logarithmic=True,
    ),
    Kind(
        "shots",
        "shots",
        every=(100, 1_000, 10_000, 100_000, 1_000_000),
        few=(1_000, 10_000, 100_000),
        representative=10_000,
        trained=(10_000, 1_000),
        logarithmic=True,
    ),
    Kind(
        "g2",
        "g² (transmittance 0.5)",
        every=(0.01, 0.02, 0.05, 0.1),
        few=(0.02, 0.05),
        representative=0.05,
        beside=_LOSSES,
    ),
    Kind(
        "brightness",
        "brightness (100,000 shots)",
        every=(0.9, 0.7, 0.5, 0.3),
        few=(0.7, 0.5),
        representative=0.5,
        beside=_SHOTS,
    ),
    Kind(
        "transmittance",
        "transmittance (100,000 shots)",
        every=(0.9, 0.7, 0.5, 0.3),
        few=(0.7, 0.5),
        representative=0.5,
        beside=_SHOTS,
    ),
)
