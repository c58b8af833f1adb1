import dataclasses
import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from qcnn.data import CountSplit, Data, IndexSplit, from_arrays
from qcnn.errors import InvalidInput

IMAGES = np.arange(6 * 2 * 3, dtype=np.uint8).reshape(6, 2, 3)
LABELS = np.array([0, 1, 2, 0, 1, 2])
SPLIT = IndexSplit([4, 0], [1, 2], [5, 3])


def make(**changes: Any) -> Data:
    arguments = {"images": IMAGES, "labels": LABELS, "classes": 3, "split": SPLIT} | changes
    return from_arrays("small", **arguments)


def numbered(count: int, labels: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Images that each hold their own position, divided by the number of images."""
    images = (np.arange(count) / count).reshape(count, 1, 1)
    return images, np.zeros(count, dtype=np.int64) if labels is None else labels


def positions(images: torch.Tensor, count: int) -> list[int]:
    return torch.round(images.flatten() * count).int().tolist()


def test_bytes_become_fractions_with_a_channel() -> None:
    data = make()
    assert data.name == "small"
    assert data.classes == 3
    assert data.image_shape == (1, 2, 3)
    assert data.train_images.dtype == torch.float32
    assert data.train_images.shape == (2, 1, 2, 3)
    expected = IMAGES[[4, 0], None].astype(np.float64) / 255
    assert np.array_equal(data.train_images.numpy(), expected.astype(np.float32))
    assert data.train_labels.dtype == torch.int64
    assert data.train_labels.tolist() == [1, 0]
    assert data.validation_labels.tolist() == [1, 2]
    assert data.test_labels.tolist() == [2, 0]


def test_floats_are_kept() -> None:
    floats = np.linspace(0, 1, IMAGES.size).reshape(IMAGES.shape)
    assert torch.equal(
        make(images=floats).validation_images[:, 0], torch.from_numpy(floats[1:3]).float()
    )


def test_tensors_and_channels() -> None:
    tensors = torch.from_numpy(IMAGES).reshape(6, 3, 1, 2)
    data = make(images=tensors, labels=torch.from_numpy(LABELS))
    assert data.image_shape == (3, 1, 2)
    assert torch.equal(data.train_images.flatten(), make().train_images.flatten())


def test_separate_test_set() -> None:
    test = (np.full((2, 2, 3), 255, dtype=np.uint8), np.array([2, 2], dtype=np.uint8))
    data = make(split=IndexSplit([0], [1]), test=test)
    assert data.test_images.min() == 1
    assert data.test_labels.tolist() == [2, 2]


def test_the_arrays_are_copied() -> None:
    floats = np.zeros((6, 1, 2, 3), dtype=np.float32)
    data = make(images=floats, split=IndexSplit([0], [1]), test=(floats, LABELS))
    floats += 1
    assert data.test_images.max() == 0
    assert data.train_images.max() == 0


def test_every_array_is_copied_and_none_is_changed() -> None:
    random = np.random.default_rng(0)
    for kind in (np.uint8, np.float16, np.float32, np.float64):
        images = (random.random((6, 1, 2, 3)) * (255 if kind is np.uint8 else 1)).astype(kind)
        for given_ in (images, torch.from_numpy(images)):
            before = images.copy()
            data = make(images=given_, split=IndexSplit([0], [1]), test=(given_, LABELS))
            kept = [part.clone() for part in (data.train_images, data.test_images)]
            data.test_images.zero_()
            assert np.array_equal(images, before)
            data = make(images=given_, split=IndexSplit([0], [1]), test=(given_, LABELS))
            images[:] = 0
            assert torch.equal(data.train_images, kept[0])
            assert torch.equal(data.test_images, kept[1])
            images[:] = before


def test_shapes_that_could_be_channels_in_front_are_taken() -> None:
    for shape in ((3, 5, 5), (1, 28, 28), (3, 5, 3), (4, 4, 4), (5, 4, 3), (12, 12, 12)):
        assert make(images=np.zeros((6, *shape))).image_shape == shape


def test_tensors_that_numpy_reads_only_after_a_change_are_taken() -> None:
    images = torch.from_numpy(IMAGES / 255).to(torch.complex64).conj()
    data = make(images=(images * 1j).imag)
    assert torch.equal(data.train_images, make().train_images)


@settings(max_examples=200)
@given(st.data(), st.booleans(), st.integers(0, 2**32))
def test_counted_splits_are_disjoint_and_of_the_sizes_asked_for(
    draw: st.DataObject, stratified: bool, seed: int
) -> None:
    count = draw.draw(st.integers(3, 60))
    train = draw.draw(st.integers(1, count - 2))
    validation = draw.draw(st.integers(1, count - train - 1))
    test = draw.draw(st.integers(1, count - train - validation))
    labels = np.array(draw.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)))
    split = CountSplit(train, validation, seed, test=test, stratified=stratified)
    images, _ = numbered(count)
    data = from_arrays("numbered", images, labels, classes=4, split=split)
    parts = [
        positions(part, count)
        for part in (data.train_images, data.validation_images, data.test_images)
    ]
    assert [len(part) for part in parts] == [train, validation, test]
    used = [position for part in parts for position in part]
    assert len(set(used)) == len(used)
    assert data.train_labels.tolist() == labels[parts[0]].tolist()
    assert data.validation_labels.tolist() == labels[parts[1]].tolist()
    assert data.test_labels.tolist() == labels[parts[2]].tolist()


@settings(max_examples=200)
@given(st.data(), st.lists(st.integers(0, 80), min_size=2, max_size=6), st.integers(0, 1000))
def test_stratified_parts_have_the_frequencies_of_the_whole(
    draw: st.DataObject, sizes: list[int], seed: int
) -> None:
    sizes[0] += 2
    count = sum(sizes)
    train = draw.draw(st.integers(1, count - 1))
    validation = draw.draw(st.integers(1, count - train))
    test = draw.draw(st.integers(0, count - train - validation))
    labels = np.repeat(np.arange(len(sizes)), sizes)
    parts = CountSplit(train, validation, seed, test=test, stratified=True).positions(labels)
    for part, allowed in zip(parts, (1, 2, 3), strict=True):
        found = np.bincount(labels[part], minlength=len(sizes))
        assert np.abs(found - len(part) * np.array(sizes) / count).max() < allowed


def test_a_tie_between_classes_is_not_always_won_by_the_same() -> None:
    labels = np.arange(40) % 4
    splits = [CountSplit(1, 1, seed, stratified=True).positions(labels)[0] for seed in range(40)]
    assert {int(labels[train[0]]) for train in splits} == {0, 1, 2, 3}


def test_sizes_of_few_bits_are_counted_as_any_others() -> None:
    size = np.int8(100)
    split = CountSplit(size, size, 0, test=size)
    assert [len(part) for part in split.positions(np.zeros(300))] == [100] * 3
    with pytest.raises(InvalidInput, match="images in the split is 300; allowed are at most 299"):
        split.positions(np.zeros(299))


def test_the_seed_fixes_the_split() -> None:
    labels = np.arange(100) % 10
    for stratified in (False, True):
        first, again, other = (
            CountSplit(50, 50, seed, stratified=stratified).positions(labels)[0].tolist()
            for seed in (1, 1, 2)
        )
        assert first == again != other


def test_training_does_not_run_through_the_classes_in_turn() -> None:
    labels = np.repeat(np.arange(10), 100)
    train = CountSplit(500, 100, 0, stratified=True).positions(labels)[0]
    balanced = sum(len(set(labels[train[i : i + 10]])) == 10 for i in range(0, 500, 10))
    assert balanced < 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"images": IMAGES.astype(int)}, "images of type int64"),
        ({"images": IMAGES[0]}, "images of shape (2, 3)"),
        ({"images": IMAGES / 1.0}, "pixels from 0 to 29"),
        ({"images": IMAGES / -100}, "pixels from -0.29 to"),
        ({"images": IMAGES * np.nan}, "nan or infinite"),
        ({"images": IMAGES + 1e300}, "nan or infinite"),
        ({"images": IMAGES[:, :0]}, "images of shape (2, 1, 0, 3)"),
        ({"images": IMAGES[:5]}, "5 images and 6 labels"),
        ({"labels": LABELS / 1.0}, "labels of type float64"),
        ({"labels": LABELS[:, None]}, "shape (6, 1)"),
        ({"labels": LABELS + 1}, "the label 3; allowed are 0 to 2"),
        ({"labels": LABELS - 1}, "the label -1; allowed are 0 to 2"),
        ({"classes": 2}, "the label 2; allowed are 0 to 1"),
        ({"classes": 1}, "the number of classes of dataset 'small' is 1; allowed are"),
        ({"split": IndexSplit([0], [1])}, "test part of dataset 'small' has images of shape (0,"),
        ({"split": IndexSplit([], [1], [2])}, "train part of dataset 'small'"),
        ({"split": IndexSplit([0], [], [2])}, "validation part of dataset 'small'"),
        ({"split": IndexSplit([0], [6], [2])}, "has image 6; allowed are 0 to 5"),
        ({"split": IndexSplit([0], [-1], [2])}, "has image -1; allowed are 0 to 5"),
        ({"split": IndexSplit([0, 1], [1], [2])}, "has image 1 more than once"),
        ({"split": IndexSplit([0], [1], [1])}, "has image 1 more than once"),
        ({"split": IndexSplit([0, 0], [1], [2])}, "has image 0 more than once"),
        ({"split": IndexSplit([0.5], [1], [2])}, "positions of type float64"),
        ({"split": IndexSplit([[0]], [1], [2])}, "shape (1, 1)"),
        ({"split": CountSplit(5, 1, 0, test=1)}, "images in the split is 7; allowed are at most 6"),
        ({"split": CountSplit(0, 1, 0, test=1)}, "train is 0; allowed are whole numbers from 1"),
        ({"split": CountSplit(1, 0, 0, test=1)}, "validation is 0"),
        ({"split": CountSplit(1, 1, 0, test=-1)}, "test is -1"),
        ({"split": CountSplit(1, 1, -1, test=1)}, "seed is -1"),
        ({"split": CountSplit(1.5, 1, 0, test=1)}, "train is 1.5"),
        ({"split": CountSplit(True, 1, 0, test=1)}, "train is True; allowed"),
        ({"split": CountSplit("1", 1, 0, test=1)}, "train is '1'; allowed"),
        ({"split": CountSplit(1, 1, None, test=1)}, "seed is None; allowed"),
        ({"split": CountSplit(1, 1, 0, test=10**5000)}, "split is a whole number of 16610 bits"),
        ({"split": CountSplit(1, 1, 0, test=1, stratified="no")}, "stratified is 'no'; allowed"),
        ({"split": None}, "split is None; allowed are a CountSplit and an IndexSplit"),
        ({"split": IndexSplit([[0], [1, 2]], [1], [2])}, "positions [[0], [1, 2]]; allowed"),
        ({"split": IndexSplit([True, False], [1], [2])}, "positions of type bool"),
        ({"test": IMAGES}, "test is array"),
        ({"test": (IMAGES,)}, "allowed are images with their labels, or None"),
        ({"images": [[[1.0]], [[1.0, 2.0]]]}, "the data of type list are no array; allowed"),
        ({"images": torch.zeros(6, 2, 3).to_sparse()}, "the data of type Tensor are no array"),
        ({"images": None}, "images of type object"),
        ({"images": IMAGES > 3}, "images of type bool"),
        ({"images": IMAGES * 1j}, "images of type complex128"),
        ({"images": IMAGES.astype(str)}, "images of type <U"),
        ({"labels": LABELS > 1}, "labels of type bool"),
        ({"labels": LABELS.astype(str)}, "labels of type <U"),
        ({"classes": "3"}, "classes is '3'; allowed are whole numbers"),
        ({"classes": 3.0}, "classes is 3.0; allowed are whole numbers"),
        ({"classes": True}, "classes is True; allowed are whole numbers"),
        ({"classes": 10**5000}, "classes of dataset 'small' is a whole number of 16610 bits"),
        (
            {"images": np.zeros((6, 5, 5, 3))},
            "shape (5, 5, 3), whose channels seem to come",
        ),
        ({"images": np.zeros((6, 28, 20, 1))}, "shape (28, 20, 1), whose channels seem to come"),
        ({"test": (IMAGES, LABELS)}, "a separate test set and a split with 2 test images"),
        ({"split": IndexSplit([0], [1]), "test": (IMAGES, LABELS[:2])}, "6 images and 2 labels"),
        (
            {"split": IndexSplit([0], [1]), "test": (IMAGES[:, :1], LABELS)},
            "test part of dataset 'small' has images of shape (1, 1, 3); allowed is (1, 2, 3)",
        ),
    ],
)
def test_what_does_not_make_a_dataset(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(words)):
        make(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train_images": torch.zeros(2, 1, 2, 3).double()}, "images of type torch.float64"),
        ({"train_images": torch.zeros(2, 2, 3)}, "shape (2, 2, 3)"),
        ({"train_images": np.zeros((2, 1, 2, 3))}, "images of type ndarray; allowed are tensors"),
        ({"train_images": torch.zeros(2, 9, 9, 4)}, "whose channels seem to come last; allowed"),
        ({"test_images": torch.full((2, 1, 2, 3), torch.nan)}, "nan or infinite"),
        ({"train_images": torch.zeros(2, 1, 2, 3, dtype=torch.uint8)}, "type torch.uint8"),
        ({"test_labels": [0, 1]}, "labels of type list; allowed are tensors"),
        ({"test_images": torch.zeros(2, 1, 2, 3).to_sparse()}, "sparse_coo on cpu; allowed are"),
        ({"test_labels": torch.zeros(2, device="meta").long()}, "on meta; allowed are dense"),
        ({"name": 3}, "name is 3; allowed are texts"),
        ({"validation_labels": torch.zeros(2)}, "labels of type torch.float32"),
        ({"test_labels": torch.zeros(3).long()}, "2 images and 3 labels"),
    ],
)
def test_data_checks_itself(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(words)):
        dataclasses.replace(make(), **changes)


def test_data_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        make().classes = 4  # type: ignore[misc]
