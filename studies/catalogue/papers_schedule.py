"""Does the paper's own schedule, at its full length, reach what its table says?

Its form of the matrix product state (TorchMPS, unscaled weights) at three bond dimensions, trained
as the paper does, in 200 rounds of Adam on the mapping and COBYLA on the phases, beside an arm
that differs from it in nothing but that Adam trains the phases, for as many epochs. COBYLA may
compute the loss of a batch of 1,000 images up to 1,000 times in each round, 200,000 times in all,
unless it finds no better phases before; Adam has nothing in return for that. So the schedule runs
under three seeds, with which the question of which one is better stays open. Nothing is
tuned; the seeds come after the 12 with which ``bond_dimension`` has shown a tenth of the rounds.
"""

from studies.analysis.papers_table.reasons import verdicts_and_reasons
from studies.analysis.papers_table.table import papers_table
from studies.analysis.results import PAIRS_FOR_A_CLAIM
from studies.catalogue import register_study
from studies.design.arguments import WholeNumbers
from studies.design.arms import Arm, at_bond_dimension
from studies.design.recipes import MESH_AXIS, cells_of, long_cells_of
from studies.design.study import Axis, Cell, Contrast, Options, Preset, Question, Study
from studies.settings.papers_form import ROUNDS, by_adam_alone, in_rounds, papers_form

SCHEDULE = "the paper's schedule"
ALONE = "Adam alone"
_CHIS = (2, 4, 10)
#: Of the paper's schedule, which takes hours for each.
_LONG_SEEDS = 3


def cells(options: Options) -> list[Cell]:
    """Both arms at each bond dimension; in rounds under the fewer seeds of a long schedule."""
    found: list[Cell] = []
    rounds = options.scope.axes["rounds"]
    for chi in options.scope.axes["bond_dimension"]:
        form = papers_form(options, chi)
        found += long_cells_of(_schedule(chi), in_rounds(form, rounds), options)
        found += cells_of(_alone(chi), by_adam_alone(form, rounds), options)
    return found


def _schedule(chi: int) -> Arm:
    return Arm(at_bond_dimension(chi), SCHEDULE)


def _alone(chi: int) -> Arm:
    return Arm(at_bond_dimension(chi), ALONE)


_BY_COBYLA = [Contrast(_schedule(chi), _alone(chi)) for chi in _CHIS]

STUDY = Study(
    name="papers_schedule",
    question="Does the paper's own schedule, at its full length, reach what its table says?",
    axes=(
        Axis("bond_dimension", WholeNumbers(1), _CHIS, "bond dimensions, e.g. 2,4,10"),
        Axis("rounds", ROUNDS, 200, "rounds of the paper's schedule", is_length=True),
        MESH_AXIS,
    ),
    presets={
        "smoke": Preset(
            seeds=1, epochs=0, long_seeds=1, axes={"bond_dimension": (2,), "rounds": 1}
        ),
        "quick": Preset(seeds=2, epochs=0, long_seeds=1, axes={"rounds": 4}),
        "full": Preset(seeds=10, epochs=0, long_seeds=_LONG_SEEDS, after=12),
    },
    cells=cells,
    finding=verdicts_and_reasons(SCHEDULE, ALONE),
    overview=papers_table,
    figures=("accuracy", "seeds", "curves"),
    questions=(
        Question(
            "Does COBYLA train the phases better than Adam?",
            _BY_COBYLA,
            note="It is open by construction: the paper's schedule runs under "
            f"{_LONG_SEEDS} seeds, and a claim needs {PAIRS_FOR_A_CLAIM}.",
        ),
    ),
    contrasts=_BY_COBYLA,
)
register_study(STUDY)
