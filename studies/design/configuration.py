"""A configuration: every choice of a run but its seed."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from hashlib import sha256
from math import isfinite
from operator import index
from typing import Any

from torch import nn

from qcnn import (
    PQCNN,
    AlternatingConfig,
    Data,
    FromShotsConfig,
    InvalidInput,
    QuantumTrain,
    TrainConfig,
)
from qcnn.baselines import baseline_from_text, names_a_baseline
from qcnn.checks import did_you_mean
from qcnn.mappings import mapping_from_text
from qcnn.meshes import check_layers, mesh_names
from qcnn.noise import Noise, NoisyPQCNN, noise_from_text
from qcnn.noise.device import LOCAL, check_platform_name
from qcnn.optics.fock import SPACES, count_outcomes
from qcnn.samplers.controls import GENERATORS, build_generator
from qcnn.samplers.marginals import Marginals
from qcnn.samplers.sampler import Sampler
from qcnn.seeds import derive
from qcnn.targets import target_from_text
from qcnn.training.config import SCHEDULES
from qcnn.training.from_shots.config import WAYS
from qcnn.training.from_shots.spending import spending_from_text, way_of
from qcnn.weights.combine import count_joint_outcomes

Size = tuple[int, int]
INPUTS = ("spread", "first")
ADAM, NATURAL, ALTERNATING = "adam", "natural", "adam+cobyla"
#: Those of the last have options, among them the number of shots.
OPTIMISERS = (ADAM, NATURAL, ALTERNATING, *WAYS)
#: What a mapping gets, with how many modes an event is about; 0 for the outcomes themselves.
READINGS = {"outcomes": 0, "one mode": 1, "two modes": 2}
_IS_RARE = {"rare": True}
#: Generators that have modes to read.
_WITH_MODES = ("pqcnn", "frozen", "distinguishable")
#: What the paper's alternation has none of, with the values that say so.
_NOT_ALTERNATING = {"phase_learning_rate": 0.0, "schedule": "none", "gradient_clip": 0.0}
_NONE = "none"
#: A dataset's name is part of the names of files.
_FILE_NAME = re.compile(r"\w[\w .+-]{0,99}")
#: The least value of every axis that is a number; rates of 0 stand for none of their own.
_LEAST: dict[str, float] = {
    "epochs": 1,
    "batch_size": 1,
    "phase_learning_rate": 0,
    "gradient_clip": 0,
    "trained_phases": 0,
}


@dataclass(frozen=True)
class Configuration:
    """One point of a study. Its fields are the axes that a stored row carries.

    Attributes:
        dataset: name of the dataset.
        target: text of the target network (see ``qcnn.targets``).
        sizes: (modes, photons) of each PQCNN; none for a baseline.
        space: outcomes kept, ``"unbunched"`` or ``"fock"``; ``"none"`` without photons.
        input: ``"spread"`` or ``"first"``: which modes the photons enter; ``"none"``
            without photons.
        mesh: ``"rectangular"`` or ``"minimal"``; ``"none"`` without photons.
        combine: combination of the PQCNNs; empty for the mapping's own.
        mapping: text of the mapping, or of the baseline (``qcnn.baselines``) that trains
            the target without photons, such as ``"direct"``.
        epochs, batch_size, learning_rate, phase_learning_rate, schedule, gradient_clip:
            see ``qcnn.TrainConfig``; a rate or clip of 0 stands for none of its own.
        generator: the PQCNNs themselves or the control in their place (``qcnn.controls``).
        layers: rectangular meshes one after another in each PQCNN; 1 in any other mesh.
        optimiser: ``"adam"`` for all parameters together; ``"natural"``, the same in natural
            coordinates of the phases (``qcnn.natural_adam``); ``"adam+cobyla"``, the paper's
            alternation (``qcnn.train_alternating``) in rounds of 5 of the ``epochs``; or, with a
            number of shots, ``"parameter-shift"``, ``"spsa"`` or ``"cobyla"``, with equal parts for
            ``epochs`` (``qcnn.train_from_shots``, ``qcnn.training.from_shots.spending``).
        noise: text of the noise in training and evaluation (``qcnn.noise``); empty for none.
        evaluated_under: text of the noise under which a run trained without is evaluated.
        trained_phases: how many phases of each PQCNN are trained; 0 for all.
        read: what a mapping gets of each distribution: the ``"outcomes"``, or its marginals, by
            which ``"one mode"`` or ``"two modes"`` hold photons (``qcnn.samplers.marginals``).
        device: what counts the shots of noise: ``"local"``, Perceval's simulated processor;
            ``"drawn"`` from exact probabilities; or a remote platform by name
            (``qcnn.noise.NoisyPQCNN``).

    An axis that is added later has a default, at which it does not enter the hash, so
    that stored rows keep theirs. One that few studies have (``RARE``) is no column of
    ``summary.csv`` where no run has another value, so that these stay as they are, too.
    """

    dataset: str
    target: str
    sizes: tuple[Size, ...]
    space: str
    input: str
    mesh: str
    combine: str
    mapping: str
    epochs: int
    batch_size: int
    learning_rate: float
    phase_learning_rate: float
    schedule: str
    gradient_clip: float
    generator: str = "pqcnn"
    layers: int = 1
    optimiser: str = ADAM
    noise: str = ""
    evaluated_under: str = ""
    trained_phases: int = 0
    read: str = field(default="outcomes", metadata=_IS_RARE)
    device: str = field(default=LOCAL, metadata=_IS_RARE)

    def __post_init__(self) -> None:
        if not _FILE_NAME.fullmatch(self.dataset):
            raise InvalidInput(
                f"dataset is {shortened(self.dataset)}; allowed are at most 100 letters, digits, "
                "spaces and the signs _ . + -, a letter or digit first"
            )
        self._check_optimiser()
        allowed = (_NONE,) if self.without_photons else INPUTS
        if self.input not in allowed:
            raise InvalidInput(f"input is {self.input!r}; allowed are {', '.join(allowed)}")
        check_layers(self.layers, self.mesh)
        self._check_read()
        for name in ("noise", "evaluated_under"):
            self._check_noise(name)
        check_platform_name(self.device)

    def _check_read(self) -> None:
        modes = not self.without_photons and self.generator in _WITH_MODES
        allowed = tuple(READINGS) if modes else tuple(READINGS)[:1]
        if self.read not in allowed:
            raise InvalidInput(
                f"read is {shortened(self.read)}; allowed with generator {self.generator!r} are "
                f"{', '.join(allowed)}"
            )

    def _check_optimiser(self) -> None:
        if self.from_shots:
            spending_from_text(self.optimiser)
        elif self.optimiser not in OPTIMISERS:
            raise InvalidInput(
                f"optimiser is {self.optimiser!r}; allowed are {', '.join(OPTIMISERS)}"
            )
        elif self.optimiser == NATURAL and self.without_photons:
            raise InvalidInput(
                f"optimiser is {self.optimiser!r} without PQCNNs; allowed there is adam"
            )

    def _check_noise(self, name: str) -> None:
        text = getattr(self, name)
        noise_from_text(text)
        if text and (self.without_photons or self.generator not in ("pqcnn", "frozen")):
            raise InvalidInput(f"{name} is {text!r} without PQCNNs; allowed there is none")
        if self.noise and self.evaluated_under:
            raise InvalidInput(
                f"evaluated_under is {self.evaluated_under!r} with noise {self.noise!r} in "
                "training; allowed there is none"
            )

    @property
    def without_photons(self) -> bool:
        """Whether a baseline trains the target."""
        return names_a_baseline(self.mapping)

    def axes(self) -> dict[str, Any]:
        """The axes as a stored row holds them; sizes as text such as ``9x4+8x4``."""
        return {**asdict(self), "sizes": sizes_text(self.sizes)}

    def digest(self) -> str:
        """A hash of every axis: equal for runs that differ in nothing but the seed."""
        axes = {
            k: v for k, v in self.axes().items() if k not in AXIS_DEFAULTS or v != AXIS_DEFAULTS[k]
        }
        text = json.dumps(axes, sort_keys=True)
        return sha256(text.encode()).hexdigest()[:12]

    def trained(self) -> "Configuration":
        """The configuration of the training: this one, whatever it is evaluated under."""
        if not self.evaluated_under:
            return self
        return replace(self, evaluated_under="", device=LOCAL)

    def train_config(self, seed: int) -> TrainConfig:
        """How to train, with the stream of the data order derived from ``seed``."""
        return TrainConfig(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            phase_learning_rate=self.phase_learning_rate or None,
            schedule=self.schedule,
            gradient_clip=self.gradient_clip or None,
            seed=seed,
        )

    def alternating_config(self, seed: int) -> AlternatingConfig:
        """How to train by the paper's alternation, with streams derived from ``seed``.

        Raises:
            InvalidInput: for epochs that are no whole rounds, or an axis that the
                alternation does not have.
        """
        for name, only in _NOT_ALTERNATING.items():
            if getattr(self, name) != only:
                raise InvalidInput(
                    f"{name} is {getattr(self, name)!r}; allowed with optimiser "
                    f"{self.optimiser!r} is {only!r}"
                )
        rounds, left = divmod(self.epochs, AlternatingConfig.adam_epochs)
        if left:
            raise InvalidInput(
                f"epochs is {self.epochs}; allowed with optimiser {self.optimiser!r} are "
                f"multiples of {AlternatingConfig.adam_epochs}"
            )
        return AlternatingConfig(
            rounds=rounds,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            seed=seed,
        )

    @property
    def from_shots(self) -> bool:
        """Whether its PQCNNs are known by shots alone while they are trained."""
        return way_of(self.optimiser) in WAYS

    def from_shots_config(self, seed: int) -> FromShotsConfig:
        """How to train from shots, with streams derived from ``seed``.

        Raises:
            InvalidInput: for an optimiser that counts none, and a rate of the phases alone.
        """
        if self.phase_learning_rate:
            raise InvalidInput(
                f"phase_learning_rate is {self.phase_learning_rate!r}; allowed with optimiser "
                f"{self.optimiser!r} is 0.0"
            )
        return FromShotsConfig(
            way=way_of(self.optimiser),
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            gradient_clip=self.gradient_clip or None,
            seed=seed,
            **asdict(spending_from_text(self.optimiser)),
        )


AXES = tuple(field.name for field in fields(Configuration))
#: Axes that were added after rows had been stored, with the value those rows had.
AXIS_DEFAULTS = {
    field.name: field.default for field in fields(Configuration) if field.default is not MISSING
}


#: Those of them that most studies leave as they are.
RARE = tuple(field.name for field in fields(Configuration) if field.metadata == _IS_RARE)


def configuration_from_axes(axes: Mapping[str, Any]) -> Configuration:
    """The configuration whose ``axes()`` these are, from text or numbers.

    Raises:
        InvalidInput: if a value is not of its axis's type.
    """
    values: dict[str, Any] = {}
    for axis in fields(Configuration):
        value = axes[axis.name]
        try:
            values[axis.name] = (
                sizes_from_text(value) if axis.name == "sizes" else _of_type(axis.type, value)
            )
        except InvalidInput:
            raise
        except (TypeError, ValueError, AttributeError):
            raise InvalidInput(
                f"{axis.name} is {shortened(value)}; allowed are values of the form that runs.csv "
                "holds"
            ) from None
    return Configuration(**values)


def _of_type(kind: object, value: Any) -> Any:
    """A value as text or as a number of its kind, never as another one."""
    if isinstance(value, bool) or isinstance(value, str) < (kind is str):
        raise TypeError
    if kind is str:
        return value
    if kind is float:
        return float(value)
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if whole or isinstance(value, str) else index(value)


def known_configuration(axes: Mapping[str, Any]) -> Configuration:
    """As :func:`configuration_from_axes`, of names and numbers that can be run here.

    Known are mappings, baselines and targets that are registered, those of one's own included.

    Raises:
        InvalidInput: naming the axis whose value is unknown or not allowed.
    """
    configuration = configuration_from_axes(axes)
    target_from_text(configuration.target)
    _check_numbers(configuration)
    _check_sizes(configuration)
    without = configuration.without_photons
    if without:
        baseline_from_text(configuration.mapping)
        combinations: tuple[str, ...] = ()
    else:
        combinations = mapping_from_text(configuration.mapping).combinations
    for name, allowed in (
        ("space", (_NONE,) if without else SPACES),
        ("mesh", (_NONE,) if without else mesh_names()),
        ("combine", ("", *combinations)),
        ("schedule", SCHEDULES),
        ("generator", tuple(GENERATORS)),
    ):
        value = getattr(configuration, name)
        if value not in allowed:
            words = ", ".join(each or repr(each) for each in allowed)
            raise InvalidInput(
                f"{name} is {shortened(value)}; allowed are {words}{did_you_mean(value, allowed)}"
            )
    return configuration


def _check_numbers(configuration: Configuration) -> None:
    for name, least in _LEAST.items():
        value = getattr(configuration, name)
        if not (least <= value and isfinite(value)):
            raise InvalidInput(f"{name} is {value!r}; allowed are numbers from {least}")
    rate = configuration.learning_rate
    if not (rate > 0 and isfinite(rate)):
        raise InvalidInput(f"learning_rate is {rate!r}; allowed are positive numbers")


def _check_sizes(configuration: Configuration) -> None:
    sizes, text = configuration.sizes, shortened(sizes_text(configuration.sizes))
    if bool(sizes) == configuration.without_photons:
        allowed = "none" if sizes else "a form like 9x4+8x4"
        raise InvalidInput(
            f"sizes is {text} with mapping {shortened(configuration.mapping)}; allowed there is "
            f"{allowed}"
        )
    unbunched = configuration.space == "unbunched"
    if any(modes < 1 or photons < 1 or (unbunched and photons > modes) for modes, photons in sizes):
        raise InvalidInput(
            f"sizes is {text} with space {configuration.space!r}; allowed are whole numbers from "
            "1, of unbunched photons at most one for each mode"
        )


def shortened(value: object, most: int = 60) -> str:
    """A value as a message shows it, in at most about ``most`` characters.

    >>> shortened("a" * 1000, 10)
    "'aaaaaaaaa…"
    """
    text = repr(value[: most + 1] if isinstance(value, str) else value)
    return text if len(text) <= most + 2 else f"{text[:most]}…"


def sizes_text(sizes: tuple[Size, ...]) -> str:
    """Text of the sizes of several PQCNNs.

    >>> sizes_text(((9, 4), (8, 4)))
    '9x4+8x4'
    """
    return "+".join(f"{modes}x{photons}" for modes, photons in sizes)


def sizes_from_text(text: str) -> tuple[Size, ...]:
    """The sizes that a text stands for.

    Raises:
        InvalidInput: for another form.
    """
    try:
        pairs = [part.split("x") for part in text.split("+") if part]
        return tuple((int(modes), int(photons)) for modes, photons in pairs)
    except ValueError:
        raise InvalidInput(f"sizes is {shortened(text)}; allowed is a form like 9x4+8x4") from None


def build_target(configuration: Configuration, data: Data, seed: int) -> nn.Module:
    """The target network for the images of ``data``, initialised for ``seed``."""
    network = target_from_text(configuration.target)
    return network.build(data.image_shape, data.classes, seed)


def build_model(configuration: Configuration, data: Data, seed: int) -> nn.Module:
    """The model of a run.

    Arms that share a seed share the target's initialisation, the initial phases of
    PQCNNs of the same size, mesh, layers and place, and the fixed random numbers.
    """
    target = build_target(configuration, data, seed)
    if configuration.without_photons:
        return baseline_from_text(configuration.mapping).build(target, seed)
    samplers: list[Sampler] = []
    for place, (modes, photons) in enumerate(configuration.sizes):
        stream = derive(seed, "sampler", place)
        first = configuration.input == "first"
        sampler = PQCNN(
            modes,
            photons,
            space=configuration.space,
            input_state=first_modes(modes, photons) if first else None,
            mesh=configuration.mesh,
            layers=configuration.layers,
            trained=configuration.trained_phases or None,
            seed=stream,
        )
        made = build_generator(configuration.generator, sampler, stream)
        order = READINGS[configuration.read]
        samplers.append(Marginals(made, order) if order else made)
    if configuration.noise:
        samplers = noisy(samplers, configuration.noise, seed, configuration.device)
    return QuantumTrain(
        target, samplers, configuration.mapping, configuration.combine or None, seed=seed
    )


def noisy(samplers: Sequence[Sampler], noise: str, seed: int, device: str = LOCAL) -> list[Sampler]:
    """The PQCNNs on devices with this noise; arms that share a seed share the devices.

    Of marginals it is the PQCNNs that they are read of.
    """
    return [
        _on_device(sampler, noise_from_text(noise), derive(seed, "device", place), device)
        for place, sampler in enumerate(samplers)
        if isinstance(sampler.source, PQCNN)
    ]


def _on_device(sampler: Sampler, noise: Noise, seed: int, device: str) -> Sampler:
    if isinstance(sampler, Marginals):
        return Marginals(_on_device(sampler.sampler, noise, seed, device), sampler.order)
    assert isinstance(sampler, PQCNN)  # what has noise already gets none
    return NoisyPQCNN(sampler, noise, seed, device)


def first_modes(modes: int, photons: int) -> tuple[int, ...]:
    """One photon in each of the first modes, the reference notebook's input."""
    return tuple(int(mode < photons) for mode in range(modes))


def enough_outcomes(
    mapping: str, combine: str, space: str, sizes: tuple[Size, ...], weights: int
) -> bool:
    """Whether PQCNNs of these sizes offer what the mapping needs for ``weights`` weights."""
    rule = mapping_from_text(mapping)
    if not rule.one_outcome_per_weight:
        return True
    outcomes = [count_outcomes(modes, photons, space) for modes, photons in sizes]
    return count_joint_outcomes(outcomes, combine or rule.combinations[0]) >= weights
