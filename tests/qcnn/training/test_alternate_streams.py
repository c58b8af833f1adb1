"""Which images each part of the alternation sees, from streams of their own."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

import qcnn.training.alternate
from qcnn import PQCNN, AlternatingConfig, Data, QuantumTrain, train_alternating
from qcnn.seeds import derive

IMAGES, VALIDATION = 50, 9
SEED = 5
CONFIG = AlternatingConfig(
    rounds=2, adam_epochs=2, batch_size=16, evaluations=60, phase_batch_size=20, seed=SEED
)


def numbers_of(images: Tensor) -> list[int]:
    return (100 * images[:, 0, 0, 0]).round().long().tolist()


class Numbered(nn.Module):
    """Notes the number that each training image holds."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)
        self.seen: list[list[int]] = []

    def forward(self, images: Tensor) -> Tensor:
        if self.training:
            self.seen.append(numbers_of(images))
        logits: Tensor = self.linear(images.flatten(1))
        return logits


@pytest.fixture
def data() -> Data:
    """Each image holds a hundredth of its number; validation and test images have others."""
    starts = {0: IMAGES, 60: VALIDATION, 80: 7}
    parts = [
        ((torch.arange(start, start + n) / 100).view(n, 1, 1, 1).expand(n, 1, 2, 2), torch.zeros(n))
        for start, n in starts.items()
    ]
    return Data("numbers", *(t for x, y in parts for t in (x, y.long())), classes=3)


def orders(purpose: str) -> Iterator[list[int]]:
    """The random orders of the training images that a stream gives, one after another."""
    stream = torch.Generator().manual_seed(derive(SEED, purpose))
    while True:
        yield torch.randperm(IMAGES, generator=stream).tolist()


def test_adam_and_cobyla_draw_training_images_from_streams_of_their_own(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[list[int]] = []

    def note(_: nn.Module, __: object, images: Tensor, labels: Tensor, **options: object) -> None:
        batches.append(numbers_of(images))
        assert len(labels) == len(images)
        assert (options["evaluations"], options["trust_radius"]) == (60, 1.0)
        assert options["epoch"] == 2 * len(batches)

    monkeypatch.setattr(qcnn.training.alternate, "fit_phases", note)
    target = Numbered()
    model = QuantumTrain(target, [PQCNN(4, 2, seed=0), PQCNN(3, 1, seed=1)], "affine", seed=0)
    train_alternating(model, data, CONFIG)
    seen = model.target.seen
    of_adam = orders("data order")
    expected = []
    for _ in range(4):
        order = next(of_adam)
        expected += [order[start : start + 16] for start in range(0, IMAGES, 16)]
    assert seen == expected
    of_cobyla = orders("phase batches")
    assert batches == [next(of_cobyla)[:20], next(of_cobyla)[:20]]
