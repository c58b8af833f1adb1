"""Evaluation: means over whole splits, the earliest best epoch, nothing of the model changed."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from qcnn import Data, Evaluation, TrainConfig, evaluate, train


@pytest.mark.parametrize("count", [1, 499, 500, 501, 1203])
def test_loss_and_accuracy_are_means_over_all_images(count: int) -> None:
    """A last batch that is smaller weighs by its images."""
    random = torch.Generator().manual_seed(count)
    images = torch.randn(count, 1, 2, 2, generator=random)
    labels = torch.randint(3, (count,), generator=random)
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    found = evaluate(network, images, labels)
    logits = network(images)
    assert found.loss == pytest.approx(cross_entropy(logits, labels).item(), rel=1e-5)
    assert found.accuracy == int((logits.argmax(1) == labels).sum()) / count


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_as_before(training: bool) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 3)).train(training)
    images, labels = torch.ones(8, 1, 2, 2), torch.zeros(8, dtype=torch.long)
    first = evaluate(network, images, labels)
    assert network.training is training
    assert network[1].training is training
    assert evaluate(network, images, labels) == first  # without dropout


class Told(nn.Module):
    """A network that is right on a given number of the ten validation images, by epoch."""

    def __init__(self, right: tuple[int, ...]) -> None:
        super().__init__()
        self.number = nn.Parameter(torch.zeros(()))
        self.register_buffer("steps", torch.zeros(()))
        self.right = right

    def forward(self, images: Tensor) -> Tensor:
        if self.training:
            self.steps += 1
            return self.number.expand(len(images), 2)
        right = self.right[int(self.steps) - 1] if len(images) == 10 else 0
        logits = torch.zeros(len(images), 2)
        logits[:right, 0] = 1.0
        logits[right:, 1] = 1.0
        return logits


def test_the_best_epoch_is_the_earliest_of_equal_ones_by_validation() -> None:
    sizes = (4, 10, 7)
    parts = [(torch.zeros(n, 1, 1, 1), torch.zeros(n, dtype=torch.long)) for n in sizes]
    data = Data("told", *(tensor for part in parts for tensor in part), classes=2)
    model = Told((3, 8, 5, 8, 2))
    result = train(model, data, TrainConfig(epochs=5, batch_size=4))
    accuracies = [record.validation.accuracy for record in result.history]
    assert accuracies == [0.3, 0.8, 0.5, 0.8, 0.2]
    assert (result.best.epoch, result.best.validation.accuracy) == (2, 0.8)
    assert result.best_weights["steps"] == 2
    assert result.last.epoch == 5
    # Every image of every split that training may see; none of the test split's seven.
    assert isinstance(result.last.train, Evaluation)
    assert result.last.train.accuracy == 0.0
