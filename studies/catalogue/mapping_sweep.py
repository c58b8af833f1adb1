"""Which probability-to-weight mapping?

Every mapping reads the two PQCNNs of the sources and writes the paper's target. Each is
tried at the same rates on the validation images, and its best one gets fresh seeds. What
the mappings make of the probabilities, and what reaches the phases, is measured before and
after the training: there the notebook's mapping collapses.
"""

from collections.abc import Mapping

from studies.analysis.findings import mappings_and_collapse
from studies.catalogue import register_study
from studies.design.arguments import ChoiceTexts, PositiveNumbers
from studies.design.arms import Arm
from studies.design.configuration import Configuration
from studies.design.measures import weights_and_gradients
from studies.design.recipes import MESH_AXIS, direct_cells, notebook_cells, standard
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Study

_CHI_2, _CHI_4 = "mps:bond_dimension=2", "mps:bond_dimension=4"
MAPPINGS = ("logit_tanh", "affine", "log_affine", _CHI_2, _CHI_4, "mlp", "mixing", "whitened")
_RATES = (0.003, 0.01, 0.03, 0.1)


def tuned(options: Options) -> Mapping[Arm, list[Configuration]]:
    """Every mapping at every rate."""
    return {
        Arm("", mapping): [
            standard(options, mapping=mapping, learning_rate=rate)
            for rate in options.scope.axes["learning_rate"]
        ]
        for mapping in options.scope.axes["mapping"]
    }


def references(options: Options) -> list[Cell]:
    """The target trained directly, and the reference notebook with its own schedule."""
    return direct_cells(standard(options), options) + notebook_cells(options)


def _contrast(first: str, second: str) -> Contrast:
    return Contrast(Arm("", first), Arm("", second), "each mapping's best rate")


STUDY = Study(
    name="mapping_sweep",
    question="Which probability-to-weight mapping?",
    axes=(
        Axis("mapping", ChoiceTexts("mapping"), MAPPINGS, "mappings, with spaces between"),
        Axis("learning_rate", PositiveNumbers(), _RATES, "rates that each mapping is tried at"),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(
            seeds=1,
            epochs=1,
            axes={"mapping": ("logit_tanh", "mixing"), "learning_rate": (0.01, 0.03)},
        ),
        "quick": Preset(seeds=3, epochs=8, long_seeds=1),
        "full": Preset(seeds=12, epochs=20, long_seeds=10),
    },
    cells=references,
    tuned=tuned,
    measure=weights_and_gradients,
    finding=mappings_and_collapse,
    figures=("accuracy", "seeds", "signals", "rates", "curves"),
    questions=(
        Question(
            "Is a mapping with more to train better than scale and shift?",
            [_contrast(mapping, "affine") for mapping in (_CHI_2, _CHI_4, "mlp")],
        ),
        Question(
            "Is a fixed random mixing better than scale and shift?",
            [_contrast(mapping, "affine") for mapping in ("mixing", "whitened")],
            note="They train less than scale and shift do.",
        ),
        Question(
            "Is the notebook's logit_tanh better than scale and shift?",
            [_contrast("logit_tanh", "affine")],
        ),
    ),
    contrasts=(
        *(_contrast(mapping, "affine") for mapping in MAPPINGS if mapping != "affine"),
        _contrast("mixing", "log_affine"),
        _contrast("whitened", "mixing"),
        _contrast(_CHI_2, "mlp"),
    ),
    looks=(10,),
)
register_study(STUDY)
