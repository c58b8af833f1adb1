"""What is the best accuracy at each number of trainable parameters?

Photonic generators are searched over mapping, target, size, number and mesh of the PQCNNs,
layers, rate and schedule, for the validation accuracy and against the number of trainable
parameters. At each of the paper's counts the most accurate one that does not exceed it gets
fresh seeds, beside two classical ways to spend as many parameters: a random subspace and a
smaller directly trained CNN, each the best of eight candidates. Up to 688 parameters at least
half of a photonic generator's are phases.
"""

from collections.abc import Mapping
from dataclasses import replace

import optuna
import pandas as pd

from qcnn import InvalidInput, load_data, smaller_target
from qcnn.mesh import MESHES, count_phases
from studies.arguments import WholeNumbers
from studies.budgets import largest_mps, most_pqcnns
from studies.configuration import Configuration, sizes_from_text
from studies.figures import ACCURACY, CURVES, METHODS, SEEDS
from studies.finalists import configuration_of
from studies.findings import accuracies_at_budgets
from studies.references import weights_of, without_photons
from studies.standard import SOURCE_SIZES, standard
from studies.study import Axis, Contrast, Options, Preset, Search, Study

_BUDGETS = (223, 316, 471, 688, 967, 1308, 1711, 2176, 2703, 3292)
_DECISIVE = (223, 471, 688, 1308, 3292)
#: Up to this budget at least half of the trainable parameters are phases.
_MOSTLY_PHASES_UP_TO = 688
_TARGETS = ("cnn816", "cnn2202", "paper")
_SIZES = ("6x3", "9x4", "12x6")
_SMALLEST = (6, 3)
_RATES = (0.01, 0.03, 0.1, 0.3)
_SCHEDULES = ("one-cycle", "cosine")
_LEAST = count_phases(*_SMALLEST, "minimal") + 1
_PHOTONIC, _SUBSPACE, _CNN = "photonic", "random subspace", "a smaller CNN"


def check(options: Options) -> None:
    """Raises InvalidInput for a budget that the smallest network or generator exceeds."""
    data = load_data(options.dataset)
    least = min(options.axes["budget"])
    if least < _LEAST:
        raise InvalidInput(f"budget is {least}; allowed are whole numbers from {_LEAST}")
    smaller_target(least, "direct", data.image_shape, data.classes)


def suggest(trial: optuna.Trial, options: Options) -> Configuration:
    """A photonic generator that fills a budget."""
    budget = trial.suggest_categorical("budget", options.axes["budget"])
    mapping = trial.suggest_categorical("mapping", ("mixing", "mps"))
    size = sizes_from_text(trial.suggest_categorical("size", _SIZES))[0]
    mesh = trial.suggest_categorical("mesh", MESHES)
    layers = trial.suggest_int("layers", 1, 2)
    like = standard(
        options,
        target=trial.suggest_categorical("target", _TARGETS),
        mesh=mesh,
        layers=layers if mesh == "rectangular" else 1,
        learning_rate=trial.suggest_categorical("learning_rate", _RATES),
        schedule=trial.suggest_categorical("schedule", _SCHEDULES),
    )
    if mapping == "mps":
        two = replace(like, sizes=SOURCE_SIZES)
        found = largest_mps(two, budget, mostly_phases=budget <= _MOSTLY_PHASES_UP_TO)
    else:
        found = most_pqcnns(like, size, budget)
    smallest = replace(like, mesh="minimal", layers=1)
    found = found or most_pqcnns(smallest, _SMALLEST, budget)
    assert found is not None  # check() has refused a budget below the smallest
    return found


def best_at_budgets(rows: pd.DataFrame, options: Options) -> list[tuple[str, Configuration]]:
    """The most accurate on the validation images at each budget, each configuration once."""
    complete = rows[rows["status"] == "complete"].sort_values("val_accuracy", ascending=False)
    found: dict[str, str] = {}
    for budget in options.axes["budget"]:
        allowed = complete["trainable_parameters"] <= budget
        if budget <= _MOSTLY_PHASES_UP_TO:
            allowed &= 2 * complete["phases"] >= complete["trainable_parameters"]
        new = complete[allowed & ~complete["configuration"].isin(found.values())]
        if not new.empty:
            found[_label(budget, _PHOTONIC)] = new["configuration"].iloc[0]
    by_digest = complete.drop_duplicates("configuration").set_index("configuration")
    return [(label, configuration_of(by_digest.loc[d].to_dict())) for label, d in found.items()]


def tuned(options: Options) -> Mapping[str, list[Configuration]]:
    """The classical arms at each budget and their candidates."""
    arms: dict[str, list[Configuration]] = {}
    data = load_data(options.dataset)
    for budget in options.axes["budget"]:
        targets = [t for t in _TARGETS if weights_of(t, options.dataset) >= budget][:2]
        subspace = without_photons(standard(options), f"random_subspace:dimension={budget}")
        arms[_label(budget, _SUBSPACE)] = [
            replace(subspace, target=target, learning_rate=rate, schedule=schedule)
            for target in targets
            for rate in _RATES
            for schedule in _SCHEDULES[: 3 - len(targets)]
        ]
        cnn = replace(
            without_photons(standard(options)),
            target=smaller_target(budget, "direct", data.image_shape, data.classes),
        )
        arms[_label(budget, _CNN)] = [
            replace(cnn, learning_rate=rate, schedule=schedule)
            for rate in _RATES
            for schedule in _SCHEDULES
        ]
    return arms


def _label(budget: int, name: str) -> str:
    return f"{budget} parameters: {name}"


STUDY = Study(
    name="frontier",
    question="What is the best accuracy at each number of trainable parameters?",
    axes=(Axis("budget", WholeNumbers(1), _BUDGETS, "most trainable parameters, e.g. 223,688"),),
    presets={
        "smoke": Preset(trials=2, seeds=1, epochs=1, axes={"budget": (223,)}),
        "quick": Preset(trials=24, seeds=3, epochs=8, axes={"budget": (223, 688, 3292)}),
        "full": Preset(trials=120, seeds=10, epochs=60),
    },
    check=check,
    cells=lambda _: [],
    search=Search(suggest, best_at_budgets),
    tuned=tuned,
    finding=accuracies_at_budgets,
    figures=(ACCURACY, SEEDS, METHODS, CURVES),
    contrasts=tuple(
        Contrast(f"{budget} parameters", _label(budget, _PHOTONIC), _label(budget, other))
        for budget in _DECISIVE
        for other in (_SUBSPACE, _CNN)
    ),
)
