"""How many shots does training take?

One model, linearised photons with 210 trained phases, is trained with its PQCNNs known by shots
alone: by Adam with gradients of the photonic parameter-shift rule, by Adam with simultaneous
perturbation (SPSA), and by COBYLA, each with as many shots in all. Beside them stands Adam with
exact gradients for as many steps as the parameter-shift rule has at most. How many shots are for a
reading, from which the number of steps follows, and the rate every arm chooses on the validation
images, under a seed that is no fresh one. A shot is one firing of a source; about three in four end
with two photons in a mode and are rejected. The devices are perfect otherwise.

Which phases are trained and what the mapping reads by follow from a simulation of the start, and
the test images are seen with exact probabilities: what is counted is training, not reading out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from qcnn import InvalidInput
from qcnn.training.from_shots.config import READINGS
from qcnn.training.from_shots.spending import (
    Cobyla,
    ParameterShift,
    Spending,
    Spsa,
    spending_from_text,
    spending_to_text,
    way_of,
)
from studies.analysis.findings import accuracies_along
from studies.analysis.results import StudyResults
from studies.analysis.summaries import accuracy_text
from studies.catalogue import register_study
from studies.design.arguments import WholeNumber, WholeNumbers
from studies.design.arms import Arm, Family
from studies.design.configuration import Configuration
from studies.design.recipes import MESH_AXIS, cells_of, standard
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Study

#: The linearised model of the study ``noise``.
_PQCNNS, _TRAINED = 14, 15
_SHOTS = (10**7, 10**8, 10**9, 10**10)
_MOST_SHOTS = 10**15
#: As many batches as twenty epochs of MNIST have.
_STEPS = 940
#: The fewest shots of a PQCNN in a reading: for every shift of its phases, and some to accept.
_LEAST_READING = 8 * _TRAINED
#: Evaluations of COBYLA, of which a first simplex takes 211.
_LEAST_EVALUATIONS = 240


@dataclass(frozen=True)
class Way:
    """A way to spend shots, and what it chooses from.

    Attributes:
        name: of its arms.
        spending: what the shots are spent on.
        readings: shots of a PQCNN in a reading, from which the number of steps follows within its
            bounds.
        rates: highest rates, or initial radii in radians.
        most: of the steps, in units of those of the parameter-shift rule.
        range: how many times as many the most are as the fewest.
        least: steps that make sense at all.
        batch_size: images of a step, or of a search.
        schedule, gradient_clip: as of a configuration.
    """

    name: str
    spending: type[Spending]
    readings: tuple[int, ...]
    rates: tuple[float, ...]
    most: int
    range: int
    least: int = 1
    batch_size: int = 128
    schedule: str = "one-cycle"
    gradient_clip: float = 1.0

    def bounds(self, steps: int) -> tuple[int, int]:
        """The fewest and the most steps, where the parameter-shift rule has at most ``steps``."""
        most = max(self.least, self.most * steps)
        return max(self.least, most // self.range), most


SHIFT = Way(
    "parameter-shift rule", ParameterShift, (30_000, 300_000), (0.01, 0.03, 0.1), most=1, range=25
)
#: One of 210 directions says as much less as a gradient, and takes more steps.
SPSA = Way("SPSA", Spsa, (5_000, 200_000), (0.001, 0.003, 0.01), most=10, range=10)
#: As many images as in the paper's searches.
COBYLA = Way(
    "COBYLA",
    Cobyla,
    (10_000, 100_000),
    (0.03, 0.1, 0.3),
    most=2,
    range=8,
    least=_LEAST_EVALUATIONS,
    batch_size=1000,
    schedule="none",
    gradient_clip=0.0,
)
WAYS = (SHIFT, SPSA, COBYLA)
EXACT = Arm("", "exact gradients", Family.LINEARISED)


def check(options: Options) -> None:
    """Raises InvalidInput for fewer steps than epochs, or fewer shots than steps need."""
    steps, epochs = options.scope.axes["steps"], options.scope.epochs
    if steps < SHIFT.range * epochs:
        raise InvalidInput(
            f"steps is {steps}; allowed for {epochs} epochs are whole numbers from "
            f"{SHIFT.range * epochs}"
        )
    least = max(_LEAST_READING * _all_readings(way) * way.bounds(steps)[0] for way in WAYS)
    fewest = min(options.scope.axes["shots"])
    if fewest < least:
        raise InvalidInput(
            f"shots is {fewest}; allowed for {steps} steps are whole numbers from {least}"
        )


def tuned(options: Options) -> Mapping[Arm, list[Configuration]]:
    """Every way with every number of shots."""
    return {
        arm_of(way, shots): candidates(way, shots, options)
        for shots in options.scope.axes["shots"]
        for way in WAYS
    }


def candidates(way: Way, shots: int, options: Options) -> list[Configuration]:
    """What an arm chooses from: numbers of steps, each at every rate."""
    fewest, most = way.bounds(options.scope.axes["steps"])
    all_readings = _all_readings(way)
    asked = (shots // (all_readings * reading) for reading in way.readings)
    return [
        _model(
            options,
            optimiser=spending_to_text(way.spending(shots, shots // (all_readings * steps))),
            learning_rate=rate,
            batch_size=way.batch_size,
            schedule=way.schedule,
            gradient_clip=way.gradient_clip,
        )
        for steps in sorted({min(max(fewest, number), most) for number in asked})
        for rate in way.rates
    ]


def cells(options: Options) -> list[Cell]:
    """Exact gradients."""
    return cells_of(EXACT, _model(options), options)


def overview(results: StudyResults) -> pd.DataFrame:
    """What every way has chosen for a number of shots, and what it reached."""
    lines = []
    for shots in sorted(results.final["optimiser"].map(_shots_of).unique()):
        for way in WAYS:
            runs = results.runs_of(arm_of(way, shots))
            if runs.empty:
                continue
            first = runs.iloc[0]
            reading = spending_from_text(first["optimiser"]).evaluation_shots
            lines.append(
                {
                    "shots in all": f"{shots:,}",
                    "way": way.name,
                    "shots of a reading": f"{reading:,}",
                    "steps": f"{shots // (_all_readings(way) * reading):,}",
                    "highest rate or first radius": f"{first['learning_rate']:g}",
                    "shots spent": f"{runs['shots_spent'].mean():.4g}",
                    "test accuracy": accuracy_text(runs),
                }
            )
    return pd.DataFrame(lines)


def _shots_of(optimiser: str) -> int:
    return spending_from_text(optimiser).shots if way_of(optimiser) in READINGS else 0


def arm_of(way: Way, shots: int) -> Arm:
    """A way with a number of shots, which is its setting."""
    return Arm(setting_of(shots), way.name, Family.LINEARISED)


def setting_of(shots: int) -> str:
    """The words for a number of shots.

    >>> setting_of(10**7), setting_of(25_000_000)
    ('1e7 shots', '2.5e7 shots')
    """
    number, _, exponent = f"{shots:e}".partition("e")
    return f"{float(number):g}e{int(exponent)} shots"


def _model(options: Options, **changes: object) -> Configuration:
    common = standard(
        options,
        target="cnn:channels=3+3,kernel=5+3,pooling=3+2",
        sizes=((9, 4),) * _PQCNNS,
        trained_phases=_TRAINED,
        mapping="whitened",
        learning_rate=0.01,
    )
    return replace(common, **changes)  # type: ignore[arg-type]


def _all_readings(way: Way) -> int:
    """How often the PQCNNs are read in a step, all of them together."""
    return READINGS[way_of(spending_to_text(way.spending()))] * _PQCNNS


def _contrast(first: Way, second: Way, shots: int) -> Contrast:
    return Contrast(arm_of(first, shots), arm_of(second, shots))


_BESIDE_OTHERS = [_contrast(SHIFT, other, shots) for other in (SPSA, COBYLA) for shots in _SHOTS]
_BESIDE_EXACT = [Contrast(arm_of(SHIFT, shots), EXACT) for shots in _SHOTS]
_WITHOUT_GRADIENTS = [_contrast(SPSA, COBYLA, shots) for shots in _SHOTS]

STUDY = Study(
    name="training_from_shots",
    question="How many shots does training take?",
    axes=(
        Axis("shots", WholeNumbers(1, _MOST_SHOTS), _SHOTS, "shots of a whole training"),
        Axis(
            "steps",
            WholeNumber(1, 10**6),
            _STEPS,
            "most steps by the parameter-shift rule; ten times as many by SPSA, twice by COBYLA",
            is_length=True,
        ),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"shots": (10**7,), "steps": 25}),
        "quick": Preset(seeds=3, epochs=8, axes={"shots": (10**10,), "steps": 376}),
        "full": Preset(seeds=3, epochs=20),
    },
    check=check,
    cells=cells,
    tuned=tuned,
    figures=("training_from_shots", "accuracy", "seeds", "rates", "curves"),
    finding=accuracies_along(
        {
            way.name.capitalize() if way is SHIFT else way.name: {
                setting_of(shots): arm_of(way, shots) for shots in _SHOTS
            }
            for way in WAYS
        }
    ),
    questions=(
        Question(
            "Does the parameter-shift rule train better than SPSA and COBYLA from as many shots?",
            _BESIDE_OTHERS,
        ),
        Question(
            f"Do {setting_of(_SHOTS[-1])} train to within a point of exact gradients?",
            _BESIDE_EXACT[-1:],
            margin=0.01,
        ),
    ),
    overview=overview,
    contrasts=(*_BESIDE_OTHERS, *_BESIDE_EXACT, *_WITHOUT_GRADIENTS),
)
register_study(STUDY)
