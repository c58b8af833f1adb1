"""The levels at which the kinds of noise (``qcnn.noise.kinds``) are studied."""

from collections.abc import Sequence

from qcnn.noise import Noise, NoiseKind, noise_from_text, noise_kinds

LEVELS = ("one", "few", "every")


def studied_kinds() -> list[NoiseKind]:
    """Every kind: first those that are trained under, then those that need no shots to matter."""
    return sorted(
        noise_kinds().values(),
        key=lambda kind: (not kind.trained, beside(kind).shots > 0, kind.name),
    )


def levels(kind: NoiseKind, how_many: str) -> Sequence[float]:
    """One, few or every level of a kind."""
    return {"one": (kind.representative,), "few": kind.few, "every": kind.every}[how_many]


def beside(kind: NoiseKind) -> Noise:
    """What acts beside a kind."""
    return noise_from_text(kind.beside)


def at_level(kind: NoiseKind, level: float) -> Noise:
    """The noise of a level of a kind."""
    return beside(kind).at(**{kind.name: level})


def level_of(kind: NoiseKind, noise: Noise) -> float | None:
    """The level that a noise is; None for another kind. None of it at all is a level."""
    level = noise.level(kind.name)
    return level if at_level(kind, level) == noise else None
