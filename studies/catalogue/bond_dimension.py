"""What does the bond dimension of the matrix product state buy?

The paper's table with phases and mapping trained together by Adam: the lean form at every
bond dimension, and the paper's own form (TorchMPS, unscaled weights) beside it at three. There
the paper's own schedule is run too, rounds of Adam on the mapping and COBYLA on the phases,
against an arm that differs from it in nothing but that Adam trains the phases as well.
"""

from dataclasses import replace

from qcnn import AlternatingConfig
from studies.analysis.findings import accuracies_along
from studies.catalogue import register_study
from studies.design.arguments import EPOCHS, WholeNumber, WholeNumbers
from studies.design.arms import DIRECT, Arm, at_bond_dimension
from studies.design.recipes import MESH_AXIS, cells_of, direct_cells, long_cells_of, standard
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Study

_ROUNDS = WholeNumber(1, EPOCHS.most // AlternatingConfig.adam_epochs)
_EVERY = tuple(range(1, 11))
_PAPERS_FORM = (2, 4, 10)
#: The paper's rate for the mapping; the lean form's 0.03 makes the unscaled form fail.
_PAPERS_RATE = 0.001


def cells(options: Options) -> list[Cell]:
    """Both forms, the paper's schedule, and the target trained directly."""
    found: list[Cell] = []
    for chi in options.scope.axes["bond_dimension"]:
        lean = standard(options, mapping=f"mps:bond_dimension={chi}")
        found += cells_of(_lean(chi), lean, options)
        if chi in _PAPERS_FORM:
            paper = standard(
                options,
                mapping=f"mps:bond_dimension={chi},form=torchmps,placement=source",
                learning_rate=_PAPERS_RATE,
                phase_learning_rate=0.03,
            )
            found += cells_of(_paper(chi), paper, options)
            together = replace(
                paper,
                epochs=AlternatingConfig.adam_epochs * options.scope.axes["rounds"],
                schedule="none",
                gradient_clip=0.0,
            )
            alternating = replace(together, optimiser="adam+cobyla", phase_learning_rate=0.0)
            found += long_cells_of(_alternating(chi), alternating, options)
            found += long_cells_of(_together(chi), together, options)
    return found + direct_cells(standard(options), options)


def _lean(chi: int) -> Arm:
    return Arm(at_bond_dimension(chi), "lean form")


def _paper(chi: int) -> Arm:
    return Arm(at_bond_dimension(chi), "the paper's form")


def _alternating(chi: int) -> Arm:
    return Arm(at_bond_dimension(chi), "the paper's form and schedule")


def _together(chi: int) -> Arm:
    name = "the paper's form, phases by Adam for as many epochs"
    return Arm(at_bond_dimension(chi), name)


STUDY = Study(
    name="bond_dimension",
    question="What does the bond dimension of the matrix product state buy?",
    axes=(
        Axis("bond_dimension", WholeNumbers(1), _EVERY, "bond dimensions, e.g. 1-10"),
        Axis(
            "rounds", _ROUNDS, 20, "rounds of the paper's schedule, which ran 200", is_length=True
        ),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(seeds=1, epochs=1, axes={"bond_dimension": (1, 2)}),
        "quick": Preset(
            seeds=3,
            epochs=8,
            long_seeds=2,
            axes={"bond_dimension": (1, 2, 4, 10), "rounds": 2},
        ),
        "full": Preset(seeds=10, epochs=30, long_seeds=3),
    },
    cells=cells,
    finding=accuracies_along(
        {
            "Lean form": {at_bond_dimension(chi): _lean(chi) for chi in _EVERY},
            "The paper's form": {at_bond_dimension(chi): _paper(chi) for chi in _PAPERS_FORM},
            "Its schedule, too": {
                at_bond_dimension(chi): _alternating(chi) for chi in _PAPERS_FORM
            },
        }
    ),
    figures=("accuracy", "seeds", "curves"),
    contrasts=(
        *(Contrast(_lean(chi), DIRECT) for chi in _EVERY),
        *(Contrast(_lean(chi), _paper(chi)) for chi in _PAPERS_FORM),
        *(Contrast(_alternating(chi), _together(chi)) for chi in _PAPERS_FORM),
    ),
)
register_study(STUDY)
