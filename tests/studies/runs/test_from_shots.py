"""Runs from shots: what a configuration asks for, and what its row holds."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stored_rows import CONFIGURATION

from qcnn import FromShotsConfig, InvalidInput
from studies.design.configuration import known_configuration
from studies.design.roles import FINAL, SEARCH
from studies.rows.runs_file import add_rows, read_rows
from studies.runs.execute import execute

FROM_SHOTS = replace(
    CONFIGURATION,
    sizes=((5, 2),),
    trained_phases=4,
    mapping="whitened",
    batch_size=400,
    learning_rate=0.1,
    schedule="none",
    gradient_clip=0.0,
)
#: Of one PQCNN of four phases: steps, with the shots in them.
SPENT = {
    "parameter-shift:shots=17000,evaluation_shots=1000": 16_000,
    "spsa:shots=17000,evaluation_shots=1000,perturbation=0.1": 16_000,
    "cobyla:shots=8500,evaluation_shots=1000": 8_000,
}


@pytest.mark.parametrize("optimiser", SPENT)
def test_a_row_has_the_shots_that_were_spent(optimiser: str, tmp_path: Path) -> None:
    configuration = replace(FROM_SHOTS, optimiser=optimiser)
    row = execute("training_from_shots", configuration, 1, FINAL, tmp_path)
    assert row["status"] == "complete"
    assert row["shots_spent"] == SPENT[optimiser]
    assert len(row["val_accuracy_by_epoch"].split()) == configuration.epochs
    add_rows(tmp_path / "runs.csv", [row | {"setting": "", "arm": "an arm", "preset": "smoke"}])
    (stored,) = read_rows(tmp_path / "runs.csv").to_dict("records")
    assert stored["shots_spent"] == SPENT[optimiser]
    assert known_configuration({str(k): v for k, v in stored.items()}) == configuration
    again = execute("training_from_shots", configuration, 1, FINAL, tmp_path / "again")
    assert again["test_accuracy"] == row["test_accuracy"]


def test_other_trainings_have_spent_none(tmp_path: Path) -> None:
    row = execute("mode_sweep", replace(FROM_SHOTS, epochs=1), 1, SEARCH, tmp_path)
    assert row["shots_spent"] == 0


def test_what_a_configuration_asks_for() -> None:
    optimiser = "spsa:shots=10000,evaluation_shots=50,perturbation=0.1"
    configuration = replace(
        FROM_SHOTS, optimiser=optimiser, schedule="one-cycle", gradient_clip=1.0
    )
    assert configuration.from_shots
    assert not FROM_SHOTS.from_shots
    assert configuration.from_shots_config(9) == FromShotsConfig(
        "spsa",
        shots=10_000,
        evaluation_shots=50,
        epochs=2,
        batch_size=400,
        learning_rate=0.1,
        perturbation=0.1,
        schedule="one-cycle",
        gradient_clip=1.0,
        seed=9,
    )
    others = {replace(configuration, optimiser=other).digest() for other in SPENT}
    assert len(others | {configuration.digest(), FROM_SHOTS.digest()}) == 5


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"phase_learning_rate": 0.1}, "phase_learning_rate is 0.1; allowed with optimiser"),
        ({"schedule": "cosine"}, "schedule is 'cosine' and gradient_clip None with way 'cobyla'"),
        ({"noise": "shots=100"}, "allowed from shots are PQCNNs with trained phases"),
        ({"generator": "frozen"}, "allowed from shots are PQCNNs with trained phases"),
        (
            {"sizes": (), "mapping": "direct", "space": "none", "input": "none", "mesh": "none"}
            | {"trained_phases": 0},
            "allowed from shots is a QuantumTrain",
        ),
    ],
)
def test_what_cannot_be_trained_from_shots(
    changes: dict[str, Any], says: str, tmp_path: Path
) -> None:
    configuration = replace(FROM_SHOTS, optimiser=list(SPENT)[-1], **changes)
    with pytest.raises(InvalidInput, match=says):
        execute("training_from_shots", configuration, 1, FINAL, tmp_path)


def test_an_optimiser_with_options_that_it_does_not_have() -> None:
    for text in ("adam:shots=5", "adam+cobyla:shots=5", "sgd"):
        with pytest.raises(InvalidInput, match=r"allowed are adam, natural, adam\+cobyla, par"):
            replace(FROM_SHOTS, optimiser=text)
