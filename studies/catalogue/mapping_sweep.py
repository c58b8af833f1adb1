"""Which probability-to-weight mapping?

Every mapping reads the two PQCNNs of the sources and writes the paper's target. Each is
tried at the same rates on the validation images, and its best one gets fresh seeds. What
the mappings make of the probabilities, and what reaches the phases, is measured before and
after the training: there the notebook's mapping collapses.
"""

from typing import Any

import optuna
import pandas as pd

from studies.arguments import ChoiceTexts, PositiveNumbers
from studies.configuration import Configuration
from studies.figures import ACCURACY, CURVES, SEEDS, SIGNALS
from studies.finalists import configuration_of
from studies.findings import mappings_and_collapse
from studies.measures import weights_and_gradients
from studies.references import direct_cells, notebook_cells
from studies.standard import MESH_AXIS, standard
from studies.study import Axis, Cell, Contrast, Options, Preset, Search, Study

_CHI_2, _CHI_4 = "mps:bond_dimension=2", "mps:bond_dimension=4"
MAPPINGS = ("logit_tanh", "affine", "log_affine", _CHI_2, _CHI_4, "mlp", "mixing")
RATES = (0.003, 0.01, 0.03, 0.1)
_AT = "each mapping's best rate"


def points(options: Options) -> list[dict[str, Any]]:
    """Every mapping at every rate."""
    return [
        {"mapping": mapping, "learning_rate": rate}
        for mapping in options.axes["mapping"]
        for rate in options.axes["learning_rate"]
    ]


def suggest(trial: optuna.Trial, options: Options) -> Configuration:
    """The configuration of a mapping at a rate."""
    return standard(
        options,
        mapping=trial.suggest_categorical("mapping", options.axes["mapping"]),
        learning_rate=trial.suggest_categorical("learning_rate", options.axes["learning_rate"]),
    )


def best_rates(rows: pd.DataFrame, options: Options) -> list[tuple[str, Configuration]]:
    """Each mapping at its most accurate rate on the validation images, the lowest of equals."""
    complete = rows[rows["status"] == "complete"]
    ordered = complete.sort_values(["val_accuracy", "learning_rate"], ascending=[False, True])
    best = ordered.drop_duplicates("mapping").set_index("mapping", drop=False)
    return [
        (mapping, configuration_of(best.loc[mapping].to_dict()))
        for mapping in options.axes["mapping"]
        if mapping in best.index
    ]


def references(options: Options) -> list[Cell]:
    """The target trained directly, and the reference notebook with its own schedule."""
    return direct_cells(standard(options), options) + notebook_cells(options)


STUDY = Study(
    name="mapping_sweep",
    question="Which probability-to-weight mapping?",
    axes=(
        Axis("mapping", ChoiceTexts("mapping"), MAPPINGS, "mappings, with spaces between"),
        Axis("learning_rate", PositiveNumbers(), RATES, "rates that each mapping is tried at"),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(
            trials=0,
            finalists=0,
            seeds=1,
            epochs=1,
            notebook_seeds=0,
            axes={"mapping": ("logit_tanh", "mixing"), "learning_rate": (0.01, 0.03)},
        ),
        "quick": Preset(trials=0, finalists=0, seeds=3, epochs=8, notebook_seeds=1),
        "full": Preset(trials=0, finalists=0, seeds=10, epochs=20, notebook_seeds=10),
    },
    cells=references,
    search=Search(suggest, best_rates, points),
    measure=weights_and_gradients,
    finding=mappings_and_collapse,
    figures=(ACCURACY, SEEDS, SIGNALS, CURVES),
    contrasts=(
        *(Contrast(_AT, mapping, "affine") for mapping in MAPPINGS if mapping != "affine"),
        Contrast(_AT, "mixing", "log_affine"),
        Contrast(_AT, _CHI_2, "mlp"),
    ),
)
