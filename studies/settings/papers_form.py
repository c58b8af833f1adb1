"""The paper's own form of the matrix product state, and the two ways to train it for long."""

from dataclasses import replace

from qcnn import AlternatingConfig
from studies.design.arguments import EPOCHS, WholeNumber
from studies.design.configuration import Configuration
from studies.design.recipes import standard
from studies.design.study import Options

#: How many rounds its schedule may have; the paper's has 200.
ROUNDS = WholeNumber(1, EPOCHS.most // AlternatingConfig.adam_epochs)
#: The paper's rate for the mapping; the lean form's 0.03 makes the unscaled form fail.
_RATE = 0.001


def papers_form(options: Options, chi: int) -> Configuration:
    """TorchMPS with unscaled weights, all of it trained by Adam under the common schedule.

    Args:
        options: of the command.
        chi: bond dimension.
    """
    return standard(
        options,
        mapping=f"mps:bond_dimension={chi},form=torchmps,placement=source",
        learning_rate=_RATE,
        phase_learning_rate=0.03,
    )


def by_adam_alone(form: Configuration, rounds: int) -> Configuration:
    """All of it trained by Adam at constant rates, for as many epochs as rounds have."""
    epochs = AlternatingConfig.adam_epochs * rounds
    return replace(form, epochs=epochs, schedule="none", gradient_clip=0.0)


def in_rounds(form: Configuration, rounds: int) -> Configuration:
    """The same, but for the phases, which COBYLA trains after every round."""
    alone = by_adam_alone(form, rounds)
    return replace(alone, optimiser="adam+cobyla", phase_learning_rate=0.0)
