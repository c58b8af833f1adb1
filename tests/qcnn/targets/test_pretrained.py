"""The network that has learned MNIST: its file, its accuracy, and what of it is trained."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import nn

import qcnn.targets.pretrained as pretrained
from qcnn import InvalidInput, count_parameters, evaluate, load_data, target_from_text
from qcnn.data.mnist import mnist_at_hand
from qcnn.targets.pretrained import PRETRAINED_FILE, FrozenLayer, Pretrained

needs_mnist = pytest.mark.skipif(
    not mnist_at_hand(), reason="MNIST is not in $QCNN_DATA_DIR or the user cache"
)


@needs_mnist
def test_it_has_learned_mnist() -> None:
    data = load_data("mnist")
    found = evaluate(Pretrained().build(), data.test_images, data.test_labels)
    assert 0.98 < found.accuracy < 0.995


def test_its_file_is_small_and_says_how_it_came() -> None:
    assert PRETRAINED_FILE.stat().st_size < 300_000
    with safe_open(PRETRAINED_FILE, framework="pt") as file:
        facts = json.loads(file.metadata()["facts"])
    assert (facts["dataset"], facts["training images"]) == ("mnist", 59_400)


def test_it_is_the_same_one_for_every_seed() -> None:
    first, other = (Pretrained().build(seed=seed).state_dict() for seed in (1, 2))
    assert all(torch.equal(value, other[name]) for name, value in first.items())


def test_a_network_does_not_share_its_weights_with_another() -> None:
    first = Pretrained().build()
    with torch.no_grad():
        for value in first.parameters():
            value.zero_()
    assert all(bool(value.any()) for value in Pretrained().build().parameters())


@pytest.mark.parametrize(("trained", "count"), [("all", 56_834), ("output", 2_010)])
def test_counts(trained: str, count: int) -> None:
    target = Pretrained(trained)
    network = target.build()
    assert count_parameters(network).total == target.count_weights((1, 28, 28), 10) == count
    assert all(value.requires_grad for value in network.parameters())
    fewer = count_parameters(target.build(classes=3)).total
    assert fewer == target.count_weights((1, 28, 28), 3) == count - 7 * 201


def test_frozen_layers_compute_what_they_did() -> None:
    images = torch.rand(5, 1, 28, 28)
    logits = Pretrained().build()(images)
    torch.testing.assert_close(Pretrained("output").build()(images), logits)
    torch.testing.assert_close(Pretrained().build(classes=3)(images), logits[:, :3])
    for layer in (nn.Conv2d(2, 3, 3, bias=False), nn.Linear(4, 2)):
        inputs = torch.rand(2, 2, 4, 4)
        assert torch.equal(FrozenLayer(layer)(inputs), layer(inputs))


def test_images_of_another_size_are_scaled() -> None:
    images = torch.rand(5, 1, 8, 8)
    scaled = nn.functional.interpolate(images, (28, 28), mode="bilinear")
    expected = Pretrained().build()(scaled)
    assert torch.equal(Pretrained().build((1, 8, 8))(images), expected)


@pytest.mark.parametrize(
    ("shape", "classes", "sentence"),
    [
        ((3, 28, 28), 10, "image_shape is (3, 28, 28); allowed with pre-trained weights is 1"),
        ((1, 28, 28), 11, "classes is 11; allowed are whole numbers from 1 to 10"),
    ],
)
@pytest.mark.parametrize("text", ["pretrained", "adapter"])
def test_what_it_cannot_be_adapted_to_is_refused(
    text: str, shape: tuple[int, int, int], classes: int, sentence: str
) -> None:
    target = target_from_text(text)
    for ask in (target.build, target.count_weights):
        with pytest.raises(InvalidInput) as caught:
            ask(shape, classes)
        assert str(caught.value).startswith(sentence)


def test_other_options_are_refused() -> None:
    with pytest.raises(InvalidInput, match="trained is 'none'; allowed are all, output"):
        target_from_text("pretrained:trained=none")


def test_a_damaged_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = Path(shutil.copy(PRETRAINED_FILE, tmp_path))
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    monkeypatch.setattr(pretrained, "PRETRAINED_FILE", damaged)
    with pytest.raises(InvalidInput, match="the file of the pre-trained weights .* is damaged"):
        pretrained.pretrained_weights.__wrapped__()
