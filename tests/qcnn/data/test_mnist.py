import gzip
import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from stand_ins import SmallFiles

from qcnn.data import DataUnavailable, auto, digits, load_data
from qcnn.data._reading import files
from qcnn.data._reading.files import data_folder
from qcnn.data.mnist import load_mnist, mnist_at_hand, train_positions, validation_positions
from qcnn.errors import InvalidInput

needs_mnist = pytest.mark.skipif(
    not mnist_at_hand(), reason="MNIST is not in $QCNN_DATA_DIR or the user cache"
)

POSITIONS_HASHES = {
    "train": "6108f60f66722c014d4383e2cb2152b5c8bbf837e8641172f8a0da5335465272",
    "validation": "4d59e075a975551f6483980b2ba6af0b6d7abe83685a7728ba13acfc0755e77e",
}
HASHES = {
    "train": (
        "6a03d13c2dd38c02ac99454bf0322d0e1e6666f9ae01f561ad142b7236a413af",
        "feedafb02a96120a21bc785a38d71f569838aff12b53d78b4d95ea6c4ef5b370",
    ),
    "validation": (
        "cea2fbe5e3affaf3fa3c0e036f8b90b7d59f6a808f4a579571c17c3b2722fc43",
        "58290bd883f2e3353ab5a968922612685f100a9a56270f1627bf416db0ef0d75",
    ),
    "test": (
        "bc9f8f501f39b3ca61f899a2f402edf2024bde012b73223431b6bd735e47a165",
        "2fd8de6bdb8d11780b4b96dc57847bcfe6953f7c32aa48bfcd8237c3b7847243",
    ),
}
TRAIN_IMAGES = "train-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"


def sha256(values: np.ndarray) -> str:
    return hashlib.sha256(values.tobytes()).hexdigest()


def test_positions() -> None:
    train, validation = train_positions(), validation_positions()
    assert len(set(train.tolist())) == 6_000
    assert len(set(validation.tolist())) == 600
    assert not set(train.tolist()) & set(validation.tolist())
    assert train.min() >= 0
    assert train.max() < 60_000
    assert validation[:3].tolist() == [7769, 54033, 42903]


def test_positions_never_change() -> None:
    assert sha256(train_positions().astype("<i8")) == POSITIONS_HASHES["train"]
    assert sha256(validation_positions().astype("<i8")) == POSITIONS_HASHES["validation"]


@needs_mnist
def test_sizes() -> None:
    data = load_data("mnist")
    assert data.name == "mnist"
    assert data.classes == 10
    assert data.train_images.shape == (6_000, 1, 28, 28)
    assert data.validation_images.shape == (600, 1, 28, 28)
    assert data.test_images.shape == (10_000, 1, 28, 28)


@needs_mnist
@pytest.mark.parametrize("part", HASHES)
def test_the_split_never_changes(part: str) -> None:
    data = load_data("mnist")
    images, labels = getattr(data, f"{part}_images"), getattr(data, f"{part}_labels")
    assert (sha256(images.numpy()), sha256(labels.numpy())) == HASHES[part]


@needs_mnist
def test_classes_are_balanced() -> None:
    data = load_data("mnist")
    for labels in (data.train_labels, data.validation_labels, data.test_labels):
        frequencies = labels.bincount(minlength=10) / len(labels)
        assert frequencies.min() > 0.08
        assert frequencies.max() < 0.13


@pytest.mark.parametrize("compressed", [True, False])
def test_pixels_labels_and_positions_belong_together(
    small_mnist: SmallFiles, small_arrays: dict[str, np.ndarray], compressed: bool
) -> None:
    small_mnist.store(small_mnist.data_folder, compressed=compressed)
    data = load_mnist()
    for part, positions in (("train", train_positions()), ("validation", validation_positions())):
        pixels = small_arrays["train_images"][positions, None] / 255
        assert np.array_equal(getattr(data, f"{part}_images"), pixels.astype(np.float32))
        expected = small_arrays["train_labels"][positions]
        assert np.array_equal(getattr(data, f"{part}_labels"), expected)
    assert torch.equal(
        data.test_images, torch.from_numpy(small_arrays["test_images"][:, None] / 255).float()
    )
    assert np.array_equal(data.test_labels, small_arrays["test_labels"])


def test_the_cache_is_looked_up_too(small_mnist: SmallFiles) -> None:
    assert not mnist_at_hand()
    small_mnist.store(small_mnist.cache_folder)
    assert mnist_at_hand()
    assert load_mnist().name == "mnist"


def test_without_a_data_folder(small_mnist: SmallFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    small_mnist.store(small_mnist.cache_folder)
    monkeypatch.setenv("QCNN_DATA_DIR", "")
    assert data_folder() is None
    assert mnist_at_hand()
    monkeypatch.delenv("QCNN_DATA_DIR")
    assert mnist_at_hand()


@pytest.mark.usefixtures("auto_without_cache")
@pytest.mark.parametrize("value", ["~no-such-user/x", "x" * 5000, "FILE", "FILE/below"])
def test_a_data_folder_that_cannot_be(
    small_mnist: SmallFiles, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    small_mnist.store(small_mnist.cache_folder)
    (tmp_path / "FILE").write_text("")
    monkeypatch.setenv("QCNN_DATA_DIR", value.replace("FILE", str(tmp_path / "FILE")))
    for load in (load_mnist, auto.load_auto, mnist_at_hand):
        with pytest.raises(InvalidInput, match="QCNN_DATA_DIR is '.*; allowed is a folder") as got:
            load()
        assert not isinstance(got.value, DataUnavailable)
        assert len(str(got.value)) < 250


def test_no_more_is_read_of_a_published_file_than_it_can_have(
    small_mnist: SmallFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_mnist.store(small_mnist.data_folder)
    monkeypatch.setattr(files, "LARGEST_PUBLISHED", 2**20)
    packed = gzip.compress(small_mnist.contents[TEST_LABELS] + bytes(2**26))
    (small_mnist.data_folder / f"{TEST_LABELS}.gz").write_bytes(packed)
    tracemalloc.start()
    try:
        with pytest.raises(InvalidInput, match=f"{TEST_LABELS}.gz' has the SHA-256"):
            load_mnist()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2**24


def test_the_data_folder_comes_before_the_cache(small_mnist: SmallFiles) -> None:
    small_mnist.store(small_mnist.data_folder)
    small_mnist.store(small_mnist.cache_folder)
    (small_mnist.cache_folder / f"{TEST_LABELS}.gz").write_bytes(b"wrong")
    assert load_mnist().name == "mnist"
    (small_mnist.data_folder / f"{TEST_LABELS}.gz").write_bytes(b"wrong")
    with pytest.raises(InvalidInput, match=str(small_mnist.data_folder / TEST_LABELS)):
        load_mnist()


def test_one_missing_file_is_not_at_hand(small_mnist: SmallFiles) -> None:
    small_mnist.store(small_mnist.data_folder)
    (small_mnist.data_folder / f"{TEST_LABELS}.gz").unlink()
    assert not mnist_at_hand()
    with pytest.raises(DataUnavailable, match=TEST_LABELS):
        load_mnist()


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("folder", ["data_folder", "cache_folder"])
def test_wrong_content_names_file_and_both_hashes(
    small_mnist: SmallFiles, folder: str, compressed: bool
) -> None:
    stored = getattr(small_mnist, folder)
    small_mnist.store(stored, compressed=compressed)
    right = small_mnist.contents[TRAIN_IMAGES]
    wrong = right[:-1] + bytes([right[-1] ^ 1])
    path = stored / (f"{TRAIN_IMAGES}.gz" if compressed else TRAIN_IMAGES)
    path.write_bytes(gzip.compress(wrong, 1) if compressed else wrong)
    with pytest.raises(InvalidInput) as caught:
        load_mnist()
    assert not isinstance(caught.value, DataUnavailable)
    for words in (
        str(path),
        f" {hashlib.sha256(wrong).hexdigest()[:12]}…",
        f" {hashlib.sha256(right).hexdigest()[:12]}…",
    ):
        assert words in str(caught.value)


def test_truncated_gzip(small_mnist: SmallFiles) -> None:
    small_mnist.store(small_mnist.data_folder)
    path = small_mnist.data_folder / f"{TRAIN_IMAGES}.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InvalidInput, match=f"{path}' is a damaged or truncated gzip") as caught:
        load_mnist()
    assert not isinstance(caught.value, DataUnavailable)


@pytest.fixture
def auto_without_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    loaders = {"mnist": load_mnist, "digits": digits.load_digits}
    monkeypatch.setattr(auto, "load_data", lambda name: loaders[name]())


@pytest.mark.usefixtures("auto_without_cache")
def test_auto_takes_mnist_at_hand(small_mnist: SmallFiles) -> None:
    small_mnist.store(small_mnist.data_folder)
    assert auto.load_auto().name == "mnist"


@pytest.mark.usefixtures("auto_without_cache", "small_mnist")
def test_auto_takes_digits_otherwise() -> None:
    assert auto.load_auto().name == "digits"


@pytest.mark.usefixtures("auto_without_cache")
def test_auto_does_not_pass_over_a_wrong_file(small_mnist: SmallFiles) -> None:
    small_mnist.data_folder.mkdir()
    (small_mnist.data_folder / TEST_LABELS).write_bytes(b"wrong")
    with pytest.raises(InvalidInput, match="SHA-256"):
        auto.load_auto()
