"""What is the best accuracy at each number of trainable parameters?

*Linearised* photons (the mapping ``whitened``) are a random subspace by construction, read from a
device; photons *read as probabilities* are what else they can generate. Beside these two families
stand two classical ways to spend as many parameters: a random subspace, and a smaller CNN trained
directly.

Each of the four has 12 candidates at each budget, declared here and tried under the same tuning
seeds; the best mean on the validation images gets fresh seeds. Random subspaces and linearised
photons choose among the same targets and the same steps of their weights. The report names each
arm that has chosen a rate at an edge of those tried. Targets have from as many weights as there
are parameters, below which there would be less to train, to 2.2 times as many, near the largest
that there is at the largest budget; smaller CNNs are of every shape that fits. What is read as
probabilities is tried in four ways: mixing of collision-free outcomes for two targets, mixing of
all outcomes in Fock space, and a mapping that trains more numbers itself. Up to 688 parameters at
least half of a photonic generator's are phases, and the last one is a small network of index and
probability; beyond it is a matrix product state around w₀.

Seeds 1 to 10 were looked at, of arms that a search with leads had chosen; they are in the rows
under other names, and decide nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product

from qcnn import load_data, smaller_targets
from studies.analysis.goals import accuracies_at_budgets, goals_table
from studies.catalogue import register_study
from studies.design.arguments import WholeNumber
from studies.design.arms import Arm, Family, at_budget, budget_of
from studies.design.configuration import Configuration
from studies.design.recipes import SOURCE_SIZES, phases_of, standard, weights_of, without_photons
from studies.design.study import (
    Axis,
    Contrast,
    Options,
    Preset,
    Question,
    Study,
    are_compared,
)
from studies.settings.budgets import BUDGET, largest_mapping, most_pqcnns

BUDGETS = (223, 471, 688, 1308, 3292)
#: The budgets that are looked at on another dataset as well.
HEADLINES = (223, 688, 3292)
#: Candidates of each arm at each budget.
CANDIDATES = 12
#: What is left of a budget is filled with smaller ones.
_SIZES = ((9, 4), (8, 4), (6, 3), (4, 2))
#: Up to this budget at least half of the trainable parameters are phases.
_MOSTLY_PHASES_UP_TO = 688
#: Weights of the target for each trainable parameter, the best ones so far first.
_RATIOS = (1.4, 2.2, 1.0)
#: Of a weight in units of 1/√fan-in, at the highest rate; the inner ones first.
_STEPS = (0.14, 0.42, 0.045, 1.3)
#: Of mixing, and of the mappings that train more numbers, the likely ones first.
_RATES_OF_MIXING, _RATES_OF_OTHERS = (0.1, 0.03, 0.3), (0.03, 0.1, 0.01)
#: The ends of the rates of a smaller CNN.
_CNN_RATES = (0.01, 0.1)
#: Trained ones among the 44 effective phases of a PQCNN that is linearised: as many as fill the
#: budget best.
_TRAINED = range(12, 17)
#: Its weights per radian.
_SCALE = 30.0
_STATE = "mps:bond_dimension={},form=orthogonal,placement=residual"
_NETWORK = "mlp:hidden={},activation=tanh"
#: Of the PQCNNs that the network reads, and the weights of its target for each parameter.
_NETWORK_SIZE, _NETWORK_RATIO = (10, 5), 2.0

_READ, _LINEARISED = "photons read as probabilities", "linearised photons"
_SUBSPACE, _CNN = "a random subspace", "a smaller CNN trained directly"
_FAMILIES = {
    _READ: Family.PROBABILITIES,
    _LINEARISED: Family.LINEARISED,
    _SUBSPACE: Family.COMPRESSED,
    _CNN: Family.TRAINED,
}


def check(options: Options) -> None:
    """Raises InvalidInput for a budget that the smallest network exceeds."""
    tuned(options)


def tuned(options: Options) -> Mapping[Arm, list[Configuration]]:
    """The four arms at each budget with their candidates."""
    candidates = {
        _READ: _read,
        _LINEARISED: _linearised,
        _SUBSPACE: _subspaces,
        _CNN: _cnns,
    }
    count = options.scope.axes["candidates"]
    return {
        _arm(budget, name): of_arm(options, budget)[:count]
        for budget in options.scope.axes["budget"]
        for name, of_arm in candidates.items()
    }


def _read(options: Options, budget: int) -> list[Configuration]:
    """Mixing in three ways, and another mapping, at three rates each."""
    first, second = _RATIOS[:2]
    ways = ((first, "unbunched"), (first, "fock"), (second, "unbunched"))
    mixing = [_mixed(options, budget, ratio, space) for ratio, space in ways]
    other = _by_network if budget <= _MOSTLY_PHASES_UP_TO else _by_state
    found: list[Configuration] = []
    for of_mixing, of_other in zip(_RATES_OF_MIXING, _RATES_OF_OTHERS, strict=True):
        found += _at_rates(mixing, [of_mixing])
        found += _at_rates([other(options, budget)], [of_other])
    return found


def _mixed(options: Options, budget: int, ratio: float, space: str) -> Configuration | None:
    (target,) = _targets(options, budget, [ratio])
    like = standard(options, mesh="minimal", space=space, target=target, mapping="mixing")
    return most_pqcnns(like, _SIZES, budget)


def _by_network(options: Options, budget: int) -> Configuration | None:
    """As few PQCNNs as make up half of the budget, one after another."""
    (target,) = _targets(options, budget, [_NETWORK_RATIO])
    like = standard(options, mesh="minimal", target=target, combine="concatenation")
    of_one = phases_of(replace(like, sizes=(_NETWORK_SIZE,)))
    count = -(-budget // (2 * of_one))
    return largest_mapping(replace(like, sizes=(_NETWORK_SIZE,) * count), budget, _NETWORK)


def _by_state(options: Options, budget: int) -> Configuration | None:
    (target,) = _targets(options, budget, _RATIOS[1:2])
    two = standard(options, mesh="minimal", target=target, sizes=SOURCE_SIZES)
    return largest_mapping(two, budget, _STATE)


def _linearised(options: Options, budget: int) -> list[Configuration]:
    trained = max(_TRAINED, key=lambda count: (budget - budget % count, count))
    like = standard(options, mapping=f"whitened:scale={_SCALE}", trained_phases=trained)
    of_targets = [
        most_pqcnns(replace(like, target=target), _SIZES[:1], budget)
        for target in _targets(options, budget, _RATIOS)
    ]
    # A step of a phase is one of its weights' direction, times the scale.
    return _at_rates(of_targets, [float(f"{step / _SCALE:.2g}") for step in _STEPS])


def _subspaces(options: Options, budget: int) -> list[Configuration]:
    plain = without_photons(standard(options))
    of_targets = []
    for target in _targets(options, budget, _RATIOS):
        dimension = min(budget, weights_of(target, options.scope.dataset))
        mapping = f"random_subspace:dimension={dimension},directions=orthogonal"
        of_targets.append(replace(plain, target=target, mapping=mapping))
    return _at_rates(of_targets, _STEPS)


def _cnns(options: Options, budget: int) -> list[Configuration]:
    """Every shape that fits, at as many rates as make up the number of candidates."""
    plain = without_photons(standard(options))
    data = load_data(options.scope.dataset)
    targets = smaller_targets(budget, "direct", data.image_shape, data.classes)
    count = CANDIDATES // len(targets)
    low, high = _CNN_RATES
    rates = [low * (high / low) ** (place / max(1, count - 1)) for place in range(count)]
    middle = sum(_CNN_RATES) / 2
    ordered = sorted((float(f"{rate:.2g}") for rate in rates), key=lambda rate: abs(rate - middle))
    return _at_rates([replace(plain, target=target) for target in targets], ordered)


def _targets(options: Options, budget: int, ratios: Iterable[float]) -> list[str]:
    """The largest small CNN of so many weights for each parameter."""
    data = load_data(options.scope.dataset)
    return [
        smaller_targets(int(ratio * budget), "direct", data.image_shape, data.classes)[0]
        for ratio in ratios
    ]


def _at_rates(alike: Iterable[Configuration | None], rates: Iterable[float]) -> list[Configuration]:
    """All at the first rate, then all at the next, without what no budget has room for."""
    return [
        replace(each, learning_rate=rate)
        for rate, each in product(rates, list(alike))
        if each is not None
    ]


def _arm(budget: int, name: str) -> Arm:
    return Arm(at_budget(budget), name, _FAMILIES[name])


def _contrasts(first: str, second: str) -> list[Contrast]:
    return [Contrast(_arm(budget, first), _arm(budget, second)) for budget in BUDGETS]


_AGAINST_SUBSPACE = _contrasts(_READ, _SUBSPACE)
_LINEARISED_AGAINST_SUBSPACE = _contrasts(_LINEARISED, _SUBSPACE)
_AGAINST_CNN = _contrasts(_READ, _CNN)
_AGAINST_READ = _contrasts(_LINEARISED, _READ)
CONTRASTS = (
    *_AGAINST_SUBSPACE,
    *_LINEARISED_AGAINST_SUBSPACE,
    *_AGAINST_CNN,
    *_AGAINST_READ,
)

STUDY = Study(
    name="frontier",
    question="What is the best accuracy at each number of trainable parameters?",
    axes=(
        Axis("budget", BUDGET, BUDGETS, "most trainable parameters, e.g. 223,688"),
        Axis("candidates", WholeNumber(1, CANDIDATES), CANDIDATES, "candidates of each arm"),
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"budget": (223,), "candidates": 1}),
        "quick": Preset(seeds=3, epochs=8, axes={"budget": HEADLINES, "candidates": 3}),
        "full": Preset(seeds=12, epochs=40, tuning_seeds=2, after=10),
    },
    check=check,
    cells=lambda _: [],
    tuned=tuned,
    finding=accuracies_at_budgets,
    overview=goals_table,
    figures=("accuracy", "seeds", "methods", "rates", "curves"),
    questions=(
        Question(
            "At equal counts, is a photonic generator that is read as probabilities better than a "
            "random subspace?",
            _AGAINST_SUBSPACE,
        ),
        Question("Is it better than a smaller CNN trained directly?", _AGAINST_CNN),
        Question(
            "Is a linearised one better than the random subspace that it is by construction?",
            _LINEARISED_AGAINST_SUBSPACE,
        ),
        Question("Is it better than one that is read as probabilities?", _AGAINST_READ),
    ),
    contrasts=CONTRASTS,
    looks=(10,),
    confirmed=True,
    transfers=are_compared([c for c in CONTRASTS if budget_of(c.setting) in HEADLINES]),
)
register_study(STUDY)
