"""Fashion-MNIST, and whose files those of the official names are."""

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from stand_ins import FileServer, SmallFiles

from qcnn.data import DataUnavailable, auto, load_data
from qcnn.data._official import FASHION_MNIST, MNIST, OFFICIAL
from qcnn.data.digits import load_digits
from qcnn.data.fashion_mnist import SPLIT, fashion_mnist_at_hand, load_fashion_mnist
from qcnn.data.mnist import load_mnist, mnist_at_hand
from qcnn.errors import InvalidInput

needs_fashion_mnist = pytest.mark.skipif(
    not fashion_mnist_at_hand(), reason="Fashion-MNIST is not in $QCNN_DATA_DIR or the user cache"
)

SIZES = {"train": 6_000, "validation": 600, "test": 10_000}
HASHES = {
    "train": (
        "edbb5e6f640b44e5b5c8fe1e6546702f1a022fc68957c5fb233ed04d9b7e58d1",
        "5e7091877d05c936978c39c9dc97143a0eb86d31f9e22f99bf66cd1b7b01f833",
    ),
    "validation": (
        "a4933da2fac3cab9785712326ccebcd0955327358eb7d629f6b6186768be161f",
        "96317eae0f66323f629667088c39bed20f5274e4309ba3f9f9d92b993087596a",
    ),
    "test": (
        "0c0f08b9d95e81a9c662a7e200cbb82a22e7669e3a79c4e861585d1dbf736efd",
        "d51d859896c55775b9e9e219b77ff03bcec1b6ac322f313544dc3f9e7bc94fae",
    ),
}
#: Of the positions, if the labels went 0, 1, …, 9, 0, 1, …
POSITIONS_HASHES = (
    "8cb4a74b828766e1c779e84b4c85724b14a3089c0b5173f47e90ed3aecba6042",
    "7adc4739aa28e4ce41f3d98e46a4b18d928da8ab9d8ebc5a194662465384fea8",
)
TRAIN_IMAGES = "train-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
#: Where files may lie; only in the first may those of other datasets lie, too.
PLACES = ["$QCNN_DATA_DIR", "$QCNN_DATA_DIR/NAME", "cache"]


def folder(place: str, small: SmallFiles) -> Path:
    if place == "cache":
        return small.cache_folder
    return Path(place.replace("$QCNN_DATA_DIR", str(small.data_folder)).replace("NAME", small.name))


def sha256(values: np.ndarray) -> str:
    return hashlib.sha256(values.tobytes()).hexdigest()


@needs_fashion_mnist
@pytest.mark.parametrize("part", SIZES)
def test_sizes_and_classes(part: str) -> None:
    data = load_data("fashion-mnist")
    assert (data.name, data.classes) == ("fashion-mnist", 10)
    images, labels = getattr(data, f"{part}_images"), getattr(data, f"{part}_labels")
    assert images.shape == (SIZES[part], 1, 28, 28)
    assert labels.bincount().tolist() == [SIZES[part] // 10] * 10


@needs_fashion_mnist
@pytest.mark.parametrize("part", SIZES)
def test_the_split_never_changes(part: str) -> None:
    data = load_data("fashion-mnist")
    images, labels = getattr(data, f"{part}_images"), getattr(data, f"{part}_labels")
    assert (sha256(images.numpy()), sha256(labels.numpy())) == HASHES[part]


@needs_fashion_mnist
def test_no_image_is_in_two_parts() -> None:
    """By its pixels: of the official images no two are alike."""
    data = load_data("fashion-mnist")
    images = torch.cat([data.train_images, data.validation_images, data.test_images])
    assert len({image.numpy().tobytes() for image in images}) == sum(SIZES.values())


def test_the_split_is_one_draw_from_the_official_training_set(
    small_fashion_arrays: dict[str, np.ndarray],
) -> None:
    labels = small_fashion_arrays["train_labels"]
    train, validation, test = SPLIT.positions(labels)
    assert [len(train), len(validation), len(test)] == [6_000, 600, 0]
    assert len(set(train) | set(validation)) == 6_600
    for positions in (train, validation):
        assert np.bincount(labels[positions]).tolist() == [len(positions) // 10] * 10


def test_the_draw_is_fixed() -> None:
    parts = SPLIT.positions(np.arange(60_000) % 10)[:2]
    assert tuple(sha256(positions.astype("<i8")) for positions in parts) == POSITIONS_HASHES


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("compressed", [True, False])
def test_pixels_labels_and_positions_belong_together(
    small_fashion: SmallFiles,
    small_fashion_arrays: dict[str, np.ndarray],
    place: str,
    compressed: bool,
) -> None:
    assert not fashion_mnist_at_hand()
    small_fashion.store(folder(place, small_fashion), compressed=compressed)
    assert fashion_mnist_at_hand()
    data, arrays = load_fashion_mnist(), small_fashion_arrays
    train, validation, _ = SPLIT.positions(arrays["train_labels"])
    for part, positions in (("train", train), ("validation", validation)):
        pixels = arrays["train_images"][positions, None] / 255
        assert np.array_equal(getattr(data, f"{part}_images"), pixels.astype(np.float32))
        assert np.array_equal(getattr(data, f"{part}_labels"), arrays["train_labels"][positions])
    pixels = arrays["test_images"][:, None] / 255
    assert np.array_equal(data.test_images, pixels.astype(np.float32))
    assert np.array_equal(data.test_labels, arrays["test_labels"])


@pytest.mark.parametrize("place", PLACES)
def test_wrong_content_is_refused_wherever_it_is(small_fashion: SmallFiles, place: str) -> None:
    stored = folder(place, small_fashion)
    small_fashion.store(stored)
    right = small_fashion.contents[TEST_LABELS]
    wrong = right[:-1] + bytes([right[-1] ^ 1])
    path = stored / f"{TEST_LABELS}.gz"
    path.write_bytes(gzip.compress(wrong))
    for ask in (load_fashion_mnist, fashion_mnist_at_hand):
        with pytest.raises(InvalidInput) as caught:
            ask()
        assert not isinstance(caught.value, DataUnavailable)
        assert str(caught.value) == (
            f"'{path}' has the SHA-256 {hashlib.sha256(wrong).hexdigest()[:12]}… when "
            f"uncompressed; allowed is {hashlib.sha256(right).hexdigest()[:12]}… (delete or "
            "replace the file)"
        )


def test_mnists_files_are_not_taken_for_fashion_mnist(
    small_mnist: SmallFiles, small_fashion: SmallFiles
) -> None:
    small_mnist.store(small_mnist.data_folder)
    assert mnist_at_hand()
    assert not fashion_mnist_at_hand()
    with pytest.raises(DataUnavailable, match="dataset fashion-mnist is not available") as caught:
        load_fashion_mnist()
    right = hashlib.sha256(small_fashion.contents[TRAIN_IMAGES]).hexdigest()
    assert f"as its {TRAIN_IMAGES} (SHA-256 {right[:12]}…) was neither in" in str(caught.value)


@pytest.mark.usefixtures("small_mnist")
def test_fashion_mnists_files_are_not_taken_for_mnist(small_fashion: SmallFiles) -> None:
    small_fashion.store(small_fashion.data_folder)
    assert fashion_mnist_at_hand()
    assert not mnist_at_hand()
    with pytest.raises(DataUnavailable, match="dataset mnist is not available"):
        load_mnist()


@pytest.mark.parametrize("place", PLACES[1:])
def test_in_a_folder_of_its_own_another_datasets_file_is_wrong(
    small_mnist: SmallFiles, small_fashion: SmallFiles, place: str
) -> None:
    stored = folder(place, small_fashion)
    small_mnist.store(stored)
    with pytest.raises(InvalidInput, match=f"^'{stored / TRAIN_IMAGES}.gz' has the SHA-256"):
        load_fashion_mnist()


@pytest.mark.parametrize("mnists", PLACES[:2])
def test_both_are_found_in_one_folder(
    small_mnist: SmallFiles, small_fashion: SmallFiles, mnists: str
) -> None:
    """Each in a folder of its name, or MNIST's files beside that of the other."""
    small_fashion.store(folder("$QCNN_DATA_DIR/NAME", small_fashion))
    small_mnist.store(folder(mnists, small_mnist))
    mnist, fashion = load_mnist(), load_fashion_mnist()
    assert (mnist.name, fashion.name) == ("mnist", "fashion-mnist")
    assert torch.equal(mnist.test_images, fashion.test_images.flip(0))
    assert not torch.equal(mnist.test_images, fashion.test_images)


def test_a_packed_file_of_one_beside_an_unpacked_one_of_the_other(
    small_mnist: SmallFiles, small_fashion: SmallFiles
) -> None:
    small_mnist.store(small_mnist.data_folder)
    small_fashion.store(small_fashion.data_folder, compressed=False)
    assert mnist_at_hand()
    assert fashion_mnist_at_hand()
    assert torch.equal(load_mnist().test_images, load_fashion_mnist().test_images.flip(0))


def test_beside_mnists_files_it_is_downloaded_into_a_cache_of_its_own(
    small_mnist: SmallFiles,
    small_fashion: SmallFiles,
    file_server: FileServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small_mnist.store(small_mnist.data_folder)
    # The first mirror has MNIST's files, under the same names.
    addresses = (
        file_server.offer("mnist", small_mnist.contents),
        file_server.offer("fashion", small_fashion.contents),
    )
    offered = replace(OFFICIAL["fashion-mnist"], mirrors=addresses)
    monkeypatch.setitem(OFFICIAL, "fashion-mnist", offered)
    assert load_fashion_mnist().name == "fashion-mnist"
    assert len(file_server.asked) == 8
    assert fashion_mnist_at_hand()
    assert sorted(path.name for path in small_fashion.cache_folder.iterdir()) == sorted(
        f"{name}.gz" for name in small_fashion.contents
    )
    assert not small_mnist.cache_folder.exists()


@pytest.mark.usefixtures("small_mnist")
def test_auto_never_takes_it(small_fashion: SmallFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    small_fashion.store(small_fashion.data_folder)
    loaders = {"mnist": load_mnist, "digits": load_digits}
    monkeypatch.setattr(auto, "load_data", lambda name: loaders[name]())
    assert auto.load_auto().name == "digits"


def test_every_official_file_is_of_one_dataset_and_part() -> None:
    files = [file for official in OFFICIAL.values() for file in official.files.values()]
    assert len({file.sha256 for file in files}) == len(files) == 8
    assert all(len(bytes.fromhex(file.sha256)) == 32 for file in files)
    names = [[file.name for file in official.files.values()] for official in (MNIST, FASHION_MNIST)]
    assert names[0] == names[1]
    assert len(set(names[0])) == 4
    assert list(OFFICIAL) == ["mnist", "fashion-mnist"]
