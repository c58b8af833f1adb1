"""Noise as data and as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qcnn import InvalidInput
from qcnn.noise import Noise, noise_from_text, noise_to_text

NOISE = st.builds(
    Noise,
    brightness=st.floats(0.01, 1),
    indistinguishability=st.floats(0, 1),
    g2=st.floats(0, 0.5),
    transmittance=st.floats(0.01, 1),
    phase_error=st.floats(0, 3.14),
    shots=st.integers(0, 10**6),
)


@given(NOISE)
def test_text_comes_back(noise: Noise) -> None:
    assert noise_from_text(noise_to_text(noise)) == noise


def test_no_text_is_no_noise() -> None:
    assert noise_from_text("") == Noise()
    assert noise_to_text(Noise()) == ""


def test_every_value_reaches_perceval_under_its_name() -> None:
    values = {
        "brightness": 0.5,
        "indistinguishability": 0.9,
        "g2": 0.1,
        "transmittance": 0.6,
        "phase_error": 0.2,
    }
    model = Noise(**values, shots=7).to_perceval()
    assert model.__dict__() == values
    assert Noise(shots=7).to_perceval().__dict__() == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("brightness=0", "brightness is 0.0; allowed are 0 < … ≤ 1"),
        ("transmittance=1.5", "transmittance is 1.5; allowed are 0 < … ≤ 1"),
        ("transmittance=nan", "transmittance is nan; allowed are 0 < … ≤ 1"),
        ("indistinguishability=-0.1", "indistinguishability is -0.1; allowed are 0 ≤ … ≤ 1"),
        ("g2=0.6", "g2 is 0.6; allowed are 0 ≤ … ≤ 0.5"),
        ("phase_error=4", "phase_error is 4.0; allowed are 0 ≤ … ≤ 3.142"),
        ("shots=-1", "shots is -1; allowed are whole numbers from 0"),
        ("shots=1e4", "shots of the noise of a device is '1e4'; allowed is a value of type int"),
        ("dark_counts=1", "option of the noise of a device is 'dark_counts'; allowed are bright"),
        ("0.9", "option of the noise of a device is '0.9'; allowed are brightness"),
    ],
)
def test_a_mistake_is_one_sentence(text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as error:
        noise_from_text(text)
    assert str(error.value).startswith(message)
