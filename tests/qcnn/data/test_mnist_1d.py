"""Signals as the package mnist1d generates them."""

import hashlib
import random
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from qcnn.data import load_data
from qcnn.data._reading.errors import DataUnavailable
from qcnn.data.mnist_1d import _generate, load_mnist_1d

needs_package = pytest.mark.skipif(
    find_spec("mnist1d") is None, reason="the extra mnist1d is not installed"
)
SIZES = {"train": 6_000, "validation": 600, "test": 10_000}
HASHES = {
    "train": (
        "be9aa65a3ea3b32fa088e086c14af258df32657915b45be508e967a39f747cdf",
        "500d9e8be7a4c1f996380c47bbe94a735a5eddae015682a41a3e75a0d0464dfe",
    ),
    "validation": (
        "603b940981319252975557bfede27ab76ade7c87164ffa5f3279cacaa469b93c",
        "b219c29c1a8f3f54bebd88e03c9694a11ee9d876ed173ce6d1776a5163ddec8a",
    ),
    "test": (
        "8aac07afd19bb99557642ada3b81ca45c1cb06d90d0c65fc8a56b7b1abef405e",
        "5dd1b4585cc7bdfb72b46d4754e0f01c4b6a5ad642181eb29855fbf53c3bb138",
    ),
}


def sha256(tensor: torch.Tensor) -> str:
    return hashlib.sha256(tensor.numpy().tobytes()).hexdigest()


@needs_package
@pytest.mark.parametrize("part", SIZES)
def test_as_many_of_every_kind_and_always_the_same(part: str) -> None:
    data = load_data("mnist-1d")
    signals, labels = getattr(data, f"{part}_images"), getattr(data, f"{part}_labels")
    assert signals.shape == (SIZES[part], 1, 1, 40)
    assert labels.bincount().tolist() == [SIZES[part] // 10] * 10
    assert (sha256(signals), sha256(labels)) == HASHES[part]


@needs_package
def test_few_numbers_are_cut() -> None:
    signals = load_data("mnist-1d").train_images
    assert ((signals == 0) | (signals == 1)).float().mean() < 5e-4
    assert signals.mean().item() == pytest.approx(0.5, abs=0.01)
    assert signals.std().item() == pytest.approx(1 / 8, abs=0.005)


@needs_package
def test_the_packages_own_defaults_are_taken() -> None:
    """The first numbers that its seed draws are those of as many signals as it has itself."""
    from mnist1d.data import get_dataset_args, make_dataset

    theirs, ours = make_dataset(get_dataset_args()), _generate(5_000)
    assert np.array_equal(np.concatenate([theirs["x"], theirs["x_test"]]), ours["x"])
    assert np.array_equal(np.concatenate([theirs["y"], theirs["y_test"]]), ours["y"])


@needs_package
def test_random_numbers_of_others_go_on() -> None:
    expected = []
    for generate in (lambda: None, lambda: _generate(10)):
        np.random.seed(3)  # noqa: NPY002
        random.seed(3)
        generate()
        expected.append((np.random.rand(), random.random()))  # noqa: NPY002
    assert expected[0] == expected[1]


def test_without_the_package_it_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mnist1d", "mnist1d.data"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DataUnavailable) as caught:
        load_mnist_1d()
    assert str(caught.value) == (
        "the dataset mnist-1d is not available, as the package mnist1d is missing; allowed are "
        "environments with the extra mnist1d"
    )
