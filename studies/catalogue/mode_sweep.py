"""How many modes and photons should each PQCNN have?

Two parts. A map at equal cost: for every size as many equal PQCNNs as come nearest to a number of
effective parameters, with one mapping and one target, each at the best of a few rates, so that
accuracy is a function of the size alone; beside them one PQCNN that is as large. And a search
over sizes, number of PQCNNs and mapping with its options, for the accuracy against the number of
trainable parameters.

The contrasts are between sizes of the map whose effective parameters differ by less than 5 %.
"""

from collections.abc import Mapping
from dataclasses import replace

import optuna

from qcnn import PQCNN, InvalidInput
from qcnn.optics.fock import SPACES
from studies.analysis.sizes import EQUAL_COST, several, single, what_to_choose
from studies.catalogue import register_study
from studies.design.arguments import (
    MOST_MODES,
    ChoiceText,
    ChoiceTexts,
    OneOf,
    PositiveNumbers,
    WholeNumber,
    WholeNumbers,
)
from studies.design.arms import DIRECT, Arm
from studies.design.choose import non_dominated_configurations
from studies.design.configuration import Configuration, Size, enough_outcomes
from studies.design.measures import quantum_pass
from studies.design.recipes import direct_cells, notebook_cells, standard, weights_of
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Search, Study
from studies.settings.budgets import BUDGET
from studies.settings.equal_cost import equal_pqcnns, single_pqcnn
from studies.settings.search import SEARCHED, suggest_setting

_MODES, _PHOTONS = WholeNumbers(2, MOST_MODES), WholeNumbers(1, MOST_MODES)


def check(options: Options) -> None:
    """Raises InvalidInput if no sizes within the axes can be trained, or one is too large."""
    axes = options.scope.axes
    if not _sizes(options):
        raise InvalidInput(
            f"photons is {_text(axes['photons'])} with modes {_text(axes['modes'])}; allowed are "
            "ranges in which some size has fewer photons than modes"
        )
    weights = weights_of(axes["target"], options.scope.dataset)
    found: dict[Configuration, Arm] = {}
    for arm, configuration in _map(options).items():
        sizes = configuration.sizes
        if not enough_outcomes(axes["mapping"], "", axes["space"], sizes, weights):
            raise InvalidInput(
                f"mapping is {axes['mapping']!r} with {len(sizes)} × ({sizes[0][0]},"
                f"{sizes[0][1]}); allowed there are mappings that need fewer than {weights} joint "
                "outcomes"
            )
        if configuration in found:
            raise InvalidInput(
                f"budget is {axes['budget']}, at which {arm.name} is {found[configuration].name}; "
                "allowed are numbers that several PQCNNs of every size reach"
            )
        found[configuration] = arm
    # Building a sampler says at once whether the memory holds it: its tables come later.
    for modes, photons in {configuration.sizes[0] for configuration in found}:
        PQCNN(modes, photons, space=axes["space"], mesh="minimal", seed=0)


def map_at_equal_cost(options: Options) -> Mapping[Arm, list[Configuration]]:
    """Every size at every rate, and one PQCNN that is as large."""
    return {
        arm: [replace(configuration, learning_rate=rate) for rate in options.scope.axes["rates"]]
        for arm, configuration in _map(options).items()
    }


def suggest(trial: optuna.Trial, options: Options) -> Configuration:
    """A size, a number of PQCNNs, and a mapping with its options."""
    axes = options.scope.axes
    return suggest_setting(
        trial, _common(options), axes["modes"], axes["photons"], axes["searched"]
    )


def references(options: Options) -> list[Cell]:
    """The target trained directly under the same schedule, and the reference notebook."""
    return [*direct_cells(_common(options), options), *notebook_cells(options)]


def _map(options: Options) -> dict[Arm, Configuration]:
    """The configuration of each arm of the map, but for its rate."""
    axes, like = options.scope.axes, _common(options)
    found = {several(size): equal_pqcnns(like, size, axes["budget"]) for size in _sizes(options)}
    for photons in axes["single"]:
        found[single(photons)] = single_pqcnn(like, photons, axes["budget"])
    return found


def _common(options: Options) -> Configuration:
    axes = options.scope.axes
    return standard(
        options,
        sizes=(),
        target=axes["target"],
        space=axes["space"],
        mesh="minimal",
        mapping=axes["mapping"],
    )


def _sizes(options: Options) -> list[Size]:
    """All sizes within the axes that have more than one outcome, in ascending order."""
    axes = options.scope.axes
    return [
        (modes, photons)
        for modes in axes["modes"]
        for photons in axes["photons"]
        if photons < modes
    ]


def _text(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


#: More photons at equal modes, more modes at equal photons.
_MORE_PHOTONS = tuple(
    Contrast(several((modes, more)), several((modes, fewer)))
    for modes, more, fewer in ((6, 3, 1), (8, 2, 1), (8, 5, 1), (8, 5, 2), (12, 2, 1))
)
_MORE_MODES = tuple(
    Contrast(several((more, photons)), several((fewer, photons)))
    for more, fewer, photons in ((8, 4, 1), (12, 4, 1), (8, 4, 2), (12, 6, 2))
)
_ONE_LARGE = tuple(
    Contrast(single(photons), several((modes, photons)))
    for photons, modes in ((1, 8), (2, 8), (3, 6))
)

STUDY = Study(
    name="mode_sweep",
    question="How many modes and photons should each PQCNN have?",
    axes=(
        Axis("modes", _MODES, (4, 6, 8, 10, 12), "modes of each PQCNN, e.g. 6,8-12"),
        Axis("photons", _PHOTONS, tuple(range(1, 7)), "photons of each PQCNN, e.g. 1-6"),
        Axis(
            "budget",
            WholeNumber(1, BUDGET.most),
            220,
            "effective parameters at every point of the map",
        ),
        Axis("single", _PHOTONS, (1, 2, 3), "photons of one PQCNN that takes the whole budget"),
        Axis("rates", PositiveNumbers(), (0.01, 0.03, 0.1), "highest rates tried for every size"),
        Axis("space", OneOf(SPACES), "unbunched", "detection outcomes kept"),
        Axis("mapping", ChoiceText("mapping"), "mixing", "probability-to-weight mapping"),
        Axis("searched", ChoiceTexts("mapping"), SEARCHED, "mappings that the search tries"),
        Axis("target", ChoiceText("target"), "cnn2202", "network that receives the weights"),
    ),
    presets={
        "smoke": Preset(
            trials=2,
            finalists=1,
            seeds=1,
            epochs=1,
            axes={
                "modes": (4, 6),
                "photons": (1,),
                "budget": 20,
                "single": (1,),
                "rates": (0.03,),
            },
        ),
        "quick": Preset(
            trials=24,
            finalists=4,
            seeds=3,
            epochs=8,
            long_seeds=1,
            axes={"modes": (4, 6, 8, 12), "photons": (1, 2, 4), "single": (1, 2)},
        ),
        "full": Preset(trials=100, finalists=24, seeds=12, epochs=20, long_seeds=10),
    },
    check=check,
    search=Search(suggest, non_dominated_configurations),
    tuned=map_at_equal_cost,
    cells=references,
    measure=quantum_pass,
    finding=what_to_choose,
    figures=(
        "size_map",
        "size_lines",
        "accuracy",
        "pareto_front",
        "importances",
        "history",
        "parallel_coordinates",
        "seeds",
        "curves",
    ),
    questions=(
        Question(
            "At equal cost and equal modes, do more photons help?",
            _MORE_PHOTONS,
            note="Saturated sizes, as all of one photon, were run again after a look: their number "
            "at equal cost had been miscounted.",
        ),
        Question("At equal cost and equal photons, do more modes help?", _MORE_MODES),
        Question("At equal cost, is one large PQCNN better than small ones?", _ONE_LARGE),
    ),
    contrasts=(*_MORE_PHOTONS, *_MORE_MODES, *_ONE_LARGE),
    # The map and its target: what a search has found on one dataset is for that one.
    transfers=lambda arm: arm.setting == EQUAL_COST or arm == DIRECT,
)
register_study(STUDY)
