"""How many modes and photons should each PQCNN have?"""

import optuna

from qcnn import PQCNN, InvalidInput, mapping_from_text
from qcnn.optics.fock import SPACES, count_outcomes
from qcnn.weights.combine import COMBINATIONS
from studies.analysis.findings import best_against_references
from studies.catalogue import register_study
from studies.design.arguments import (
    MOST_MODES,
    ChoiceText,
    OneOf,
    PositiveNumber,
    WholeNumber,
    WholeNumbers,
)
from studies.design.choose import non_dominated_configurations
from studies.design.configuration import INPUTS, Configuration, Size, enough_outcomes
from studies.design.recipes import MESH_AXIS, direct_cells, notebook_cells, standard, weights_of
from studies.design.study import Axis, Cell, Options, Preset, Search, Study

_MODES, _PHOTONS = WholeNumbers(2, MOST_MODES), WholeNumbers(1, MOST_MODES)


def check(options: Options) -> None:
    """Raises InvalidInput if no sizes within the axes can be trained, or one is too large."""
    axes = options.scope.axes
    combinations = mapping_from_text(axes["mapping"]).combinations
    if axes["combine"] and axes["combine"] not in combinations:
        raise InvalidInput(
            f"combine is {axes['combine']!r}; allowed with {axes['mapping']} are "
            f"{', '.join(combinations)}"
        )
    if not _sizes(options):
        raise InvalidInput(
            f"photons is {_text(axes['photons'])} with modes {_text(axes['modes'])}; allowed are "
            "ranges in which some size has at most as many photons as modes"
        )
    if not _suffice(options, [_largest(options)] * axes["count"]):
        raise InvalidInput(
            f"modes is {_text(axes['modes'])} with photons {_text(axes['photons'])} and "
            f"{axes['count']} PQCNNs; allowed with {axes['mapping']} are ranges that reach "
            f"{weights_of(axes['target'], options.scope.dataset)} joint outcomes"
        )
    # Building a sampler says at once whether the memory holds it: its tables come later.
    modes, photons = _largest(options)
    PQCNN(modes, photons, space=axes["space"], mesh=axes["mesh"], seed=0)


def suggest(trial: optuna.Trial, options: Options) -> Configuration:
    """Modes and photons of each PQCNN, only such that the outcomes suffice.

    The modes are drawn first, each at least so many that the PQCNNs still to come can
    make up for it, then the photons in the same way.
    """
    count = options.scope.axes["count"]
    largest = _largest(options)
    chosen = [largest] * count
    best_of_modes = [
        max(_sizes(options, modes), key=lambda size: _outcomes(options, size))
        for modes in sorted({modes for modes, _ in _sizes(options)})
    ]
    for place in range(count):
        _choose(trial, f"modes_{place}", options, chosen, place, best_of_modes)
    for place in range(count):
        candidates = _sizes(options, chosen[place][0])
        _choose(trial, f"photons_{place}", options, chosen, place, candidates)
    return configuration(options, tuple(sorted(chosen, reverse=True)))


def configuration(options: Options, sizes: tuple[Size, ...]) -> Configuration:
    """The configuration of these sizes under the study's other axes."""
    axes = options.scope.axes
    return standard(
        options,
        sizes=sizes,
        **{
            name: axes[name]
            for name in ("target", "space", "input", "combine", "mapping", "learning_rate")
        },
    )


def references(options: Options) -> list[Cell]:
    """The target trained directly under the same schedule, and the reference notebook."""
    return [
        *direct_cells(configuration(options, ()), options),
        *notebook_cells(options),
    ]


def _choose(
    trial: optuna.Trial,
    name: str,
    options: Options,
    chosen: list[Size],
    place: int,
    candidates: list[Size],
) -> None:
    """Let the sampler put one of the sufficient candidates, which are neighbours, in place."""
    sufficient = [
        position
        for position, size in enumerate(candidates)
        if _suffice(options, [*chosen[:place], size, *chosen[place + 1 :]])
    ]
    chosen[place] = candidates[trial.suggest_int(name, sufficient[0], sufficient[-1])]


def _sizes(options: Options, modes: int | None = None) -> list[Size]:
    """All sizes within the axes, of ``modes`` modes where given, in ascending order."""
    return [
        (m, photons)
        for m in (options.scope.axes["modes"] if modes is None else (modes,))
        for photons in options.scope.axes["photons"]
        if photons <= m
    ]


def _outcomes(options: Options, size: Size) -> int:
    return count_outcomes(*size, options.scope.axes["space"])


def _largest(options: Options) -> Size:
    return max(_sizes(options), key=lambda size: _outcomes(options, size))


def _suffice(options: Options, sizes: list[Size]) -> bool:
    axes = options.scope.axes
    return enough_outcomes(
        axes["mapping"],
        axes["combine"],
        axes["space"],
        tuple(sizes),
        weights_of(axes["target"], options.scope.dataset),
    )


def _text(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


STUDY = Study(
    name="mode_sweep",
    question="How many modes and photons should each PQCNN have?",
    axes=(
        Axis("modes", _MODES, tuple(range(4, 13)), "modes of each PQCNN, e.g. 6,8-12"),
        Axis("photons", _PHOTONS, tuple(range(1, 7)), "photons of each PQCNN, e.g. 1-6"),
        Axis("count", WholeNumber(1, 16), 3, "number of PQCNNs"),
        Axis("space", OneOf(SPACES), "unbunched", "detection outcomes kept"),
        Axis("input", OneOf(INPUTS), "spread", "modes that the photons enter"),
        MESH_AXIS,
        Axis("mapping", ChoiceText("mapping"), "mixing", "probability-to-weight mapping"),
        Axis("combine", OneOf(COMBINATIONS), "", "default: the mapping's own"),
        Axis("target", ChoiceText("target"), "cnn2202", "network that receives the weights"),
        Axis("learning_rate", PositiveNumber(), 0.03, "highest rate of Adam"),
    ),
    presets={
        "smoke": Preset(
            trials=2,
            finalists=1,
            seeds=1,
            epochs=1,
            axes={"modes": (4, 5, 6), "photons": (1, 2, 3), "count": 2},
        ),
        "quick": Preset(trials=24, finalists=4, seeds=3, epochs=8, long_seeds=1),
        "full": Preset(trials=80, finalists=6, seeds=10, epochs=20, long_seeds=10),
    },
    check=check,
    search=Search(suggest, non_dominated_configurations),
    cells=references,
    finding=best_against_references,
    figures=("accuracy", "heat_map", "seeds", "curves"),
)
register_study(STUDY)
