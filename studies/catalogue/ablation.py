"""Is the photonic part necessary?

Each arm has something else in the PQCNNs' place, with equal epochs, equal steps and paired
seeds. At equal architecture the controls without trainable numbers have fewer trainable
parameters; the classical generator has as many, and one arm without input has a larger bond
dimension that makes up for the phases. There were 10 seeds at first, and 6 more after a look at
their results; 16 that nobody has seen decide.
"""

from studies.catalogue import register_study
from studies.design.arguments import WholeNumbers
from studies.design.arms import Arm, Family, at_bond_dimension
from studies.design.recipes import MESH_AXIS, cells_of, standard
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Study

FROZEN = "frozen phases"
#: What each generator is called; the PQCNN itself comes first.
NAMES = {
    "pqcnn": "trained phases",
    "frozen": FROZEN,
    "fixed_random": "fixed random numbers",
    "redrawn_random": "random numbers redrawn at every pass",
    "matched_random": "random numbers of the same distribution",
    "no_input": "no input",
    "classical": "a classical generator of the same trainable count",
}
_MIXING_SIZES = ((9, 4),) * 5
_MIXING_ARMS = ("pqcnn", "frozen", "classical")
_MIXING = "mixing of 5 PQCNNs"
#: The arm without input whose mapping has the trainable count of χ = 2 with its phases.
_LARGER = Arm(at_bond_dimension(3), NAMES["no_input"], Family.CONTROL)


def cells(options: Options) -> list[Cell]:
    """Every arm at every bond dimension, and the arms of the mapping that leans on the phases."""
    found: list[Cell] = []
    for chi in options.scope.axes["bond_dimension"]:
        for generator in NAMES:
            mapping = f"mps:bond_dimension={chi}"
            configuration = standard(options, mapping=mapping, generator=generator)
            found += cells_of(_arm(at_bond_dimension(chi), generator), configuration, options)
    larger = standard(options, mapping="mps:bond_dimension=3", generator="no_input")
    found += cells_of(_LARGER, larger, options)
    for generator in _MIXING_ARMS:
        configuration = standard(
            options, target="cnn2202", sizes=_MIXING_SIZES, mapping="mixing", generator=generator
        )
        found += cells_of(_arm(_MIXING, generator), configuration, options)
    return found


def _arm(setting: str, generator: str) -> Arm:
    families = {"pqcnn": Family.PHOTONIC, "classical": Family.CLASSICAL}
    return Arm(setting, NAMES[generator], families.get(generator, Family.CONTROL))


STUDY = Study(
    name="ablation",
    question="Is the photonic part necessary?",
    axes=(
        Axis("bond_dimension", WholeNumbers(1), (2, 4, 10), "bond dimensions of the mapping"),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"bond_dimension": (2,)}),
        "quick": Preset(seeds=3, epochs=8, axes={"bond_dimension": (2, 4)}),
        "full": Preset(seeds=16, epochs=20, after=16),
    },
    cells=cells,
    figures=("accuracy", "seeds", "curves"),
    contrasts=(
        *(
            Contrast(_arm(at_bond_dimension(chi), "pqcnn"), _arm(at_bond_dimension(chi), other))
            for chi in (2, 4, 10)
            for other in NAMES
            if other != "pqcnn"
        ),
        Contrast(_arm(at_bond_dimension(2), "pqcnn"), _LARGER, "equal trainable count"),
        *(Contrast(_arm(_MIXING, "pqcnn"), _arm(_MIXING, other)) for other in _MIXING_ARMS[1:]),
    ),
    looks=(10, 16),
    confirmed=True,
)
register_study(STUDY)
