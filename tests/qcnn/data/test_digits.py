import hashlib

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits as load_small_digits

from qcnn.data import load_data
from qcnn.data.digits import SPLIT, enlarge, interpolation_weights

HASHES = {
    "train": (
        "01fedcdd0d898578fb0d1080187fa28cf441f25fd3a7cf10c0b2bbe1360daceb",
        "70b06d6a0607d76cfcb8dd38e34109b4e7f77c2e350acf9a52f4226f1fa7f557",
    ),
    "validation": (
        "88d2849f14157fd55c115404a48663028d9227eeaaade567c32f5a1e2f83ce7e",
        "1c31ba665dd805a72314c537618279e2629d8e47f35aed9bf3cc273bb6c22ffa",
    ),
    "test": (
        "23740abc89f6829c042b4e1b25c4cdd76be2aa1e359c4229b9d7050baa91bf04",
        "8a1a37a55cc696bc8fda4f33e399250994b4c1b89439d27d138d85524ed9852c",
    ),
}


def sha256(tensor: torch.Tensor) -> str:
    return hashlib.sha256(tensor.numpy().tobytes()).hexdigest()


def test_sizes() -> None:
    data = load_data("digits")
    assert data.name == "digits"
    assert data.classes == 10
    assert data.train_images.shape == (1_197, 1, 28, 28)
    assert data.validation_images.shape == (200, 1, 28, 28)
    assert data.test_images.shape == (400, 1, 28, 28)


@pytest.mark.parametrize("part", HASHES)
def test_the_split_never_changes(part: str) -> None:
    data = load_data("digits")
    found = sha256(getattr(data, f"{part}_images")), sha256(getattr(data, f"{part}_labels"))
    assert found == HASHES[part]


def test_every_digit_is_used_once() -> None:
    parts = SPLIT.positions(load_small_digits().target)
    assert sorted(np.concatenate(parts)) == list(range(1_797))


@pytest.mark.parametrize("part", HASHES)
def test_classes_are_balanced(part: str) -> None:
    whole = np.bincount(load_small_digits().target) / 1_797
    labels = getattr(load_data("digits"), f"{part}_labels")
    assert np.abs(labels.bincount().numpy() - whole * len(labels)).max() <= 2


def test_bilinear_as_torch_does_it() -> None:
    small = load_small_digits().images[:50]
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(small / 16).unsqueeze(1), size=(28, 28), mode="bilinear"
    )
    assert np.allclose(enlarge(small), expected.squeeze(1).numpy(), rtol=0, atol=1e-7)


@pytest.mark.parametrize(("source", "target"), [(8, 28), (3, 3), (5, 2), (1, 4)])
def test_weights_sum_to_one(source: int, target: int) -> None:
    weights = interpolation_weights(source, target)
    assert weights.shape == (target, source)
    assert weights.min() >= 0
    assert (weights.sum(axis=1) == 2 * target).all()
