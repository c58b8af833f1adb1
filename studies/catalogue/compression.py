"""What would one use instead of photons?

Photonic weight generation beside the classical ways to train a network with few numbers:
smaller networks, random subspaces, hashing, low rank, weight sharing and pruning. A budget
is rounded to what whole PQCNNs of (9,4) have; random subspace and hashing have exactly as
many trainable parameters, the others the most that do not exceed it. Every arm has equal
epochs and steps, paired seeds and the same few rates to choose from on the validation
images; smaller networks, trained directly or at low rank, may be of any of four families,
too. The paper's weight sharing and pruning are there once more with its own rates, 1e-4
and 1e-3 throughout, without clipping (it trains them for 50 epochs; here all arms train
equally long).
"""

from collections.abc import Mapping
from dataclasses import replace

from qcnn import load_data, smaller_targets
from qcnn.meshes import count_phases, mesh_names
from studies.catalogue import register_study
from studies.design.arguments import OneOf, PositiveNumbers
from studies.design.arms import Arm, Family, at_budget
from studies.design.configuration import Configuration
from studies.design.recipes import cells_of, standard, weights_of, without_photons
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Study
from studies.settings.budgets import BUDGET, largest_mapping

_BUDGETS = (223, 471, 688, 1308, 3292)
#: The count of the paper's best accuracy, which it compares with sharing and pruning.
_PAPERS_LARGEST = 3292
_RATES = (0.003, 0.01, 0.03, 0.1, 0.3)
_SIZE = (9, 4)
#: The last layer's rank limits what 10 classes can be told by: 2 or 3 cost up to 30 points.
_RANK = 6

_MIXING, _MPS = "photonic, mixing", "photonic, mps"
_SUBSPACE, _HASHING, _LOW_RANK, _SMALLER = (
    "random subspace",
    "hashing",
    f"rank {_RANK}",
    "a smaller CNN",
)
_SHARING, _PRUNING, _MAGNITUDE = (
    "weight sharing, 10 rows",
    "structured pruning",
    "magnitude pruning",
)
_PAPERS, _TUNED = "as in the paper", "tuned"
_PAPERS_SHARING = "weight_sharing:rows=10,start=source"
_PAPERS_PRUNING = "structured_pruning:share=0.5"
#: What the paper's code leaves of 6,690 weights (its table says 3,770).
_KEPT = 3370


def tuned(options: Options) -> Mapping[Arm, list[Configuration]]:
    """Every arm at every budget, and the paper's target by other means, at each of the rates."""
    paper = standard(options)
    arms = {
        Arm("paper's target", "trained directly", Family.TRAINED): [without_photons(paper)],
        Arm("cnn2202", "trained directly", Family.TRAINED): [
            without_photons(replace(paper, target="cnn2202"))
        ],
        _compressed(_SHARING, _TUNED): [without_photons(paper, _PAPERS_SHARING)],
        _compressed(_PRUNING, _TUNED): [without_photons(paper, _PAPERS_PRUNING)],
        _compressed(_MAGNITUDE, _TUNED): [
            without_photons(paper, f"magnitude_pruning:kept={_KEPT}")
        ],
    }
    for budget in options.scope.axes["budget"]:
        for name, configurations in _at_budget(options, budget).items():
            arms[_arm(budget, name)] = configurations
    rates = options.scope.axes["learning_rates"]
    return {
        arm: [replace(like, learning_rate=rate) for like in alike for rate in rates]
        for arm, alike in arms.items()
    }


def cells(options: Options) -> list[Cell]:
    """Weight sharing and pruning with the paper's rates."""
    constant = standard(options, schedule="none", gradient_clip=0.0)
    sharing = without_photons(replace(constant, learning_rate=1e-4), _PAPERS_SHARING)
    pruning = without_photons(replace(constant, learning_rate=1e-3), _PAPERS_PRUNING)
    return [
        *cells_of(_compressed(_SHARING, _PAPERS), sharing, options),
        *cells_of(_compressed(_PRUNING, _PAPERS), pruning, options),
    ]


def _at_budget(options: Options, budget: int) -> dict[str, list[Configuration]]:
    """The arms that are compared at one budget, by name, and what each may choose from."""
    of_one = count_phases(*_SIZE, options.scope.axes["mesh"]) + 1
    pqcnns = max(1, round(budget / of_one))
    count = pqcnns * of_one
    large = weights_of("cnn2202", options.scope.dataset)
    mixing = standard(
        options,
        target="cnn2202" if count < large else "paper",
        sizes=(_SIZE,) * pqcnns,
        mapping="mixing",
    )
    smallest = standard(options, mapping="mps:bond_dimension=1")
    data = load_data(options.scope.dataset)

    def smaller(baseline: str) -> list[Configuration]:
        targets = smaller_targets(count, baseline, data.image_shape, data.classes)
        return [without_photons(replace(mixing, target=each), baseline) for each in targets]

    return {
        _MIXING: [mixing],
        _MPS: [largest_mapping(smallest, count, "mps:bond_dimension={}") or smallest],
        _SUBSPACE: [without_photons(mixing, f"random_subspace:dimension={count}")],
        _HASHING: [without_photons(mixing, f"hashing:buckets={count}")],
        _LOW_RANK: smaller(f"low_rank:rank={_RANK}"),
        _SMALLER: smaller("direct"),
    }


def _arm(budget: int, name: str) -> Arm:
    photonic = dict.fromkeys((_MIXING, _MPS), Family.PROBABILITIES)
    families = {**photonic, _SMALLER: Family.TRAINED}
    return Arm(at_budget(budget), name, families.get(name, Family.COMPRESSED))


def _compressed(method: str, name: str) -> Arm:
    return Arm(method, name, Family.COMPRESSED)


_AT_EQUAL_COUNTS = [
    Contrast(_arm(budget, _MIXING), _arm(budget, other))
    for budget in _BUDGETS
    for other in (_SUBSPACE, _SMALLER, _HASHING, _LOW_RANK)
]
_BY_TUNING = [
    Contrast(_compressed(method, _TUNED), _compressed(method, _PAPERS), method)
    for method in (_SHARING, _PRUNING)
]
AGAINST_TUNED = [
    Contrast(_arm(_PAPERS_LARGEST, _MPS), _compressed(method, _TUNED), method)
    for method in (_SHARING, _PRUNING)
]

STUDY = Study(
    name="compression",
    question="What would one use instead of photons?",
    axes=(
        Axis("budget", BUDGET, _BUDGETS, "trainable parameters, e.g. 223,471"),
        Axis("learning_rates", PositiveNumbers(), _RATES, "highest rates tried for every arm"),
        Axis("mesh", OneOf(mesh_names()), "minimal", "arrangement of the cells"),
    ),
    presets={
        "smoke": Preset(
            seeds=1,
            epochs=1,
            axes={"budget": (223,), "learning_rates": (0.03,)},
        ),
        "quick": Preset(seeds=3, epochs=8, axes={"budget": (223, 688)}),
        "full": Preset(seeds=12, epochs=30),
    },
    cells=cells,
    tuned=tuned,
    figures=("methods", "rates", "accuracy", "seeds", "curves"),
    questions=(
        Question(
            "At equal counts, is photonic mixing better than a random subspace, a smaller CNN, "
            "hashing and low rank?",
            _AT_EQUAL_COUNTS,
        ),
        Question(
            "Is a photonic matrix product state better than the paper's two baselines, tuned?",
            AGAINST_TUNED,
        ),
        Question("Do the paper's two baselines gain by tuning?", _BY_TUNING),
    ),
    contrasts=(
        *_AT_EQUAL_COUNTS,
        *_BY_TUNING,
        *AGAINST_TUNED,
        Contrast(_compressed(_MAGNITUDE, _TUNED), _compressed(_PRUNING, _TUNED), at_budget(_KEPT)),
    ),
    looks=(10,),
)
register_study(STUDY)
