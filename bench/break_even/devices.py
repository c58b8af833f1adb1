"""Devices by what is public of them, and how long they take to count what is read."""

from dataclasses import dataclass
from enum import StrEnum
from math import comb

#: Of nothing that anybody has built.
ASSUMED = "assumed; no device has it"


@dataclass(frozen=True)
class Device:
    """A source of single photons with an interferometer and detectors.

    Attributes:
        name: in tables and figures.
        rate: photons that the source is asked for each second.
        transmittance: probability that a photon that was asked for is detected.
        rate_source, transmittance_source: where the figures are from.
    """

    name: str
    rate: float
    transmittance: float
    rate_source: str
    transmittance_source: str


_DOT = Device(
    "quantum dot, 80 MHz, 71 %",
    80e6,
    0.712,
    "arXiv:1703.10536, abstract: triggered light of a quantum dot at a repetition rate of 80 MHz",
    "arXiv:2311.08347, abstract: overall system efficiency 0.712(18) of a quantum dot in an open "
    "microcavity, without interferometer",
)
_FAST = Device(
    "quantum dot, 1 GHz, 53 %",
    1e9,
    0.53,
    "arXiv:2409.08982, abstract: clock rates exceeding 1 GHz, fibre-pigtailed quantum dot",
    "arXiv:2409.08982, abstract: coupling efficiency of 53 % into a single-mode fibre, without "
    "interferometer and detectors",
)
_WHOLE = Device(
    "quantum dot, 80 MHz, 1.5 % clicks",
    80e6,
    0.015,
    "arXiv:2409.08982 as published (10.1515/nanoph-2024-0519), abstract: 80 MHz excitation",
    "arXiv:2409.08982, likewise: 1.2 million clicks per second at the detectors, over the "
    "rate; still without interferometer",
)
_IDEAL = Device("assumed, 1 GHz, 99 %", 1e9, 0.99, ASSUMED, ASSUMED)
#: Two of which the figures are quoted, each part by itself the best of its kind, which are
#: optimistic; one with what is left at the detectors of a whole experiment; and one that shows what
#: would be won by having no losses.
DEVICES = (_DOT, _FAST, _WHOLE, _IDEAL)
#: Relative standard error of what is read.
ACCURACY = 0.1


class Reading(StrEnum):
    """What is counted."""

    OUTCOMES = "every outcome"
    ONE_MODE = "one-mode marginals"
    TWO_MODES = "two-mode marginals"


class Use(StrEnum):
    """What it is counted for."""

    READING = "reading out once"
    GRADIENT = "a gradient"


def asked_for(rate: float | None, transmittance: float | None) -> tuple[Device, ...]:
    """The devices of a table: those above, or one with figures of one's own.

    A figure that is not given is that of the first device.
    """
    if rate is None and transmittance is None:
        return DEVICES
    own, like = "as asked for", _DOT
    return (
        Device(
            f"{(rate or like.rate) / 1e6:g} MHz, {100 * (transmittance or like.transmittance):g} %",
            rate or like.rate,
            transmittance or like.transmittance,
            own if rate else like.rate_source,
            own if transmittance else like.transmittance_source,
        ),
    )


def event_probability(modes: int, photons: int, reading: Reading) -> float:
    """Of an event of average probability among collision-free outcomes.

    >>> event_probability(4, 2, Reading.OUTCOMES) == 1 / 6
    True
    >>> event_probability(4, 2, Reading.ONE_MODE), event_probability(4, 2, Reading.TWO_MODES)
    (0.5, 0.16666666666666666)
    """
    order = _order(photons, reading)
    return comb(photons, order) / comb(modes, order)


def _order(photons: int, reading: Reading) -> int:
    """Of how many modes it is read together whether they hold photons."""
    return {Reading.ONE_MODE: 1, Reading.TWO_MODES: 2}.get(reading, photons)


def shots_needed(modes: int, photons: int, reading: Reading, accuracy: float) -> float:
    """Accepted shots after which an event of average probability has a relative standard error.

    Binomial: (1 − p)/(p·accuracy²). Events that are rarer need more, which is not counted here.

    >>> round(shots_needed(9, 4, Reading.OUTCOMES, 0.1))
    12500
    """
    probability = event_probability(modes, photons, reading)
    return (1 - probability) / (probability * accuracy**2)


def accepted_per_second(modes: int, photons: int, device: Device) -> float:
    """Shots each second in which all photons are detected, no two of them in a mode.

    One source gives all photons, which a demultiplexer without loss brings into their modes: a
    shot takes ``photons`` of its pulses. Of random interferometers all Fock states are equally
    probable on average, so that C(m, n)/C(m + n − 1, n) have no collision.

    >>> accepted_per_second(2, 1, Device("", 100.0, 0.5, "", ""))
    50.0
    """
    collision_free = comb(modes, photons) / comb(modes + photons - 1, photons)
    return device.rate / photons * device.transmittance**photons * collision_free


def circuits(modes: int, photons: int, reading: Reading, use: Use) -> int:
    """Settings of the phases at which it is counted.

    For a gradient by a parameter-shift rule 2n for each effective phase, of which there are
    2mn − n² − n − m + 1, and no more than independent probabilities: of C(m, k) of events of k
    modes their sum is known. (arXiv:2410.02726, arXiv:2409.16369: linear in the photons.)

    >>> [circuits(9, 4, reading, Use.GRADIENT) for reading in Reading]
    [352, 64, 280]
    """
    if use is Use.READING:
        return 1
    phases = 2 * modes * photons - photons**2 - photons - modes + 1
    return 2 * photons * min(phases, comb(modes, _order(photons, reading)) - 1)


def device_seconds(
    modes: int, photons: int, device: Device, reading: Reading, use: Use, accuracy: float
) -> float:
    """How long a device counts; phases are set in no time, and nothing else takes any."""
    shots = shots_needed(modes, photons, reading, accuracy)
    shots *= circuits(modes, photons, reading, use)
    return shots / accepted_per_second(modes, photons, device)
