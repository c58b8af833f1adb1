"""How many PQCNNs, combined how?

As a tensor product their sizes are the cheapest that give an outcome for every weight
(``qcnn.choose_sizes``) and a matrix product state reads the joint probabilities; as a
concatenation they are of one size and are mixed.
"""

from qcnn import choose_sizes
from studies.analysis.findings import accuracies_along
from studies.catalogue import register_study
from studies.design.arguments import WholeNumbers
from studies.design.arms import Arm
from studies.design.recipes import MESH_AXIS, cells_of, direct_cells, standard, weights_of
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Study

_PRODUCT, _CONCATENATION = "product", "concatenation"
_SIZE = (9, 4)
_CHI = 2
_COUNTS = (1, 2, 3, 4, 6, 8, 12, 16)
_WHAT = {
    _PRODUCT: f"product of chosen sizes, mps χ = {_CHI}",
    _CONCATENATION: "concatenation of (9,4), mixing",
}


def cells(options: Options) -> list[Cell]:
    """Both combinations at every count, and the concatenation's target trained directly."""
    found: list[Cell] = []
    weights = weights_of("paper", options.scope.dataset)
    for count in options.scope.axes["count"]:
        product = standard(
            options,
            sizes=tuple(choose_sizes(weights, count, mesh=options.scope.axes["mesh"])),
            mapping=f"mps:bond_dimension={_CHI}",
        )
        found += cells_of(_arm(_PRODUCT, count), product, options)
        concatenation = standard(
            options, target="cnn2202", sizes=(_SIZE,) * count, mapping="mixing"
        )
        found += cells_of(_arm(_CONCATENATION, count), concatenation, options)
    return found + direct_cells(concatenation, options)


def _arm(combination: str, count: int) -> Arm:
    return Arm(_WHAT[combination], _counted(count))


def _counted(count: int) -> str:
    return f"{count} PQCNN{'s' if count > 1 else ''}"


def _more(combination: str) -> list[Contrast]:
    """Several PQCNNs against one."""
    return [
        Contrast(_arm(combination, count), _arm(combination, 1), f"the {combination}")
        for count in (2, 4, 8, 16)
    ]


STUDY = Study(
    name="pqcnn_count",
    question="How many PQCNNs, combined how?",
    axes=(
        Axis("count", WholeNumbers(1, 64), _COUNTS, "numbers of PQCNNs"),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"count": (1, 2)}),
        "quick": Preset(seeds=3, epochs=8, axes={"count": (1, 2, 4, 8)}),
        "full": Preset(seeds=12, epochs=20),
    },
    cells=cells,
    finding=accuracies_along(
        {
            what.capitalize(): {_counted(count): _arm(combination, count) for count in _COUNTS}
            for combination, what in _WHAT.items()
        }
    ),
    figures=("accuracy", "seeds", "curves"),
    questions=(
        Question(
            "Do more PQCNNs help where they are concatenated?",
            _more(_CONCATENATION),
            note="More of them have more phases; mode_sweep compares at equal cost.",
        ),
        Question(
            "Do more PQCNNs help as a tensor product?",
            _more(_PRODUCT),
            note="By construction they have the fewer phases the more they are, as their outcomes "
            "multiply.",
        ),
    ),
    contrasts=(*_more(_PRODUCT), *_more(_CONCATENATION)),
    looks=(10,),
)
register_study(STUDY)
