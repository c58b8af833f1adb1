"""Models whose distributions are read by counting shots, and how many shots there are.

Numbers of shots are of all PQCNNs of a model together: what a device has to fire for the weights.
"""

from dataclasses import replace
from typing import Any

from qcnn.noise import Noise, noise_to_text
from qcnn.noise.device import DRAWN
from studies.design.arms import Arm
from studies.design.configuration import Configuration
from studies.design.recipes import standard
from studies.design.study import Options

_MIXING: dict[str, Any] = {"target": "cnn2202", "mapping": "mixing"}
OUTCOMES, PAIRS, SINGLES = "mixing of outcomes", "mixing of two modes", "mixing of one mode"
#: By what is read. Those of ``mixing`` move the weights in 225, 220 and 224 directions: of outcomes
#: 5 · (44 + 1), with the pairs of 10 modes 5 · 44 (at 9 they have 35), and 28 · 8. Counted is the
#: rank of the weights' Jacobian by phases and gains. Where the phases reach every distribution of
#: what is read there are no more directions with a gain than without it: ``standardise`` takes mean
#: and scale away, and the scale alone is what the gain gives back.
#: Rates are those of ``interference`` and ``noise``; where marginals are read 0.1 is no better by a
#: point on the validation images (seed 101, which is no fresh one).
MODELS: dict[str, dict[str, Any]] = {
    OUTCOMES: {**_MIXING, "sizes": ((9, 4),) * 5},
    PAIRS: {**_MIXING, "sizes": ((10, 4),) * 5, "read": "two modes"},
    SINGLES: {**_MIXING, "sizes": ((9, 4),) * 28, "read": "one mode"},
    "MPS χ = 4": {"mapping": "mps:bond_dimension=4,form=orthogonal"},
    "whitened": {
        "target": "cnn:channels=3+3,kernel=5+3,pooling=3+2",
        "sizes": ((9, 4),) * 14,
        "trained_phases": 15,
        "mapping": "whitened",
        "learning_rate": 0.01,
    },
}
#: How often the sources of all PQCNNs fire, by how many levels are wanted. Of fewer than 10,000 a
#: PQCNN among many may accept none.
SHOTS = {
    "one": (100_000,),
    "few": (10_000, 100_000, 1_000_000),
    "every": tuple(10**power for power in range(4, 10)),
}
#: Shots that are counted one by one take time and memory: of more a device is not asked.
_MOST_COUNTED = 1_000_000
#: The arm of what is read exactly.
UNLIMITED = "unlimited shots"


def shots_of(levels: str, device: str) -> tuple[int, ...]:
    """How often the sources of all PQCNNs fire.

    >>> shots_of("few", "local"), len(shots_of("every", "drawn")), len(shots_of("every", "local"))
    ((10000, 100000, 1000000), 6, 3)
    """
    return tuple(n for n in SHOTS[levels] if device == DRAWN or n <= _MOST_COUNTED)


def read_exactly(options: Options, model: str) -> Configuration:
    """A model that is trained and read without noise."""
    return standard(options, **MODELS[model])


def read_by_shots(options: Options, model: str, shots: int, device: str) -> Configuration:
    """The same, trained without noise and evaluated with equal parts of the shots."""
    exactly = read_exactly(options, model)
    noise = noise_to_text(Noise(shots=shots // len(exactly.sizes)))
    return replace(exactly, evaluated_under=noise, device=device)


def exact(model: str) -> Arm:
    """The arm of a model that is read exactly."""
    return Arm(model, UNLIMITED)


def by_shots(model: str, shots: int, device: str = DRAWN) -> Arm:
    """The arm of a model that is read by so many shots in all, counted by a device."""
    where = "" if device == DRAWN else f" on {device}"
    return Arm(model, f"{shots:,} shots in all{where}")
