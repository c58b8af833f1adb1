"""What is done with shots, as a text."""

import pytest

from qcnn import InvalidInput
from qcnn.training.from_shots.config import WAYS
from qcnn.training.from_shots.spending import (
    Cobyla,
    ParameterShift,
    Spending,
    Spsa,
    spending_from_text,
    spending_to_text,
    way_of,
)


@pytest.mark.parametrize("kind", [ParameterShift, Spsa, Cobyla])
def test_a_text_says_all_of_it(kind: type[Spending]) -> None:
    for spending in (kind(), kind(shots=10**12, evaluation_shots=7)):
        text = spending_to_text(spending)
        assert spending_from_text(text) == spending
        assert way_of(text) in WAYS
    assert spending_from_text(way_of(spending_to_text(kind()))) == kind()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sgd:shots=5", "optimiser is 'sgd'; allowed are cobyla, parameter-shift, spsa"),
        ("cobyla:perturbation=0.1", "option of optimiser cobyla is 'perturbation'; allowed are"),
        ("spsa:shots=0", "shots is 0; allowed are whole numbers from 1"),
        ("spsa:shots=1e9", "shots of optimiser spsa is '1e9'; allowed is a value of type int"),
    ],
)
def test_texts_that_are_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        spending_from_text(text)
