"""Does a random matrix that is never built cost accuracy?

The mappings ``mixing`` and ``whitened`` and the baseline ``random_subspace`` multiply by a matrix
of fixed random numbers, which ends at a few GiB. Here it is held against one of random signs, a
Hadamard transform and random places, which takes no memory: equal seeds, steps and rates, at
two budgets, on targets whose weights fill half and four fifths of the transform (2,202 of 4,096,
6,690 of 8,192), as its columns are the less orthogonal the emptier it is. Everything else is as the
study ``frontier`` found it good.
"""

from dataclasses import replace

from studies.catalogue import register_study
from studies.design.arguments import Names
from studies.design.arms import Arm
from studies.design.configuration import Configuration
from studies.design.recipes import cells_of, standard, without_photons
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Study

_SIZE = (9, 4)
_DENSE, _HADAMARD = "dense", "hadamard"
#: PQCNNs with 15 trained phases each, at the two budgets, and the target of each.
_PQCNNS = {15: "cnn2202", 87: "paper"}
_TRAINED = 15
#: PQCNNs of the minimal mesh, 44 phases and a gain each, of about as many parameters.
_MIXED = {15: 5, 87: 29}
_FORMS = ("mixing", "whitened", "random_subspace")


def cells(options: Options) -> list[Cell]:
    """Each form at each budget, with both kinds of matrix."""
    return [
        cell
        for form in options.scope.axes["form"]
        for pqcnns in _PQCNNS
        for matrix in (_DENSE, _HADAMARD)
        for cell in cells_of(
            Arm(_setting(form, pqcnns), matrix),
            _configuration(form, pqcnns, matrix, options),
            options,
        )
    ]


def _setting(form: str, pqcnns: int) -> str:
    return f"{form}, about {pqcnns * _TRAINED:,} parameters"


def _configuration(form: str, pqcnns: int, matrix: str, options: Options) -> Configuration:
    common = standard(
        options, target=_PQCNNS[pqcnns], mesh="minimal", schedule="one-cycle", learning_rate=0.03
    )
    if form == "mixing":
        sizes = (_SIZE,) * _MIXED[pqcnns]
        return replace(common, sizes=sizes, mapping=f"mixing:matrix={matrix}")
    whitened = replace(
        common,
        sizes=(_SIZE,) * pqcnns,
        mapping=f"whitened:matrix={matrix}",
        trained_phases=_TRAINED,
        learning_rate=0.01,
    )
    if form == "whitened":
        return whitened
    dimension = pqcnns * _TRAINED
    subspace = f"random_subspace:dimension={dimension},directions=orthogonal,matrix={matrix}"
    return without_photons(replace(whitened, learning_rate=0.2), subspace)


_CONTRASTS = [
    Contrast(Arm(_setting(form, pqcnns), _HADAMARD), Arm(_setting(form, pqcnns), _DENSE))
    for form in _FORMS
    for pqcnns in _PQCNNS
]

STUDY = Study(
    name="fixed_matrix",
    question="Does a random matrix that is never built cost accuracy?",
    axes=(Axis("form", Names(_FORMS), _FORMS, "what multiplies by the matrix"),),
    presets={
        "smoke": Preset(seeds=1, epochs=1),
        "quick": Preset(seeds=3, epochs=8),
        "full": Preset(seeds=12, epochs=20),
    },
    cells=cells,
    figures=("accuracy", "seeds", "curves"),
    questions=(
        Question(
            "Is a random matrix that is never built as good as a dense one, to a point?",
            _CONTRASTS,
            margin=0.01,
        ),
    ),
    contrasts=_CONTRASTS,
)
register_study(STUDY)
