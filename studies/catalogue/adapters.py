"""Do PQCNNs generate adapters better than a random basis does?

A network that has learned MNIST is adapted to Fashion-MNIST by low-rank changes of its layers, as
LoRA changes large networks (arXiv:2106.09685). What papers on quantum parameter generation propose
is to generate the factors of such changes (arXiv:2410.09846, arXiv:2505.16676); what they have to
be better than is a random basis of the factors, which trains as few numbers without a device
(NOLA, arXiv:2310.02556).

At each budget stand side by side: photons read as probabilities, linearised photons, a random
basis with coefficients for each factor by itself (NOLA's), one with the same coefficients for all
factors together, which linearised photons are by construction, LoRA of some layers, and a random
subspace of all the network's weights, without factors. Photons and the random bases choose between
ranks 4 and 2 of all layers; LoRA between the fullest change that the budget has room for and one of
as many layers as it has room for; the subspace between directions of all weights and of each layer.
Beside them stand, whatever the budget, all weights, the output layer alone and LoRA of rank 4 of
all layers, trained from the same start.

Photons read as probabilities are mixing, trained by Adam, or roots, whose phases have a natural
gradient: it takes the Fisher information of each PQCNN from a simulation at every fifth step, which
the seconds alone count. Linearised photons and all others are trained by Adam.

Each arm at a budget has six candidates, declared here and tried under tuning seeds; the best one on
the validation images gets fresh seeds. What begins with mixing does not begin with the network of
MNIST (:class:`qcnn.targets.adapter.Adapter`); everything else does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, product

from qcnn import load_data
from qcnn.targets.adapter import LARGEST_RANK, Adapter
from qcnn.targets.pretrained import LAYERS
from studies.analysis.findings import accuracies_along
from studies.catalogue import register_study
from studies.design.arguments import WholeNumber, WholeNumbers
from studies.design.arms import Arm, Family, at_budget
from studies.design.configuration import NATURAL, Configuration
from studies.design.datasets import TRANSFER_DATASET
from studies.design.recipes import standard, without_photons
from studies.design.study import Axis, Contrast, Options, Preset, Question, Study
from studies.settings.budgets import most_pqcnns, within_budget

BUDGETS = (223, 688, 1308)
#: From where photons fill a budget to where the factors have as many entries.
BUDGET = WholeNumbers(100, 1830)
#: Of each arm at each budget; what stands beside whatever the budget has three.
CANDIDATES = 6
_RANKS = (4, 2)
_MIXED_SIZES = ((9, 4), (8, 4), (6, 3), (4, 2))
#: In Fock space the minimal mesh has as many phases as are effective, 10, 7 and 2.
_ROOTS_SIZES = ((5, 2), (4, 2), (3, 1))
_MIXING_RATES = (0.1, 0.03)
#: Gains of the roots, and rates: each step changes a weight by 0.3 of 1/√fan-in or so.
_GAINS_AND_RATES = ((100, 0.0025), (30, 0.008))
#: Of a weight in units of 1/√fan-in.
_STEPS = (0.14, 0.42, 0.045)
#: Weights per radian, and trained ones of the 44 effective phases, of a linearised PQCNN.
_SCALE, _TRAINED = 30.0, range(12, 17)
_LORA_RATES = (0.03, 0.1, 0.01)
#: Of all weights, and of the output layer.
_TRAINED_RATES = (0.003, 0.01, 0.001)

_READ, _LINEARISED = "photons read as probabilities", "linearised photons"
BASIS, LORA = "a random basis of each factor", "LoRA"
TOGETHER = "a random basis of all factors together"
BASES = (BASIS, TOGETHER)
_SUBSPACE = "a random subspace of all weights"
_FAMILIES = {
    _READ: Family.PROBABILITIES,
    _LINEARISED: Family.LINEARISED,
    BASIS: Family.COMPRESSED,
    TOGETHER: Family.COMPRESSED,
    LORA: Family.TRAINED,
    _SUBSPACE: Family.COMPRESSED,
}
ALL_WEIGHTS = Arm("", "all weights", Family.TRAINED)
OUTPUT_LAYER = Arm("", "the output layer alone", Family.TRAINED)
LARGEST_LORA = Arm("", f"LoRA of rank {LARGEST_RANK} of all layers", Family.TRAINED)


def tuned(options: Options) -> Mapping[Arm, Sequence[Configuration]]:
    """The arms at each budget with their candidates, and what stands beside them."""
    of_arms: dict[str, Callable[[Options, int], Sequence[Configuration]]] = {
        _READ: _read,
        _LINEARISED: _linearised,
        BASIS: partial(_bases, directions="layered"),
        TOGETHER: partial(_bases, directions="orthogonal"),
        LORA: _loras,
        _SUBSPACE: _subspaces,
    }
    found = {
        _arm(budget, name): candidates(options, budget)
        for budget in options.scope.axes["budget"]
        for name, candidates in of_arms.items()
    }
    found[ALL_WEIGHTS] = _trained(options, "pretrained", _TRAINED_RATES)
    found[OUTPUT_LAYER] = _trained(options, "pretrained:trained=output", _TRAINED_RATES)
    found[LARGEST_LORA] = _trained(options, f"adapter:rank={LARGEST_RANK}", _LORA_RATES)
    count = options.scope.axes["candidates"]
    return {arm: candidates[:count] for arm, candidates in found.items()}


def check(options: Options) -> None:
    """Raises InvalidInput for a dataset that the network cannot be adapted to."""
    tuned(options)


def _read(options: Options, budget: int) -> list[Configuration]:
    """Mixing of log p, and roots of p."""
    mixing = [
        most_pqcnns(
            standard(options, mesh="minimal", target=target, mapping="mixing", learning_rate=rate),
            _MIXED_SIZES,
            budget,
        )
        for rate, target in product(_MIXING_RATES, _targets())
    ]
    roots = [
        most_pqcnns(
            standard(
                options,
                mesh="minimal",
                space="fock",
                target=_targets()[0],
                mapping=f"roots:gain={gain}",
                optimiser=NATURAL,
                learning_rate=rate,
            ),
            _ROOTS_SIZES,
            budget,
        )
        for gain, rate in _GAINS_AND_RATES
    ]
    # The first few of fewer candidates are of both kinds.
    return within_budget([mixing[0], roots[0], *mixing[1:], *roots[1:]])


def _linearised(options: Options, budget: int) -> list[Configuration]:
    trained = max(_TRAINED, key=lambda count: (budget - budget % count, count))
    like = standard(options, mapping=f"whitened:scale={_SCALE}", trained_phases=trained)
    found = [
        # A step of a phase is one of its weights' direction, times the scale.
        replace(like, target=target, learning_rate=float(f"{step / _SCALE:.2g}"))
        for step, target in product(_STEPS, _targets())
    ]
    return within_budget([most_pqcnns(each, _MIXED_SIZES[:1], budget) for each in found])


def _bases(options: Options, budget: int, directions: str) -> list[Configuration]:
    """Coefficients for each factor by itself, or the same ones for all."""
    baseline = f"random_subspace:dimension={budget},directions={directions}"
    return [
        _without_photons(options, target, baseline, step)
        for step, target in product(_STEPS, _targets())
    ]


def _loras(options: Options, budget: int) -> list[Configuration]:
    return [
        _without_photons(options, target, "direct", rate)
        for rate, target in product(_LORA_RATES, _lora_targets(options, budget))
    ]


def _subspaces(options: Options, budget: int) -> list[Configuration]:
    # A dense matrix would take longer than the network.
    baselines = [
        f"random_subspace:dimension={budget},directions={directions},matrix=hadamard"
        for directions in ("normal", "layered")
    ]
    return [
        _without_photons(options, "pretrained", baseline, step)
        for step, baseline in product(_STEPS, baselines)
    ]


def _trained(options: Options, target: str, rates: Iterable[float]) -> list[Configuration]:
    return [_without_photons(options, target, "direct", rate) for rate in rates]


def _without_photons(options: Options, target: str, baseline: str, rate: float) -> Configuration:
    plain = without_photons(standard(options), baseline)
    return replace(plain, target=target, learning_rate=rate)


def _targets() -> list[str]:
    """Changes of all layers."""
    return [f"adapter:rank={rank}" for rank in _RANKS]


def _lora_targets(options: Options, budget: int) -> list[str]:
    """The change that fills the budget best, and of the others that fit the one of most layers."""
    data = load_data(options.scope.dataset)
    counts = {
        adapter: adapter.count_weights(data.image_shape, data.classes)
        for rank in range(1, LARGEST_RANK + 1)
        for count in range(1, len(LAYERS) + 1)
        for layers in combinations(LAYERS, count)
        for adapter in [Adapter(rank=rank, layers=layers)]
    }
    fitting = [adapter for adapter in counts if counts[adapter] <= budget]
    fullest = max(fitting, key=lambda each: counts[each])
    fitting.remove(fullest)
    widest = max(fitting, key=lambda each: (len(each.layers), counts[each]))
    return [
        f"adapter:rank={each.rank},layers={'+'.join(each.layers)}" for each in (fullest, widest)
    ]


def _arm(budget: int, name: str) -> Arm:
    return Arm(at_budget(budget), name, _FAMILIES[name])


def _contrasts(first: str, second: str) -> list[Contrast]:
    return [Contrast(_arm(budget, first), _arm(budget, second)) for budget in BUDGETS]


_READ_AGAINST_BASIS = _contrasts(_READ, BASIS)
_READ_AGAINST_TOGETHER = _contrasts(_READ, TOGETHER)
_LINEARISED_AGAINST_TOGETHER = _contrasts(_LINEARISED, TOGETHER)
_READ_AGAINST_LORA = _contrasts(_READ, LORA)
_LINEARISED_AGAINST_LORA = _contrasts(_LINEARISED, LORA)
_BASIS_AGAINST_LORA = _contrasts(BASIS, LORA)
_BASIS_AGAINST_SUBSPACE = _contrasts(BASIS, _SUBSPACE)
_READ_AGAINST_SUBSPACE = _contrasts(_READ, _SUBSPACE)

#: By construction, for ten classes.
_LORA_COUNTS = (
    "LoRA has what its matrices take, whichever of two changes is chosen: 216 or 210 of 223, 672 "
    "or 459 of 688, 1,278 or 915 of 1,308."
)

STUDY = Study(
    name="adapters",
    question="Do PQCNNs generate adapters better than a random basis does?",
    axes=(
        Axis("budget", BUDGET, BUDGETS, "most trainable parameters, e.g. 223,688"),
        Axis("candidates", WholeNumber(1, CANDIDATES), CANDIDATES, "candidates of each arm"),
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"budget": (223,), "candidates": 1}),
        "quick": Preset(seeds=3, epochs=4, axes={"budget": (223,), "candidates": 2}),
        "full": Preset(seeds=12, epochs=16, tuning_seeds=2),
    },
    check=check,
    cells=lambda _: [],
    tuned=tuned,
    finding=accuracies_along(
        {
            **{name: {at_budget(b): _arm(b, name) for b in BUDGETS} for name in _FAMILIES},
            "Trained directly": {
                arm.name: arm for arm in (ALL_WEIGHTS, OUTPUT_LAYER, LARGEST_LORA)
            },
        }
    ),
    figures=("accuracy", "seeds", "rates", "curves"),
    questions=(
        Question(
            "Do photons read as probabilities generate adapters better than a random basis does, "
            "of each factor or of all together?",
            (*_READ_AGAINST_BASIS, *_READ_AGAINST_TOGETHER),
        ),
        Question(
            "Do linearised photons generate adapters better than a random basis of all factors "
            "together, which they are by construction?",
            _LINEARISED_AGAINST_TOGETHER,
        ),
        Question(
            "Do photons, in either way, generate better adapters than LoRA has with at most as "
            "many trainable parameters?",
            (*_READ_AGAINST_LORA, *_LINEARISED_AGAINST_LORA),
            note=_LORA_COUNTS,
        ),
        Question(
            "Is a random basis of each factor better than LoRA with at most as many?",
            _BASIS_AGAINST_LORA,
            note=_LORA_COUNTS,
        ),
        Question(
            "Is a random basis of each factor better than a random subspace of all weights?",
            _BASIS_AGAINST_SUBSPACE,
        ),
        Question(
            "Are photons read as probabilities better than a random subspace of all weights?",
            _READ_AGAINST_SUBSPACE,
        ),
    ),
    contrasts=(
        *_READ_AGAINST_BASIS,
        *_READ_AGAINST_TOGETHER,
        *_LINEARISED_AGAINST_TOGETHER,
        *_READ_AGAINST_LORA,
        *_LINEARISED_AGAINST_LORA,
        *_BASIS_AGAINST_LORA,
        *_BASIS_AGAINST_SUBSPACE,
        *_READ_AGAINST_SUBSPACE,
    ),
    dataset=TRANSFER_DATASET,
)
register_study(STUDY)
