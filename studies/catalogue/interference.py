"""Does interference matter?

Photons beside what has no interference of several: distinguishable photons in the same kind of
mesh, one photon at a time, qubits, and a classical generator. Each mapping is a setting of its
own, in which the arms have equal *effective* phases together with the mapping's parameters, as
nearly as whole samplers allow; where several sizes do, the one that did best on validation images
of other seeds was taken, and so was the full mesh, whose further phases make light easier to
train. A product is read as far as there are weights, so that its samplers are such that this part
feels nearly all their phases. Every arm chooses among the same few rates by the mean of three
seeds that are no fresh ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studies.analysis.results import Result, StudyResults, Verdict, in_setting
from studies.catalogue import register_study
from studies.design.arguments import Names, OneOf
from studies.design.arms import Arm, Family, at_bond_dimension
from studies.design.configuration import Configuration, Size
from studies.design.recipes import SOURCE_SIZES, standard
from studies.design.statistics import points
from studies.design.study import Axis, Contrast, Options, Preset, Question, Study

PHOTONS, DISTINGUISHABLE = "photons", "distinguishable photons"
ONE_PHOTON, QUBITS, CLASSICAL = "one photon", "qubits", "a classical generator"
_GENERATORS = {DISTINGUISHABLE: "distinguishable", QUBITS: "qubits", CLASSICAL: "classical"}
_FAMILIES = {PHOTONS: Family.PROBABILITIES, CLASSICAL: Family.CLASSICAL}


@dataclass(frozen=True)
class _Samplers:
    """What one arm generates with.

    Attributes:
        sizes: of each PQCNN, or of that which something else replaces.
        trained: how many phases of each are trained; 0 for all.
    """

    sizes: tuple[Size, ...]
    trained: int = 0


@dataclass(frozen=True)
class Setting:
    """One mapping and what is compared under it.

    Attributes:
        name: of the setting.
        rates: that every arm is tried at.
        standard: the one among them that other studies have.
        samplers: of each arm, by its name.
        axes: what they have in common.
    """

    name: str
    rates: tuple[float, ...]
    standard: float
    samplers: Mapping[str, _Samplers]
    axes: Mapping[str, Any] = field(default_factory=dict)


def _mps(chi: int) -> Setting:
    return Setting(
        at_bond_dimension(chi),
        (0.01, 0.03, 0.1),
        0.03,
        # 81 effective phases, 80, 81, 84 and 81.
        {
            PHOTONS: _Samplers(SOURCE_SIZES),
            DISTINGUISHABLE: _Samplers(((9, 5),) * 2),
            ONE_PHOTON: _Samplers(((9, 1), (12, 1), (63, 1))),
            QUBITS: _Samplers(((9, 4),) * 2),
            CLASSICAL: _Samplers(SOURCE_SIZES),
        },
        {"mapping": f"mps:bond_dimension={chi},form=orthogonal"},
    )


#: By what a command line calls them.
SETTINGS = {
    "mixing": Setting(
        "mixing",
        (0.01, 0.03, 0.1, 0.3),
        0.03,
        # With a gain for each sampler 220 + 5, 220 + 7, 224, 222 + 5 and 220 + 5: the phases of one
        # photon reach every distribution of 9 outcomes, so that its gain adds nothing.
        {
            PHOTONS: _Samplers(((9, 4),) * 5),
            DISTINGUISHABLE: _Samplers((*((9, 4),) * 6, (8, 4))),
            ONE_PHOTON: _Samplers(((9, 1),) * 28),
            QUBITS: _Samplers((*((9, 4),) * 3, *((10, 4),) * 2)),
            CLASSICAL: _Samplers(((9, 4),) * 5),
        },
        {"target": "cnn2202", "mapping": "mixing"},
    ),
    "mps2": _mps(2),
    "mps4": _mps(4),
    "whitened": Setting(
        "whitened",
        (0.003, 0.01, 0.03),
        0.01,
        # 210 effective phases each.
        {
            PHOTONS: _Samplers(((9, 4),) * 14, 15),
            DISTINGUISHABLE: _Samplers(((9, 4),) * 14, 15),
            ONE_PHOTON: _Samplers(((16, 1),) * 14, 15),
            QUBITS: _Samplers(((9, 4),) * 15, 15),
            CLASSICAL: _Samplers(((9, 4),) * 14, 15),
        },
        {"target": "cnn:channels=3+3,kernel=5+3,pooling=3+2", "mapping": "whitened"},
    ),
}
NAMES = (PHOTONS, DISTINGUISHABLE, ONE_PHOTON, QUBITS, CLASSICAL)


def tuned(options: Options) -> Mapping[Arm, list[Configuration]]:
    """Every arm of every setting at each of the rates."""
    every = options.scope.axes["rates"] == "every"
    return {
        arm_of(setting, name): [
            configuration(options, setting, name, rate)
            for rate in (setting.rates if every else (setting.standard,))
        ]
        for setting in (SETTINGS[word] for word in options.scope.axes["setting"])
        for name in NAMES
    }


def configuration(options: Options, setting: Setting, name: str, rate: float) -> Configuration:
    """One arm at one rate."""
    samplers = setting.samplers[name]
    return standard(
        options,
        **setting.axes,
        sizes=samplers.sizes,
        trained_phases=samplers.trained,
        # A classical generator has as many numbers as the mesh that it replaces has phases.
        mesh="minimal" if name == CLASSICAL else "rectangular",
        generator=_GENERATORS.get(name, "pqcnn"),
        learning_rate=rate,
    )


def arm_of(setting: Setting, name: str) -> Arm:
    """The arm of this name in a setting."""
    return Arm(setting.name, name, _FAMILIES.get(name, Family.CONTROL))


def finding(results: StudyResults) -> str:
    """What interference makes of photons under each mapping."""
    found = [r for r in results.contrasts if r.contrast.second.name == DISTINGUISHABLE]
    if not found:
        return "Photons have yet to be compared with distinguishable ones."
    each = "; ".join(f"{in_setting(result.contrast.setting)} {_said(result)}" for result in found)
    return f"Photons minus distinguishable photons, at equal effective counts: {each}."


def _said(result: Result) -> str:
    """The difference in points with its interval, what may be said of it, and what failed."""
    failures = result.failures
    failed = (
        f", failures {failures.first} against {failures.second} of {failures.pairs}"
        if failures.any
        else ""
    )
    if result.verdict is Verdict.NO_PAIR:
        return f"no seed trains with both{failed}"
    text = f"{points(result.difference.mean, sign=True)} points"
    if result.verdict is not Verdict.NO_INTERVAL:
        low, high = result.difference.shown
        text += f" [{points(low)}, {points(high)}] ({result.verdict})"
    return text + failed


CONTRASTS = tuple(
    Contrast(arm_of(setting, PHOTONS), arm_of(setting, other))
    for setting in SETTINGS.values()
    for other in NAMES[1:]
)


def _against(name: str, *, linearised: bool | None = None) -> list[Contrast]:
    """The contrasts with an arm, where a mapping follows the phases linearly, or where none does.

    That is ``whitened``, which reads a distribution to tell the phases that it is made with.
    """
    return [
        contrast
        for contrast in CONTRASTS
        if contrast.second.name == name
        and linearised in (None, contrast.setting == SETTINGS["whitened"].name)
    ]


STUDY = Study(
    name="interference",
    question="Does interference matter?",
    axes=(
        Axis("setting", Names(tuple(SETTINGS)), tuple(SETTINGS), "mappings, e.g. mixing,mps2"),
        Axis("rates", OneOf(("every", "one")), "every", "rates that each arm is tried at"),
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"setting": ("mixing",), "rates": "one"}),
        "quick": Preset(seeds=3, epochs=8, axes={"rates": "one"}),
        "full": Preset(seeds=16, epochs=20, tuning_seeds=3),
    },
    cells=lambda _: [],
    tuned=tuned,
    finding=finding,
    figures=("accuracy", "seeds", "rates", "curves"),
    questions=(
        Question(
            "Are photons that interfere better than distinguishable ones where probabilities are "
            "read?",
            _against(DISTINGUISHABLE, linearised=False),
            note="Its page asks the same of one photon, qubits and a classical generator.",
        ),
        Question(
            "Are they where the mapping is linearised (whitened)?",
            _against(DISTINGUISHABLE, linearised=True),
            note="It is a random subspace by construction.",
        ),
        Question(
            "Are photons better than one photon at a time?",
            _against(ONE_PHOTON),
            note="Under mixing one photon was run again after a look: equal counts take 28 "
            "samplers, not 25.",
        ),
        Question("Are photons better than qubits?", _against(QUBITS)),
        Question("Are photons better than a classical generator?", _against(CLASSICAL)),
    ),
    contrasts=CONTRASTS,
)
register_study(STUDY)
