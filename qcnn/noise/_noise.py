"""What a photonic device does to a PQCNN, as data and as text."""

from dataclasses import dataclass, field, fields, make_dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from qcnn.checks import check_choice, check_types, shown
from qcnn.errors import InvalidInput
from qcnn.noise.kinds import NoiseKind, noise_kinds, registered
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
            in ±phase_error. Each of the sampler's phases has one error: in a circuit
            (:meth:`qcnn.PQCNN.from_circuit`) that is one for each free parameter, the same
            wherever it stands, and none for what is fixed.
        shots: how often the source fires; 0 for exact probabilities.
        further: levels of kinds that were added (:mod:`qcnn.noise.kinds`), with their names.

    The meaning of each is that of Perceval's ``NoiseModel`` (perceval-quandela 1.3:
    ``Source`` after Pont et al., Phys. Rev. X 12, 031033 (2022); ``PS.apply_phase_noise``,
    which draws an error for each phase shifter, fixed ones too, and for no beam splitter).

    Raises:
        InvalidInput: for a value out of range.
    """

    brightness: float = 1.0
    indistinguishability: float = 1.0
    g2: float = 0.0
    transmittance: float = 1.0
    phase_error: float = 0.0
    shots: int = 0
    further: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        _check_pairs(self.further)
        check_types(self)
        for name, level in self.further:
            check_choice(name, "noise", sorted(set(registered) - set(_OWN)))
            if isinstance(level, bool) or not isinstance(level, int | float):
                raise InvalidInput(f"{name} is {shown(level)}; allowed are numbers")
        for name in _OWN:
            registered[name]().check(getattr(self, name))
        for name, level in self.further:
            registered[name]().check(level)
        acting = {name: level for name, level in self.further if level != registered[name].perfect}
        object.__setattr__(self, "further", tuple(sorted(acting.items())))

    def level(self, name: str) -> float:
        """The level of a kind."""
        level: float = (
            getattr(self, name)
            if name in _OWN
            else dict(self.further).get(name, registered[name].perfect)
        )
        return level

    def at(self, **levels: float) -> "Noise":
        """This noise with other levels of some kinds.

        >>> Noise(shots=100).at(g2=0.05).level("g2")
        0.05
        """
        own: dict[str, Any] = {name: levels.pop(name) for name in _OWN if name in levels}
        return replace(self, **own, further=tuple({**dict(self.further), **levels}.items()))

    def acting(self) -> tuple[tuple[NoiseKind, float], ...]:
        """The kinds that make the device imperfect, with their levels, in the order of texts."""
        return _acting(self)

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


# Every pass asks.
@lru_cache(maxsize=256)
def _acting(noise: Noise) -> tuple[tuple[NoiseKind, float], ...]:
    kinds = noise_kinds()
    levels = ((kinds[name], noise.level(name)) for name in _in_order())
    return tuple((kind, level) for kind, level in levels if level != kind.perfect)


def _check_pairs(levels: object) -> None:
    """Raises InvalidInput for anything but pairs of the name of a kind and its level."""
    pairs = isinstance(levels, tuple | list) and all(
        isinstance(pair, tuple | list) and len(pair) == 2 for pair in levels
    )
    if not pairs:
        raise InvalidInput(
            f"further is {shown(levels)}; allowed are pairs of a kind's name and its level"
        )


#: The kinds that are fields, in the order in which texts have them; added ones follow by name.
_OWN = tuple(field.name for field in fields(Noise) if field.name != "further")


def _in_order() -> tuple[str, ...]:
    return (*_OWN, *(name for name in registered if name not in _OWN))


@cache
def _levels_of(names: tuple[str, ...]) -> dict[str, Any]:
    """A class with a field for each kind, as texts are read into and written from."""
    perfect = [(name, registered[name].perfect) for name in names]
    made = [(name, type(level), field(default=level)) for name, level in perfect]
    return {_NAME: make_dataclass("Levels", made, frozen=True)}


def noise_from_text(text: str) -> Noise:
    """The noise that a text stands for; an empty one is none.

    Raises:
        InvalidInput: for an unknown option or a value that is not allowed.

    >>> noise_from_text("indistinguishability=0.9,shots=1000").shots
    1000
    """
    levels = vars(parse_choice(f"{_NAME}:{text}", _KIND, _levels_of(_in_order())))
    own = {name: levels.pop(name) for name in _OWN}
    return Noise(**own, further=tuple(levels.items()))


def noise_to_text(noise: Noise) -> str:
    """The text that :func:`noise_from_text` turns back into ``noise``.

    >>> noise_to_text(Noise(shots=1000, g2=0.05)), noise_to_text(Noise())
    ('g2=0.05,shots=1000', '')
    """
    made = _levels_of(_in_order())
    levels = made[_NAME](**{name: noise.level(name) for name in _in_order()})
    return format_choice(levels, _KIND, made).removeprefix(_NAME).removeprefix(":")


def check_noise(noise: object) -> None:
    """Raises InvalidInput for anything but a noise."""
    if not isinstance(noise, Noise):
        raise InvalidInput(f"noise is {shown(noise)}; allowed is a qcnn.noise.Noise")
