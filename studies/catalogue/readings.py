"""Can photons that are read as probabilities beat a random subspace?

Where a budget is small the random subspace is what to beat (``frontier``). Here are further ways to
read probabilities, at equal numbers of trainable parameters: mixing of log p as elsewhere, of all
outcomes or of which pairs of modes hold photons; roots of p around the initial weights w₀, of many
small PQCNNs, whose phases Adam changes by their own gradient or in natural coordinates; and the
latter with directions of their own for each layer, smooth across kernels. What such directions are
worth to a subspace is an arm, too: photons that have them are first of all held against the
subspace that has them.

Nearly all that is trained is effective: of PQCNNs that are read by their marginals only as many
phases are trained as these tell apart. Each arm has six candidates, three rates for each of two
targets. Those of roots and subspaces are the same three steps of the weights. Roots and subspaces
start at w₀; mixing starts off it, at the numbers that its random matrix makes of the initial
distributions. The larger its gain the less phases turn, and the more a mapping of roots is itself
a random subspace; there is one gain.

The natural gradient takes the Fisher information of each PQCNN from a simulation, anew at every
fifth step. No trainable parameter is counted for it, and no shot: it shows in the seconds alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

from qcnn import load_data, smaller_targets
from studies.analysis.findings import accuracies_along
from studies.catalogue import register_study
from studies.design.arguments import WholeNumber
from studies.design.arms import Arm, Family, at_budget
from studies.design.configuration import ADAM, NATURAL, Configuration
from studies.design.recipes import standard, without_photons
from studies.design.study import Axis, Contrast, Options, Preset, Question, Study
from studies.settings.budgets import BUDGET, most_pqcnns, within_budget

BUDGETS = (223, 471)
#: Of each arm at each budget.
CANDIDATES = 6
#: Weights of the target for each trainable parameter.
_RATIOS = (1.4, 3.0)
_MIXED_SIZES = ((9, 4), (8, 4), (6, 3), (4, 2))
#: In Fock space the minimal mesh has as many phases as are effective, 10 and 7.
_ROOTS_SIZES = ((5, 2), (4, 2), (3, 1))
#: What is read by two-mode marginals, and how many phases of each are effective then.
_MARGINALS_SIZES, _MARGINALS_PHASES = ((9, 4),), 35
_MIXING_RATES = (0.1, 0.03, 0.3)
_GAIN = 30.0
#: Of a weight in units of 1/√fan-in.
_STEPS = (0.14, 0.42, 0.045)
#: Such steps that roots make for a unit of gain and rate: the root of the mean square over the
#: weights, if every phase, or natural coordinate, moves by the rate.
_STEP_OF_ROOTS = {ADAM: 1.1, NATURAL: 1.3}

_LOGARITHMS, _ROOTS = "log p, mixed", "√p, mixed"
_MARGINALS = "log of two-mode marginals, mixed"
_NATURAL, _LAYERED = "√p, natural gradient", "√p for each layer, natural gradient"
_SUBSPACE, _LAYERED_SUBSPACE = "a random subspace", "a random subspace for each layer"
_READ = (_LOGARITHMS, _MARGINALS, _ROOTS, _NATURAL, _LAYERED)


def tuned(options: Options) -> Mapping[Arm, Sequence[Configuration]]:
    """The arms at each budget with their candidates."""
    found: dict[Arm, Sequence[Configuration]] = {}
    for budget in options.scope.axes["budget"]:
        candidates = {
            _LOGARITHMS: _logarithms(options, budget, "outcomes"),
            _MARGINALS: _logarithms(options, budget, "two modes"),
            _ROOTS: _roots(options, budget, "normal", ADAM),
            _NATURAL: _roots(options, budget, "normal", NATURAL),
            _LAYERED: _roots(options, budget, "layered", NATURAL),
            _SUBSPACE: _subspaces(options, budget, "orthogonal"),
            _LAYERED_SUBSPACE: _subspaces(options, budget, "layered"),
        }
        for name, of_arm in candidates.items():
            found[_arm(budget, name)] = of_arm[: options.scope.axes["candidates"]]
    return found


def check(options: Options) -> None:
    """Raises InvalidInput for a budget that the smallest network exceeds."""
    tuned(options)


def _logarithms(options: Options, budget: int, read: str) -> list[Configuration]:
    of_outcomes = read == "outcomes"
    like = standard(
        options,
        mesh="minimal",
        mapping="mixing",
        read=read,
        trained_phases=0 if of_outcomes else _MARGINALS_PHASES,
    )
    sizes = _MIXED_SIZES if of_outcomes else _MARGINALS_SIZES
    return within_budget(
        most_pqcnns(replace(like, learning_rate=rate, target=target), sizes, budget)
        for rate, target in product(_MIXING_RATES, _targets(options, budget))
    )


def _roots(options: Options, budget: int, directions: str, optimiser: str) -> list[Configuration]:
    like = standard(
        options,
        mesh="minimal",
        space="fock",
        mapping=f"roots:gain={_GAIN},directions={directions}",
        optimiser=optimiser,
    )
    of_unit = _GAIN * _STEP_OF_ROOTS[optimiser]
    return within_budget(
        most_pqcnns(
            replace(like, learning_rate=float(f"{step / of_unit:.2g}"), target=target),
            _ROOTS_SIZES,
            budget,
        )
        for step, target in product(_STEPS, _targets(options, budget))
    )


def _subspaces(options: Options, budget: int, directions: str) -> list[Configuration]:
    mapping = f"random_subspace:dimension={budget},directions={directions}"
    plain = replace(without_photons(standard(options)), mapping=mapping)
    return [
        replace(plain, learning_rate=step, target=target)
        for step, target in product(_STEPS, _targets(options, budget))
    ]


def _targets(options: Options, budget: int) -> list[str]:
    """The largest small CNN of so many weights for each parameter."""
    data = load_data(options.scope.dataset)
    return [
        smaller_targets(int(ratio * budget), "direct", data.image_shape, data.classes)[0]
        for ratio in _RATIOS
    ]


def _arm(budget: int, name: str) -> Arm:
    family = Family.PROBABILITIES if name in _READ else Family.COMPRESSED
    return Arm(at_budget(budget), name, family)


def _contrasts(first: str, second: str) -> list[Contrast]:
    return [Contrast(_arm(budget, first), _arm(budget, second)) for budget in BUDGETS]


_WITHOUT_LAYERS = [
    contrast for name in _READ if name != _LAYERED for contrast in _contrasts(name, _SUBSPACE)
]
_BY_LAYER = _contrasts(_LAYERED, _SUBSPACE)
_STRUCTURE = _contrasts(_LAYERED_SUBSPACE, _SUBSPACE)
_SAME_STRUCTURE = _contrasts(_LAYERED, _LAYERED_SUBSPACE)
_NATURAL_GRADIENT = _contrasts(_NATURAL, _ROOTS)

STUDY = Study(
    name="readings",
    question="Can photons that are read as probabilities beat a random subspace?",
    axes=(
        Axis("budget", BUDGET, BUDGETS, "most trainable parameters, e.g. 223,471"),
        Axis("candidates", WholeNumber(1, CANDIDATES), CANDIDATES, "candidates of each arm"),
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"budget": (223,), "candidates": 1}),
        "quick": Preset(seeds=3, epochs=8, axes={"budget": (223,), "candidates": 2}),
        "full": Preset(seeds=12, epochs=40, tuning_seeds=2),
    },
    check=check,
    cells=lambda _: [],
    tuned=tuned,
    finding=accuracies_along(
        {
            name: {at_budget(b): _arm(b, name) for b in BUDGETS}
            for name in (*_READ, _SUBSPACE, _LAYERED_SUBSPACE)
        }
    ),
    figures=("accuracy", "seeds", "rates", "curves"),
    questions=(
        Question(
            "Do photons read as probabilities, with directions for each layer, beat a random "
            "subspace that has such directions?",
            _SAME_STRUCTURE,
        ),
        Question(
            "Do they beat a random subspace without such directions?",
            _BY_LAYER,
            note="What such directions are worth is no merit of photons: a subspace can have them.",
        ),
        Question(
            "Do photons read as probabilities otherwise, in four ways without such directions, "
            "beat a random subspace?",
            _WITHOUT_LAYERS,
        ),
        Question("Does a random subspace gain by such directions?", _STRUCTURE),
        Question("Does a natural gradient on the phases help?", _NATURAL_GRADIENT),
    ),
    contrasts=(
        *_SAME_STRUCTURE,
        *_BY_LAYER,
        *_WITHOUT_LAYERS,
        *_STRUCTURE,
        *_NATURAL_GRADIENT,
    ),
)
register_study(STUDY)
