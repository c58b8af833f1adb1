"""Kinds of noise: levels, effects, and one that is added."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from qcnn import PQCNN, InvalidInput
from qcnn.noise import (
    Noise,
    NoiseKind,
    NoisyPQCNN,
    measure_distribution,
    noise_from_text,
    noise_kinds,
    noise_to_text,
    register_noise,
)
from qcnn.noise.kinds import registered


@pytest.fixture
def added() -> Iterator[None]:
    """Two kinds of one's own: one acts on the phases, one on the distribution."""

    @register_noise("offset")
    class Offset(NoiseKind):
        most = 3.0
        trainable = False

        def phase_errors(
            self, phases: Tensor, level: float, random: torch.Generator | None
        ) -> Tensor:
            return torch.full_like(phases, level)

    @register_noise("background")
    class Background(NoiseKind):
        most = 1.0

        def distort(self, distribution: Tensor, level: float) -> Tensor:
            return (1 - level) * distribution + level / len(distribution)

    yield
    for name in ("offset", "background"):
        del registered[name]


def make(text: str) -> NoisyPQCNN:
    return NoisyPQCNN(PQCNN(5, 2, seed=0), noise_from_text(text), seed=1)


@pytest.mark.parametrize("name", noise_kinds())
def test_every_kind_says_what_a_study_needs(name: str) -> None:
    kind = noise_kinds()[name]
    assert kind.name == name
    assert kind.axis
    assert Noise().level(name) == kind.perfect
    for level in kind.every:
        noise = Noise().at(**{name: level})
        assert noise.level(name) == level
        assert noise_from_text(noise_to_text(noise)) == noise
        assert [(each.name, at) for each, at in noise.acting()] == [(name, level)]
    noise_from_text(kind.beside)


@pytest.mark.usefixtures("added")
def test_an_added_kind_is_an_option_after_those_that_there_were() -> None:
    noise = noise_from_text("background=0.5,shots=10,offset=0.0")
    assert noise == Noise(shots=10, further=(("background", 0.5),))
    assert noise.at(offset=1.0, g2=0.1) == Noise(
        g2=0.1, shots=10, further=(("offset", 1.0), ("background", 0.5))
    )
    assert noise_to_text(noise.at(offset=1.0)) == "shots=10,background=0.5,offset=1.0"
    assert noise.at(background=0) == Noise(shots=10)


@pytest.mark.usefixtures("added")
@pytest.mark.parametrize("mode", [False, True])
def test_what_an_added_kind_does_to_the_distribution(mode: bool) -> None:
    sampler = make("background=0.25").train(mode)
    clean = sampler.sampler()
    assert torch.allclose(sampler(), 0.75 * clean + 0.25 / len(clean))
    phases = sampler.phases
    (gradient,) = torch.autograd.grad(sampler.train()()[0], phases)
    (expected,) = torch.autograd.grad(clean[0], phases)
    assert torch.allclose(gradient, 0.75 * expected, atol=1e-6)
    shots = measure_distribution(sampler.sampler, noise_from_text("background=1.0,shots=9"), seed=0)
    assert torch.allclose(shots.distribution, torch.full((10,), 0.1, dtype=torch.float64))


@pytest.mark.usefixtures("added")
def test_what_an_added_kind_does_to_the_phases() -> None:
    sampler = make("offset=0.5").eval()
    assert torch.allclose(sampler(), sampler.sampler(sampler.phases + 0.5), atol=1e-6)
    with pytest.raises(InvalidInput, match=r"^offset is 0.5 in training; allowed is 0, as offset"):
        sampler.train()()


@pytest.mark.usefixtures("added")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("offset=4", "offset is 4.0; allowed are 0 ≤ … ≤ 3"),
        ("background=nan", "background is nan; allowed are 0 ≤ … ≤ 1"),
        ("further=1", "option of the noise of a device is 'further'; allowed are brightness, "),
    ],
)
def test_a_level_that_no_device_has_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        noise_from_text(text)
    assert str(caught.value).startswith(message)


def test_a_kind_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="^noise is 'offset'; allowed are "):
        Noise(further=(("offset", 1.0),))
    with pytest.raises(
        InvalidInput, match="^the noise name is 'dark-counts'; allowed are names of"
    ):
        register_noise("dark-counts")
