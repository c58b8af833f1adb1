"""What a study looks at in a model beside its accuracy, against its definitions."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from stored_rows import CONFIGURATION
from torch import Tensor
from torch.nn.functional import cross_entropy

from qcnn import Data, QuantumTrain, load_data
from studies.design.configuration import build_model
from studies.design.measures import QUANTILES, weights_and_gradients

SMALL = replace(CONFIGURATION, sizes=((5, 2), (4, 2)), mapping="mixing", target="notebook")


@pytest.fixture(scope="module")
def data() -> Data:
    return load_data("digits")


@pytest.fixture(scope="module")
def model(data: Data) -> QuantumTrain:
    found = build_model(SMALL, data, 1)
    assert isinstance(found, QuantumTrain)
    return found


def quantiles(values: Tensor) -> list[float]:
    return np.quantile(values.detach().double().numpy(), QUANTILES).tolist()


def test_gradients_are_of_the_first_500_training_images(model: QuantumTrain, data: Data) -> None:
    parameters = [p for sampler in model.pqcnns() for p in sampler.parameters()]

    def sizes(images: Tensor, labels: Tensor) -> list[float]:
        loss = cross_entropy(model(images), labels)
        found = torch.autograd.grad(loss, parameters)
        return quantiles(torch.cat([gradient.flatten() for gradient in found]).abs())

    found = list(weights_and_gradients(model, data)["gradients"].values())
    assert found == pytest.approx(sizes(data.train_images[:500], data.train_labels[:500]), rel=1e-4)
    for images, labels in (
        (data.train_images[:499], data.train_labels[:499]),
        (data.validation_images[:500], data.validation_labels[:500]),
        (data.test_images[:500], data.test_labels[:500]),
    ):
        assert found != pytest.approx(sizes(images, labels), rel=1e-4)


def test_weights_are_all_of_the_network(model: QuantumTrain, data: Data) -> None:
    found = weights_and_gradients(model, data)
    weights = torch.cat([value.flatten() for value in model.weights().values()])
    assert list(found["weights"].values()) == pytest.approx(quantiles(weights), rel=1e-5)
    assert list(found["weights"]) == [f"{level:g}" for level in QUANTILES]


@pytest.mark.parametrize(
    ("distance", "saturated"), [(0.0, 1.0), (0.0009, 1.0), (0.0011, 0.0), (0.5, 0.0)]
)
def test_saturated_is_within_a_thousandth_of_one(
    data: Data, distance: float, saturated: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build_model(SMALL, data, 1)
    assert isinstance(model, QuantumTrain)
    generate = model.generate

    def signs(_: QuantumTrain) -> Tensor:
        numbers = generate()
        # The numbers keep their gradient and lose their size.
        return torch.where(numbers > 0, 1.0, -1.0) * (1 - distance) + 0 * numbers

    monkeypatch.setattr(QuantumTrain, "generate", signs)
    assert weights_and_gradients(model, data)["saturated"] == pytest.approx(saturated)
