"""What is the best accuracy at each number of trainable parameters?

Photonic generators are searched over everything that the other studies vary: mapping, target,
size, number, mesh, layers, outcomes and combination of the PQCNNs, how many of their phases are
trained, rate and schedule, for the validation accuracy and against the number of trainable
parameters.
Fresh seeds go to those that no other one matches with at most as many parameters, and at each
of the paper's counts to the most accurate one that does not exceed it. Beside the latter stand
two classical ways to spend as many parameters: a random subspace and a smaller directly trained
CNN, each the best of eight candidates, where the search has ten for a budget. Up to 688
parameters at least half of a photonic generator's are phases.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import optuna
import pandas as pd

from qcnn import InvalidInput, load_data, mapping_from_text, smaller_targets
from qcnn.meshes import count_phases
from qcnn.optics.fock import SPACES, effective_phases, spread_input
from qcnn.weights.combine import COMBINATIONS
from studies.analysis.goals import PHOTONIC, accuracies_at_budgets, goals_table
from studies.catalogue import register_study
from studies.design.arms import FINALIST, Arm, Family, at_budget
from studies.design.choose import best_first, configuration_of
from studies.design.configuration import Configuration, enough_outcomes, sizes_from_text
from studies.design.recipes import SOURCE_SIZES, standard, weights_of, without_photons
from studies.design.statistics import non_dominated
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Search, Study
from studies.settings.budgets import BUDGET, largest_mps, most_pqcnns

_BUDGETS = (223, 316, 471, 688, 967, 1308, 1711, 2176, 2703, 3292)
_DECISIVE = (223, 471, 688, 1308, 3292)
#: Up to this budget at least half of the trainable parameters are phases.
_MOSTLY_PHASES_UP_TO = 688
#: The sources' targets, and the largest small CNN with so many weights for each trainable
#: parameter of the budget.
#: What is searched is part of the study: a search that began goes on whatever is registered.
MAPPINGS = ("affine", "log_affine", "logit_tanh", "mixing", "mlp", "mps", "whitened")
_TARGETS = ("notebook", "cnn2202", "paper", "1.0", "1.4", "2.2")
_SIZES = ("6x3", "9x4", "12x6")
_SMALLEST = (6, 3)
#: Trained ones among the effective phases of a PQCNN for the mapping ``whitened``.
_SHARES = (0.25, 0.33, 0.5)
_SCALES = (10.0, 30.0, 100.0)
_RATES = (0.003, 0.01, 0.03, 0.1)
_SCHEDULES = ("one-cycle", "cosine")
_SUBSPACE_TARGETS, _SUBSPACE_RATES = ("1.4", "2.2"), (0.05, 0.1, 0.2, 0.4)
_CNN_RATES = (0.02, 0.05)
_LEAST = count_phases(*_SMALLEST, "minimal") + 1
_SUBSPACE, _CNN = "random subspace", "a smaller CNN"
_FAMILIES = {_SUBSPACE: Family.COMPRESSED, _CNN: Family.TRAINED}
_OF_EVERY_LEAD: dict[str, Any] = {
    "mapping": "whitened",
    "mesh": "rectangular",
    "layers": 1,
    "space": "unbunched",
    "combine": "product",
    "schedule": "one-cycle",
}
#: Settings that single runs had shown to be good, tried first at every budget.
_LEADS: tuple[dict[str, Any], ...] = (
    {"size": "9x4", "target": "2.2", "share": 0.33, "scale": 30.0, "learning_rate": 0.01},
    {"size": "12x6", "target": "2.2", "share": 0.25, "scale": 30.0, "learning_rate": 0.01},
    {"size": "9x4", "target": "1.4", "share": 0.33, "scale": 30.0, "learning_rate": 0.01},
    {"size": "9x4", "target": "2.2", "share": 0.5, "scale": 100.0, "learning_rate": 0.003},
    {"size": "9x4", "target": "1.0", "share": 0.33, "scale": 30.0, "learning_rate": 0.01},
)


def check(options: Options) -> None:
    """Raises InvalidInput for a budget that the smallest network or generator exceeds."""
    least = min(options.scope.axes["budget"])
    if least < _LEAST:
        raise InvalidInput(f"budget is {least}; allowed are whole numbers from {_LEAST}")
    _target("1.0", least, options)


def suggest(trial: optuna.Trial, options: Options) -> Configuration:
    """A photonic generator that fills a budget."""
    budget = trial.suggest_categorical("budget", options.scope.axes["budget"])
    mapping = trial.suggest_categorical("mapping", MAPPINGS)
    size = sizes_from_text(trial.suggest_categorical("size", _SIZES))[0]
    mesh = trial.suggest_categorical("mesh", ("rectangular", "minimal"))
    layers = trial.suggest_int("layers", 1, 2)
    combine = trial.suggest_categorical("combine", COMBINATIONS)
    share = trial.suggest_categorical("share", _SHARES)
    scale = trial.suggest_categorical("scale", _SCALES)
    like = standard(
        options,
        target=_target(trial.suggest_categorical("target", _TARGETS), budget, options),
        space=trial.suggest_categorical("space", SPACES),
        combine=combine if combine in mapping_from_text(mapping).combinations[1:] else "",
        mesh=mesh,
        layers=layers if mesh == "rectangular" else 1,
        mapping=mapping,
        learning_rate=trial.suggest_categorical("learning_rate", _RATES),
        schedule=trial.suggest_categorical("schedule", _SCHEDULES),
    )
    if mapping == "mps":
        two = replace(like, sizes=SOURCE_SIZES)
        found = largest_mps(two, budget, mostly_phases=budget <= _MOSTLY_PHASES_UP_TO)
    elif mapping == "whitened":
        trained = round(share * effective_phases(size[0], 10**9, spread_input(*size)))
        whitened = replace(like, mapping=f"whitened:scale={scale}", trained_phases=trained)
        found = most_pqcnns(whitened, size, budget)
    else:
        found = most_pqcnns(like, size, budget)
    if found is None or not _has_enough_outcomes(found, options):
        smallest = replace(like, mapping="mixing", combine="", mesh="minimal", layers=1)
        found = most_pqcnns(smallest, _SMALLEST, budget)
    assert found is not None  # check() has refused a budget below the smallest
    return found


def leads(options: Options) -> list[dict[str, Any]]:
    """What the search tries first: every lead at every budget."""
    budgets = options.scope.axes["budget"]
    return [{**_OF_EVERY_LEAD, **lead, "budget": budget} for lead in _LEADS for budget in budgets]


def _target(choice: str, budget: int, options: Options) -> str:
    """A source's target, or the largest small CNN of so many weights per parameter."""
    if not choice[0].isdigit():
        return choice
    data = load_data(options.scope.dataset)
    most = int(float(choice) * budget)
    return smaller_targets(most, "direct", data.image_shape, data.classes)[0]


def _has_enough_outcomes(found: Configuration, options: Options) -> bool:
    weights = weights_of(found.target, options.scope.dataset)
    return enough_outcomes(found.mapping, found.combine, found.space, found.sizes, weights)


def best_at_budgets(rows: pd.DataFrame, options: Options) -> list[tuple[Arm, Configuration]]:
    """The best on the validation images at each budget, and all others that none dominates."""
    complete = best_first(rows[rows["status"] == "complete"])
    found: dict[Arm, str] = {}
    for budget in options.scope.axes["budget"]:
        allowed = complete["trainable_parameters"] <= budget
        if budget <= _MOSTLY_PHASES_UP_TO:
            allowed &= 2 * complete["phases"] >= complete["trainable_parameters"]
        new = complete[allowed & ~complete["configuration"].isin(found.values())]
        if not new.empty:
            found[_arm(budget, PHOTONIC)] = new["configuration"].iloc[0]
    by_digest = complete.drop_duplicates("configuration").set_index("configuration")
    best = [(arm, configuration_of(by_digest.loc[d].to_dict())) for arm, d in found.items()]
    others = complete[~complete["configuration"].isin(found.values())]
    kept = non_dominated(complete["val_accuracy"], complete["trainable_parameters"])
    records = others[kept[others.index]].to_dict("records")
    return best + [(FINALIST, configuration_of(record)) for record in records]


def count_finalists(options: Options) -> int:
    """One at each budget, and about as many that none dominates."""
    return min(options.amount.trials, 2 * len(options.scope.axes["budget"]))


def cells(_: Options) -> list[Cell]:
    """None: all are found, by the search or among the candidates."""
    return []


def tuned(options: Options) -> Mapping[Arm, list[Configuration]]:
    """The classical arms at each budget and their candidates, those of the contrasts first."""
    arms: dict[Arm, list[Configuration]] = {}
    data = load_data(options.scope.dataset)
    plain = without_photons(standard(options))
    for budget in sorted(options.scope.axes["budget"], key=lambda budget: budget not in _DECISIVE):
        targets = [_target(choice, budget, options) for choice in _SUBSPACE_TARGETS]
        arms[_arm(budget, _SUBSPACE)] = [
            replace(
                plain,
                mapping=f"random_subspace:dimension={dimension},directions=orthogonal",
                target=target,
                learning_rate=rate,
            )
            for target in targets
            for dimension in [min(budget, weights_of(target, options.scope.dataset))]
            for rate in _SUBSPACE_RATES
        ]
        arms[_arm(budget, _CNN)] = [
            replace(plain, target=target, learning_rate=rate)
            for target in smaller_targets(budget, "direct", data.image_shape, data.classes)
            for rate in _CNN_RATES
        ]
    return arms


def _arm(budget: int, name: str) -> Arm:
    return Arm(at_budget(budget), name, _FAMILIES.get(name, Family.PHOTONIC))


def _against(other: str) -> list[Contrast]:
    return [Contrast(_arm(budget, PHOTONIC), _arm(budget, other)) for budget in _DECISIVE]


STUDY = Study(
    name="frontier",
    question="What is the best accuracy at each number of trainable parameters?",
    axes=(Axis("budget", BUDGET, _BUDGETS, "most trainable parameters, e.g. 223,688"),),
    presets={
        "smoke": Preset(trials=2, seeds=1, epochs=1, axes={"budget": (223,)}),
        "quick": Preset(trials=24, seeds=3, epochs=8, axes={"budget": (223, 688, 3292)}),
        "full": Preset(trials=100, seeds=10, epochs=40),
    },
    check=check,
    cells=cells,
    search=Search(suggest, best_at_budgets, leads, count_finalists),
    tuned=tuned,
    finding=accuracies_at_budgets,
    overview=goals_table,
    figures=("accuracy", "seeds", "methods", "curves"),
    questions=(
        Question(
            "At equal counts, is the best photonic generator better than a random subspace?",
            _against(_SUBSPACE),
        ),
        Question("Is it better than a smaller CNN trained directly?", _against(_CNN)),
    ),
    contrasts=(*_against(_SUBSPACE), *_against(_CNN)),
)
register_study(STUDY)
