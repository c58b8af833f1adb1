"""What a photonic device does to a PQCNN, as data and as text."""

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING

from qcnn.checks import check_types, shown, whole_number
from qcnn.errors import InvalidInput
from qcnn.plotting import import_matplotlib
from qcnn.specification import format_choice, parse_choice

if TYPE_CHECKING:
    import perceval as pcvl

_KIND, _NAME = "the noise of a", "device"


@dataclass(frozen=True)
class Noise:
    """Imperfections of source, chip and statistics; the defaults are a perfect device.

    Attributes:
        brightness: probability that the source emits at all, in (0, 1].
        indistinguishability: squared overlap of two photons' internal states, in [0, 1].
        g2: second-order autocorrelation g²(0) at zero delay, how often two photons come
            instead of one, in [0, 0.5]; the additional photons are distinguishable.
        transmittance: probability that a photon arrives, in (0, 1].
        phase_error: largest error of a phase in radians, in [0, π]; errors are uniform
            in ±phase_error.
        shots: how often the source fires; 0 for exact probabilities.

    The meaning of each is that of Perceval's ``NoiseModel`` (perceval-quandela 1.3:
    ``Source`` after Pont et al., Phys. Rev. X 12, 031033 (2022); ``PS.apply_phase_noise``).

    Raises:
        InvalidInput: for a value out of range.
    """

    brightness: float = 1.0
    indistinguishability: float = 1.0
    g2: float = 0.0
    transmittance: float = 1.0
    phase_error: float = 0.0
    shots: int = 0

    def __post_init__(self) -> None:
        check_types(self)
        for name in ("brightness", "transmittance"):
            if not 0 < getattr(self, name) <= 1:
                raise InvalidInput(f"{name} is {shown(getattr(self, name))}; allowed are 0 < … ≤ 1")
        for name, largest in (("indistinguishability", 1), ("g2", 0.5), ("phase_error", pi)):
            if not 0 <= getattr(self, name) <= largest:
                raise InvalidInput(
                    f"{name} is {shown(getattr(self, name))}; allowed are 0 ≤ … ≤ {largest:.4g}"
                )
        whole_number(self.shots, "shots", 0)

    @property
    def overlap(self) -> float:
        """Probability x = √indistinguishability that a photon is in the common state."""
        return float(self.indistinguishability**0.5)

    def to_perceval(self) -> "pcvl.NoiseModel":
        """Perceval's noise model; the shots are no part of it."""
        # Imported here because it takes a second that most runs do not need to spend.
        import_matplotlib()
        import perceval as pcvl

        return pcvl.NoiseModel(
            brightness=self.brightness,
            indistinguishability=self.indistinguishability,
            g2=self.g2,
            transmittance=self.transmittance,
            phase_error=self.phase_error,
        )


_REGISTRY = {_NAME: Noise}


def noise_from_text(text: str) -> Noise:
    """The noise that a text stands for; an empty one is none.

    Raises:
        InvalidInput: for an unknown option or a value that is not allowed.

    >>> noise_from_text("indistinguishability=0.9,shots=1000").shots
    1000
    """
    return parse_choice(f"{_NAME}:{text}", _KIND, _REGISTRY)


def noise_to_text(noise: Noise) -> str:
    """The text that :func:`noise_from_text` turns back into ``noise``.

    >>> noise_to_text(Noise(shots=1000, g2=0.05)), noise_to_text(Noise())
    ('g2=0.05,shots=1000', '')
    """
    return format_choice(noise, _KIND, _REGISTRY).removeprefix(_NAME).removeprefix(":")


def check_noise(noise: object) -> None:
    """Raises InvalidInput for anything but a noise."""
    if not isinstance(noise, Noise):
        raise InvalidInput(f"noise is {shown(noise)}; allowed is a qcnn.noise.Noise")
