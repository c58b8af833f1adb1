"""Max pooling without gradients: the same values, and torch's own wherever it is something else."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from qcnn import evaluate
from qcnn.training import pooling
from qcnn.training.pooling import PoolByMaximum


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Sides of the rectangles that were pooled by comparing images."""
    sides: list[tuple[int, int]] = []
    own = pooling._pool

    def pool(images: torch.Tensor, height: int, width: int) -> torch.Tensor:
        sides.append((height, width))
        return own(images, height, width)

    monkeypatch.setattr(pooling, "_pool", pool)
    return sides


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("side", [1, 2, 3, (2, 3), (5, 1)])
@pytest.mark.parametrize("size", [(5, 5), (8, 7), (13, 12)])
def test_values_are_those_of_torch(
    dtype: torch.dtype, channels_last: bool, side: Any, size: tuple[int, int], counted: list[Any]
) -> None:
    images = torch.randn(3, 2, *size).to(dtype)
    images[0, 0, 0, 0] = torch.nan
    images[1, 1, -1, -1] = -torch.inf
    if channels_last:
        images = images.to(memory_format=torch.channels_last)
    expected = functional.max_pool2d(images, side)
    with torch.no_grad(), PoolByMaximum():
        for found in (
            functional.max_pool2d(images, side),
            nn.MaxPool2d(side)(images),
            torch.max_pool2d(images, side),
        ):
            torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)
    assert len(counted) == 3


@pytest.mark.parametrize(
    "options",
    [{"stride": 1}, {"padding": 1}, {"dilation": 2}, {"ceil_mode": True}, {"stride": (2, 1)}],
)
def test_other_poolings_are_torch_s_own(options: dict[str, Any], counted: list[Any]) -> None:
    images = torch.randn(2, 3, 7, 7)
    expected = functional.max_pool2d(images, 2, **options)
    with torch.no_grad(), PoolByMaximum():
        assert torch.equal(functional.max_pool2d(images, 2, **options), expected)
        values, places = functional.max_pool2d(images, 2, return_indices=True)
        assert torch.equal(values.flatten(2), images.flatten(2).gather(2, places.flatten(2)))
        with pytest.raises(RuntimeError):
            functional.max_pool2d(images, 9)
    with PoolByMaximum():
        functional.max_pool2d(images.requires_grad_(), 2).sum().backward()
    assert images.grad is not None
    assert images.grad.sum() == 2 * 3 * 9
    assert not counted


def test_an_evaluation_pools_so(counted: list[Any]) -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 3))
    evaluate(network, torch.rand(4, 1, 8, 8), torch.tensor([0, 1, 2, 0]))
    assert counted == [(2, 2)]
