"""Is the photonic part necessary?

Each arm has something else in the PQCNNs' place, with equal epochs, equal steps and paired
seeds. At equal architecture the controls without trainable numbers have fewer trainable
parameters; the classical generator has as many as there are effective phases, and one arm without
input has a larger bond dimension that makes up for the phases. Every arm has the best of the same
few rates, by the mean of three seeds, and the matrix product states begin orthogonal, so that no
seed fails. There were 10 seeds at first, and 6 more after a look at
their results; 16 that nobody has seen decide.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from studies.catalogue import register_study
from studies.design.arguments import OneOf, WholeNumbers
from studies.design.arms import Arm, Family, at_bond_dimension
from studies.design.configuration import Configuration
from studies.design.recipes import MESH_AXIS, standard
from studies.design.study import (
    Axis,
    Contrast,
    Options,
    Preset,
    Question,
    Study,
    are_compared,
)

FROZEN = "frozen phases"
#: What each generator is called; the PQCNN itself comes first.
NAMES = {
    "pqcnn": "trained phases",
    "frozen": FROZEN,
    "fixed_random": "fixed random numbers",
    "redrawn_random": "random numbers redrawn at every pass",
    "matched_random": "random numbers of the same distribution",
    "no_input": "no input",
    "classical": "a classical generator of the same effective count",
}
_MIXING_SIZES = ((9, 4),) * 5
_MIXING_ARMS = ("pqcnn", "frozen", "classical")
_MIXING = "mixing of 5 PQCNNs at chosen rates"
_STATE_RATES, _MIXING_RATES = (0.01, 0.03), (0.01, 0.03, 0.1, 0.3)
#: Of both, and of other studies.
_STANDARD_RATE = 0.03


def at(chi: int) -> str:
    """The setting of the arms at a bond dimension; those at "χ = 2" alone had the lean form."""
    return f"{at_bond_dimension(chi)}, orthogonal start"


#: The arm without input whose mapping has the trainable count of χ = 2 with its phases.
_LARGER = Arm(at(3), NAMES["no_input"], Family.CONTROL)


def tuned(options: Options) -> Mapping[Arm, list[Configuration]]:
    """Every arm at every bond dimension, and the arms of the mapping that leans on the phases."""
    found: dict[Arm, list[Configuration]] = {}
    for chi in options.scope.axes["bond_dimension"]:
        for generator in NAMES:
            found[_arm(at(chi), generator)] = _state(options, chi, generator)
    found[_LARGER] = _state(options, 3, "no_input")
    for generator in _MIXING_ARMS:
        axes = {"target": "cnn2202", "sizes": _MIXING_SIZES, "mapping": "mixing"}
        found[_arm(_MIXING, generator)] = _at_rates(options, _MIXING_RATES, generator, **axes)
    return found


def _state(options: Options, chi: int, generator: str) -> list[Configuration]:
    mapping = f"mps:bond_dimension={chi},form=orthogonal"
    return _at_rates(options, _STATE_RATES, generator, mapping=mapping)


def _at_rates(
    options: Options, rates: Sequence[float], generator: str, **axes: Any
) -> list[Configuration]:
    # A classical generator has as many numbers as the mesh that it replaces has phases: in the
    # minimal one as many as are effective in any.
    mesh = {"mesh": "minimal"} if generator == "classical" else {}
    return [
        standard(options, generator=generator, learning_rate=rate, **axes, **mesh)
        for rate in (rates if options.scope.axes["rates"] == "every" else (_STANDARD_RATE,))
    ]


def _arm(setting: str, generator: str) -> Arm:
    families = {"pqcnn": Family.PROBABILITIES, "classical": Family.CLASSICAL}
    return Arm(setting, NAMES[generator], families.get(generator, Family.CONTROL))


_CONTRASTS = (
    *(
        Contrast(_arm(at(chi), "pqcnn"), _arm(at(chi), other))
        for chi in (2, 4, 10)
        for other in NAMES
        if other != "pqcnn"
    ),
    Contrast(_arm(at(2), "pqcnn"), _LARGER, "equal trainable count"),
    *(Contrast(_arm(_MIXING, "pqcnn"), _arm(_MIXING, other)) for other in _MIXING_ARMS[1:]),
)

STUDY = Study(
    name="ablation",
    question="Is the photonic part necessary?",
    axes=(
        Axis("bond_dimension", WholeNumbers(1), (2, 4, 10), "bond dimensions of the mapping"),
        Axis("rates", OneOf(("every", "one")), "every", "rates that each arm is tried at"),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"bond_dimension": (2,), "rates": "one"}),
        "quick": Preset(seeds=3, epochs=8, axes={"bond_dimension": (2, 4)}),
        "full": Preset(seeds=16, epochs=20, after=16, tuning_seeds=3),
    },
    cells=lambda _: [],
    tuned=tuned,
    figures=("accuracy", "seeds", "rates", "curves"),
    questions=(
        Question(
            "Are trained phases better than a classical generator of the same effective count?",
            [c for c in _CONTRASTS if c.second.name == NAMES["classical"]],
            note="interference asks the same; under mixing its photons have chosen another rate.",
        ),
        Question(
            "Are trained phases better than frozen ones?",
            [c for c in _CONTRASTS if c.second.name == FROZEN],
            note="By construction mixing then trains one number for each PQCNN.",
        ),
        Question(
            "Are trained phases better than no photons and no phases trained in their place?",
            [c for c in _CONTRASTS if c.second.name not in (FROZEN, NAMES["classical"])],
            note="In one of the controls a larger matrix product state is trained instead.",
        ),
    ),
    contrasts=_CONTRASTS,
    looks=(10, 16),
    confirmed=True,
    transfers=are_compared(_CONTRASTS),
)
register_study(STUDY)
