import socket
from collections.abc import Callable
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
from merlin.datasets import mnist_digits
from stand_ins import SmallFiles

from qcnn.data import DataUnavailable
from qcnn.data.mnist import load_mnist, train_positions, validation_positions
from qcnn.data.quest import load_quest
from qcnn.errors import InvalidInput

Arrays = tuple[np.ndarray, np.ndarray]


def offer(monkeypatch: pytest.MonkeyPatch, train: Arrays, validation: Arrays) -> None:
    """Let MerLin's loaders return these arrays."""
    for name, (images, labels) in (
        ("get_data_train_percevalquest", train),
        ("get_data_test_percevalquest", validation),
    ):
        monkeypatch.setattr(mnist_digits, name, reporting(images, labels))


def reporting(images: np.ndarray, labels: np.ndarray) -> Callable[[], tuple[Any, ...]]:
    def load() -> tuple[Any, ...]:
        print("Downloading")
        return images, labels, None

    return load


@pytest.fixture
def quest_arrays(
    small_mnist: SmallFiles, small_arrays: dict[str, np.ndarray]
) -> tuple[Arrays, Arrays]:
    """What MerLin returns: float64 images from 0 to 1 and int64 labels."""
    small_mnist.store(small_mnist.data_folder)
    images, labels = small_arrays["train_images"] / 255, small_arrays["train_labels"]
    train, validation = train_positions()[::-1], validation_positions()
    return (
        (images[train], labels[train].astype(np.int64)),
        (images[validation], labels[validation].astype(np.int64)),
    )


def test_the_quest_and_the_official_test_set(
    quest_arrays: tuple[Arrays, Arrays],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    offer(monkeypatch, *quest_arrays)
    data, mnist = load_quest(), load_mnist()
    assert data.name == "perceval-quest"
    assert data.train_images.equal(mnist.train_images.flip(0))
    assert data.train_labels.equal(mnist.train_labels.flip(0))
    assert data.validation_images.equal(mnist.validation_images)
    assert data.validation_labels.equal(mnist.validation_labels)
    assert data.test_images.equal(mnist.test_images)
    assert data.test_labels.equal(mnist.test_labels)
    assert capsys.readouterr() == ("", "Downloading\nDownloading\n")
    assert socket.getdefaulttimeout() is None


def test_other_validation_images(
    quest_arrays: tuple[Arrays, Arrays], monkeypatch: pytest.MonkeyPatch
) -> None:
    train, (images, labels) = quest_arrays
    images = images.astype(np.float32)
    images[-1, 0, 0] = np.nextafter(images[-1, 0, 0], np.float32(0.5))
    offer(monkeypatch, train, (images, labels))
    with pytest.raises(InvalidInput, match="other validation images than the dataset mnist"):
        load_quest()


def test_other_validation_labels(
    quest_arrays: tuple[Arrays, Arrays], monkeypatch: pytest.MonkeyPatch
) -> None:
    train, (images, labels) = quest_arrays
    labels[7] = (labels[7] + 1) % 10
    offer(monkeypatch, train, (images, labels))
    with pytest.raises(InvalidInput, match="other validation labels than the dataset mnist"):
        load_quest()


def test_incomplete_tables(
    quest_arrays: tuple[Arrays, Arrays], monkeypatch: pytest.MonkeyPatch
) -> None:
    train, validation = quest_arrays
    offer(monkeypatch, (train[0][:-1], train[1][:-1]), validation)
    with pytest.raises(InvalidInput, match="has 5999 training images instead of 6000; allowed is"):
        load_quest()
    offer(monkeypatch, train, (validation[0][:-1], validation[1][:-1]))
    with pytest.raises(InvalidInput, match="has 599 validation images instead of 600"):
        load_quest()


@pytest.mark.usefixtures("quest_arrays")
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (URLError("no network"), DataUnavailable),
        (TimeoutError(), DataUnavailable),
        (PermissionError(), DataUnavailable),
        (SyntaxError("a row cut short"), InvalidInput),
        (ValueError("could not be read"), InvalidInput),
        (KeyError("image"), InvalidInput),
    ],
)
def test_faults_of_the_loader(
    fault: Exception, kind: type[InvalidInput], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        assert socket.getdefaulttimeout() == 30
        raise fault

    monkeypatch.setattr(mnist_digits, "get_data_train_percevalquest", fail)
    with pytest.raises(InvalidInput, match=type(fault).__name__) as caught:
        load_quest()
    assert type(caught.value) is kind
    assert socket.getdefaulttimeout() is None


@pytest.mark.usefixtures("small_mnist")
def test_without_mnist_there_is_no_test_set() -> None:
    with pytest.raises(DataUnavailable, match="mnist"):
        load_quest()
