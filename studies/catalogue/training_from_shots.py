"""How many shots does training take?

One model, linearised photons with 210 trained phases, is trained with its PQCNNs known by shots
alone: by Adam with gradients of the photonic parameter-shift rule, by Adam with simultaneous
perturbation (SPSA), and by COBYLA, each with as many shots in all. Beside them stands Adam with
exact gradients for as many steps as the parameter-shift rule has at most. Among how many steps the
shots are divided, from which those of a reading follow, and the rate, which with SPSA is the
perturbation, every arm chooses on the validation images, under a seed that is no fresh one; the
three ways choose from as many candidates each. A shot is one firing of a source; about three in
four end with two photons in a mode and are rejected. The devices are perfect otherwise.

Which phases are trained and what the mapping reads by follow from a simulation of the start, and
the test images are seen with exact probabilities: what is counted is training, not reading out. Nor
are the shots counted that choosing spends, every candidate as many as the training that is chosen;
and choosing sees the validation images with exact probabilities, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import sqrt

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
from studies.design.recipes import MESH_AXIS, standard
from studies.design.study import Axis, Contrast, Options, Preset, Question, Study

#: The linearised model of the study ``noise``.
_PQCNNS, _TRAINED = 14, 15
#: With ten times fewer the error of a gradient is several times as long as the gradient.
_SHOTS = (10**8, 10**9, 10**10, 10**11)
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
        tries: highest rates, or initial radii in radians, each with what the shots are spent on.
        most: of the steps, in units of those of the parameter-shift rule.
        range: how many times as many the most are as the fewest.
        least: steps that make sense at all.
        batch_size: images of a step, or of a search.
        schedule, gradient_clip: as of a configuration.
    """

    name: str
    tries: tuple[tuple[float, Spending], ...]
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


_RATES = (0.01, 0.03)
SHIFT = Way(
    "parameter-shift rule",
    tuple((rate, ParameterShift()) for rate in _RATES),
    most=1,
    range=25,
)
#: One of 210 directions says as much less as a gradient, and takes more steps; for 210 times as
#: many there is no time. The small perturbation sees a loss that is linear, the other one less
#: noise; how far it comes in all at one rate goes by the number of steps.
SPSA = Way(
    "SPSA",
    ((0.003, Spsa(perturbation=0.003)), (0.003, Spsa(perturbation=0.01))),
    most=5,
    range=10,
)
#: As many images as in the paper's searches. With twice as many evaluations as the parameter-shift
#: rule has steps it would still be on its way when they end.
COBYLA = Way(
    "COBYLA",
    ((0.1, Cobyla()), (0.3, Cobyla())),
    most=4,
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
    """Every way with every number of shots, and exact gradients at the parameter-shift's rates."""
    found = {
        arm_of(way, shots): candidates(way, shots, options)
        for shots in options.scope.axes["shots"]
        for way in WAYS
    }
    return found | {EXACT: [_model(options, learning_rate=rate) for rate in _RATES]}


def candidates(way: Way, shots: int, options: Options) -> list[Configuration]:
    """What an arm chooses from: numbers of steps, each with everything that is tried."""
    all_readings = _all_readings(way)
    return [
        _model(
            options,
            optimiser=spending_to_text(
                replace(spending, shots=shots, evaluation_shots=shots // (all_readings * steps))
            ),
            learning_rate=rate,
            batch_size=way.batch_size,
            schedule=way.schedule,
            gradient_clip=way.gradient_clip,
        )
        for steps in _steps_to_try(way, shots, options.scope.axes["steps"])
        for rate, spending in way.tries
    ]


def _steps_to_try(way: Way, shots: int, steps: int) -> list[int]:
    """The fewest, the most and their geometric mean, as far as the shots suffice for readings."""
    fewest, most = way.bounds(steps)
    enough = shots // (_LEAST_READING * _all_readings(way))
    return sorted({min(n, enough) for n in (fewest, round(sqrt(fewest * most)), most)})


def overview(results: StudyResults) -> pd.DataFrame:
    """What every way has chosen for a number of shots, and what it reached."""
    lines = []
    for shots in sorted(results.final["optimiser"].map(_shots_of).unique()):
        for way in WAYS:
            runs = results.runs_of(arm_of(way, shots))
            if runs.empty:
                continue
            first = runs.iloc[0]
            spending = spending_from_text(first["optimiser"])
            reading = spending.evaluation_shots
            lines.append(
                {
                    "shots in all": f"{shots:,}",
                    "way": way.name,
                    "shots of a reading": f"{reading:,}",
                    "steps": f"{shots // (_all_readings(way) * reading):,}",
                    "highest rate or first radius": f"{first['learning_rate']:g}",
                    "perturbation": f"{spending.perturbation:g}"
                    if isinstance(spending, Spsa)
                    else "–",
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
    return READINGS[way_of(spending_to_text(way.tries[0][1]))] * _PQCNNS


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
            "most steps by the parameter-shift rule; five times as many by SPSA, four by COBYLA",
            is_length=True,
        ),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"shots": (10**8,), "steps": 25}),
        "quick": Preset(seeds=3, epochs=8, axes={"shots": (10**10,), "steps": 376}),
        "full": Preset(seeds=3, epochs=20),
    },
    check=check,
    cells=lambda _: [],
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
