"""The command that makes the pre-trained weights, at a shorter length."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from qcnn import TrainConfig, evaluate, load_data, train
from qcnn.data._official import read_official
from qcnn.data.mnist import mnist_at_hand, validation_positions
from qcnn.keeping.checkpoint import read_checkpoint
from qcnn.targets.pretrained import ARCHITECTURE, PRETRAINED_FILE
from qcnn.training.pretraining import CONFIG, training_images, write_pretrained

needs_mnist = pytest.mark.skipif(
    not mnist_at_hand(), reason="MNIST is not in $QCNN_DATA_DIR or the user cache"
)
SHORT = TrainConfig(epochs=1, batch_size=100, learning_rate=0.003)


def test_what_is_written_is_what_was_trained_in_half_precision(tmp_path: Path) -> None:
    digits = load_data("digits")
    data = replace(
        digits,
        train_images=torch.nn.functional.interpolate(digits.train_images[:200], (28, 28)),
        train_labels=digits.train_labels[:200],
        validation_images=torch.nn.functional.interpolate(digits.validation_images, (28, 28)),
        test_images=torch.nn.functional.interpolate(digits.test_images, (28, 28)),
    )
    for name in ("first", "again"):
        write_pretrained(tmp_path / name, data, SHORT)
    weights, facts = read_checkpoint(tmp_path / "first")
    again, _ = read_checkpoint(tmp_path / "again")
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert all(value.dtype == torch.float16 for value in weights.values())
    start = ARCHITECTURE.build(seed=SHORT.seed).state_dict()
    assert weights.keys() == start.keys()
    assert all(not torch.equal(weights[name].float(), start[name]) for name in start)
    assert (facts["training images"], facts["training"]["epochs"]) == (200, 1)


@needs_mnist
def test_it_sees_all_training_images_but_those_for_validation() -> None:
    data = training_images()
    official = read_official("mnist")
    left = np.delete(official.train_images, validation_positions(), axis=0)
    assert len(data.train_images) == len(left) == 59_400
    assert torch.equal(data.train_images[::1000, 0] * 255, torch.tensor(left[::1000]).float())


@needs_mnist
@pytest.mark.slow
def test_a_short_training_comes_near_the_stored_network() -> None:
    data = training_images()
    network = ARCHITECTURE.build(seed=1)
    stored, facts = read_checkpoint(PRETRAINED_FILE)
    assert facts["training"] == {**vars(CONFIG)}
    train(network, data, replace(CONFIG, epochs=1))
    short = evaluate(network, data.test_images, data.test_labels).accuracy
    network.load_state_dict({name: value.float() for name, value in stored.items()})
    assert short > evaluate(network, data.test_images, data.test_labels).accuracy - 0.02
