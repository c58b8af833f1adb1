"""Do more photonic layers or a schedule help?

One factor at a time around a standard of one layer and one-cycle to a rate of 0.03, for two
models: five (9,4) mixed, where the phases carry the result (see the study ``ablation``), and
the paper's product read by a matrix product state. L layers have L times the trainable phases
at equal effective ones; ten PQCNNs of one layer have as many as five of two, and twice the
effective ones. More phases also move the unitary further at one rate, so that four layers
are held against a higher rate, too.
"""

from dataclasses import replace
from typing import Any

from qcnn.meshes import check_layers
from qcnn.training.config import SCHEDULES
from studies.catalogue import register_study
from studies.design.arguments import Names, PositiveNumbers, WholeNumbers
from studies.design.arms import Arm
from studies.design.recipes import MESH_AXIS, SOURCE_SIZES, cells_of, standard
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Study

MIXING, PRODUCT = "mixing", "product, mps χ = 4"
_MODELS: dict[str, dict[str, Any]] = {
    MIXING: {"target": "cnn2202", "sizes": ((9, 4),) * 5, "mapping": "mixing"},
    PRODUCT: {"target": "paper", "sizes": SOURCE_SIZES, "mapping": "mps:bond_dimension=4"},
}
_FACTORS = {
    MIXING: ("layers", "schedule", "learning_rate", "target"),
    PRODUCT: ("layers", "schedule", "learning_rate"),
}
_TARGETS = ("notebook", "cnn816", "cnn2202", "paper")
_STANDARD = "1 layer, one-cycle to 0.03"
_MORE_PQCNNS = "10 PQCNNs of 1 layer"


def check(options: Options) -> None:
    """Raises InvalidInput if the mesh cannot have that many layers."""
    check_layers(max(options.scope.axes["layers"]), options.scope.axes["mesh"])


def cells(options: Options) -> list[Cell]:
    """The standard of both models, each changed in one factor, and more PQCNNs."""
    found: list[Cell] = []
    for model, axes in _MODELS.items():
        common = standard(options, layers=1, schedule="one-cycle", learning_rate=0.03, **axes)
        found += cells_of(Arm(model, _STANDARD), common, options)
        for factor in _FACTORS[model]:
            for value in options.scope.axes[factor]:
                if value != getattr(common, factor):
                    changed = replace(common, **{factor: value})
                    found += cells_of(Arm(model, _name(factor, value)), changed, options)
        if model == MIXING:
            more = replace(common, sizes=2 * common.sizes)
            found += cells_of(Arm(model, _MORE_PQCNNS), more, options)
    return found


def _name(factor: str, value: object) -> str:
    """The arm with this value of a factor, all others being the standard's."""
    return {
        "layers": f"{value} layers",
        "schedule": "no schedule" if value == "none" else f"schedule {value}",
        "learning_rate": f"rate {value}",
        "target": f"target {value}",
    }[factor]


def _contrast(model: str, first: str, second: str) -> Contrast:
    return Contrast(Arm(model, first), Arm(model, second))


_LAYERS = [
    _contrast(model, f"{layers} layers", _STANDARD)
    for model in (MIXING, PRODUCT)
    for layers in (2, 3, 4)
]
_SCHEDULE = [
    _contrast(model, schedule, "no schedule")
    for model in (MIXING, PRODUCT)
    for schedule in ("schedule cosine", _STANDARD, "schedule plateau")
]
_RATE = [
    _contrast(model, rate, "rate 0.01")
    for model in (MIXING, PRODUCT)
    for rate in (_STANDARD, "rate 0.1")
]
_OTHERS = [
    _contrast(MIXING, "2 layers", _MORE_PQCNNS),
    _contrast(MIXING, "4 layers", "rate 0.1"),
    *(_contrast(MIXING, f"target {name}", _STANDARD) for name in ("notebook", "cnn816", "paper")),
]

STUDY = Study(
    name="capacity",
    question="Do more photonic layers or a schedule help?",
    axes=(
        Axis("layers", WholeNumbers(1), (1, 2, 3, 4), "layers of each PQCNN, e.g. 1-4"),
        Axis("schedule", Names(SCHEDULES), SCHEDULES, "schedules of the rate"),
        Axis(
            "learning_rate",
            PositiveNumbers(),
            (0.003, 0.01, 0.03, 0.1),
            "highest rates of one-cycle",
        ),
        Axis("target", Names(_TARGETS), _TARGETS, "networks that mixing generates"),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(
            seeds=1,
            epochs=1,
            axes={
                "layers": (1, 2),
                "schedule": ("none",),
                "learning_rate": (0.01,),
                "target": ("notebook",),
            },
        ),
        # The plateau waits for 5 epochs without a lower loss: in 8 epochs it is no schedule.
        "quick": Preset(
            seeds=3,
            epochs=8,
            axes={"schedule": ("none", "cosine", "one-cycle")},
        ),
        "full": Preset(seeds=12, epochs=20),
    },
    check=check,
    cells=cells,
    figures=("accuracy", "seeds", "curves"),
    questions=(
        Question(
            "Do more photonic layers help?",
            _LAYERS,
            note="They add trained phases, and no effective ones. More PQCNNs of one layer, which "
            "add both, are among the other contrasts.",
        ),
        Question("Does a schedule of the rate help?", _SCHEDULE),
        Question("Does a higher rate than 0.01 help?", _RATE),
    ),
    contrasts=[*_LAYERS, *_SCHEDULE, *_RATE, *_OTHERS],
    looks=(10,),
)
register_study(STUDY)
