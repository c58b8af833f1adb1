"""Convolutions of signals, which are images of one row."""

import pytest
import torch
from torch import nn

from qcnn import PQCNN, InvalidInput, QuantumTrain, target_from_text
from qcnn.targets import ConvolutionalNetwork
from qcnn.targets.convolutional import cnn2202
from qcnn.targets.sources import notebook, paper

SIGNAL = (1, 1, 40)


def in_one_dimension(network: nn.Sequential) -> nn.Sequential:
    """The same layers with torch's own convolutions in one dimension."""
    layers: list[nn.Module] = []
    for layer in network:
        if isinstance(layer, nn.Conv2d):
            kernel = layer.kernel_size[1]
            convolution = nn.Conv1d(layer.in_channels, layer.out_channels, kernel)
            convolution.load_state_dict(
                {"weight": layer.weight.squeeze(2), "bias": layer.bias}  # type: ignore[dict-item]
            )
            layers.append(convolution)
        elif isinstance(layer, nn.MaxPool2d):
            _, side = layer.kernel_size  # type: ignore[misc]
            layers.append(nn.MaxPool1d(side))
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


@pytest.mark.parametrize("target", [cnn2202(), paper(), notebook()])
def test_a_network_of_signals_is_one_of_convolutions_in_one_dimension(
    target: ConvolutionalNetwork,
) -> None:
    network = target.build(SIGNAL, 10, seed=3)
    signals = torch.rand(5, *SIGNAL)
    expected = in_one_dimension(network)(signals.squeeze(2))
    assert torch.allclose(network(signals), expected, atol=1e-6)
    weights = sum(parameter.numel() for parameter in network.parameters())
    assert target.count_weights(SIGNAL, 10) == weights


def test_numbers_of_weights() -> None:
    found = [target.count_weights(SIGNAL, 10) for target in (cnn2202(), paper())]
    assert found == [762, 2450]
    assert cnn2202().count_weights((1, 40, 1), 10) == 762


def test_columns_are_signals_as_rows_are() -> None:
    row, column = (cnn2202().build(shape, 10, 0) for shape in (SIGNAL, (1, 40, 1)))
    swapped = {
        name: value.transpose(-1, -2) if value.ndim == 4 else value
        for name, value in row.state_dict().items()
    }
    column.load_state_dict(swapped)
    signals = torch.rand(5, *SIGNAL)
    assert torch.allclose(column(signals.transpose(-1, -2)), row(signals), atol=1e-6)


def test_networks_of_images_are_what_they_were() -> None:
    network = cnn2202().build()
    assert repr(network[0]) == "Conv2d(1, 4, kernel_size=(5, 5), stride=(1, 1))"
    assert repr(network[1]).startswith("MaxPool2d(kernel_size=2, stride=2,")


def test_signals_that_are_too_short_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"leave a pixel of images of shape \(1, 1, 15\)"):
        cnn2202().build((1, 1, 15), 10)
    cnn2202().build((1, 1, 16), 10)


def test_its_weights_are_generated() -> None:
    target = target_from_text("cnn2202").build(SIGNAL, 10, 0)
    model = QuantumTrain(target, [PQCNN(9, 4, seed=0)] * 2, "mixing", seed=0)
    logits = model(torch.rand(3, *SIGNAL))
    assert logits.shape == (3, 10)
    logits.sum().backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
