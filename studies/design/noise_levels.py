"""The levels at which the kinds of noise (``qcnn.noise.kinds``) are studied."""

from collections.abc import Sequence

from qcnn.noise import Noise, NoiseKind, noise_from_text, noise_kinds

LEVELS = ("one", "few", "every")


def studied_kinds() -> list[NoiseKind]:
    """Every kind: first those that are trained under, then those that need no shots to matter.

    A kind of which every level amounts to one of an earlier kind is studied as that.
    """
    in_order = sorted(
        noise_kinds().values(),
        key=lambda kind: (not kind.trained, beside(kind).shots > 0, kind.name),
    )
    found: list[NoiseKind] = []
    seen: set[Noise] = set()
    for kind in in_order:
        evaluated = {as_evaluated(at_level(kind, level)) for level in kind.every}
        if not evaluated <= seen:
            found.append(kind)
        seen |= evaluated
    return found


def as_evaluated(noise: Noise) -> Noise:
    """What a noise amounts to where only the distribution of the accepted outcomes is read.

    A source without g2 loses whole shots, to brightness and to transmittance alike, and where
    their number is unlimited that changes nothing.
    """
    if noise.g2:
        return noise
    arriving = noise.brightness * noise.transmittance if noise.shots else 1.0
    return noise.at(brightness=arriving, transmittance=1.0)


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
    """The level that a noise is; None for another kind. None of it at all is a level.

    Of noises that amount to the same, one is a level (:func:`as_evaluated`).
    """
    level = noise.level(kind.name)
    return level if as_evaluated(at_level(kind, level)) == noise else None
