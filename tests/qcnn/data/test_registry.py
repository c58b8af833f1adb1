import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from idx_files import idx_bytes

import qcnn.data
from qcnn.data import Data, _registry, data_names, load_data, register_data
from qcnn.data.digits import load_digits
from qcnn.errors import InvalidInput
from qcnn.registry import Registry

KUZUSHIJI = """
from pathlib import Path
from typing import Any
from qcnn.data import CountSplit, Data, from_arrays, read_idx, register_data

@register_data("kuzushiji")
def load_kuzushiji() -> Data:
    images, labels = (read_idx(Path(__file__).with_name(name)) for name in ("images", "labels"))
    split = CountSplit(train=20, validation=10, test=10, seed=1, stratified=True)
    return from_arrays("kuzushiji", images, labels, classes=10, split=split)
"""


@pytest.fixture
def extra_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules belong to qcnn.data as if they were dropped into it."""
    modules = set(sys.modules)
    monkeypatch.setattr(qcnn.data, "__path__", [*qcnn.data.__path__, str(tmp_path)])
    registry: Registry[Any] = Registry("dataset", "qcnn.data")
    registry.update(_registry.registered)
    monkeypatch.setattr(_registry, "registered", registry)
    yield tmp_path
    for name in set(sys.modules) - modules:
        if name.startswith("qcnn.data."):
            del sys.modules[name]
            delattr(qcnn.data, name.rpartition(".")[2])


def test_names() -> None:
    assert data_names() == (
        "auto",
        "digits",
        "fashion-mnist",
        "mnist",
        "mnist-1d",
        "perceval-quest",
    )


def test_a_dropped_file_is_a_dataset(extra_folder: Path) -> None:
    (extra_folder / "kuzushiji.py").write_text(KUZUSHIJI)
    (extra_folder / "_draft.py").write_text("raise RuntimeError")
    (extra_folder / "images").write_bytes(idx_bytes(np.full((40, 5, 4), 51, dtype=np.uint8)))
    (extra_folder / "labels").write_bytes(idx_bytes(np.arange(40, dtype=np.uint8) % 10))
    assert "kuzushiji" in data_names()
    data = load_data("kuzushiji")
    assert data.name == "kuzushiji"
    assert data.image_shape == (1, 5, 4)
    assert data.train_images.unique().tolist() == pytest.approx([0.2])
    assert data.train_labels.bincount().tolist() == [2] * 10


def test_a_dataset_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_registry, "registered", Registry("dataset", "qcnn.data"))
    calls = []

    @register_data("counted")
    def load_counted() -> Data:
        calls.append("call")
        return load_digits()

    assert load_data("counted") is load_data("counted")
    assert calls == ["call"]


def test_what_somebody_changes_is_not_what_others_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_registry, "registered", Registry("dataset", "qcnn.data"))
    register_data("kept")(load_digits)
    pristine = load_digits()
    changes: list[Callable[[Data], object]] = [
        lambda data: data.test_images.sub_(0.5),
        lambda data: data.train_labels.fill_(3),
        lambda data: data.validation_images.numpy().fill(0),
        lambda data: np.copyto(data.train_images.numpy(), data.train_images.numpy()[::-1].copy()),
        lambda data: data.train_images[7, 0, 3].copy_(data.train_images[7, 0, 4] + 0.1),
    ]
    for change in changes:
        data = load_data("kept")
        change(data)
        again = load_data("kept")
        assert again is not data
        for part in ("train", "validation", "test"):
            for kind in ("images", "labels"):
                name = f"{part}_{kind}"
                assert torch.equal(getattr(again, name), getattr(pristine, name))
    assert load_data("kept") is load_data("kept")


def test_a_dataset_of_any_memory_layout_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_registry, "registered", Registry("dataset", "qcnn.data"))
    digits = load_digits()

    @register_data("strided")
    def load_strided() -> Data:
        images = digits.test_images.transpose(2, 3).to(memory_format=torch.channels_last)
        return dataclasses.replace(digits, name="strided", test_images=images)

    assert load_data("strided") is load_data("strided")


@pytest.mark.parametrize("name", [None, 3, ["digits"], b"digits", "x" * 500])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(
        InvalidInput, match="^dataset is .*; allowed are auto, digits, fashion-mnist, mnist, "
    ):
        load_data(name)


def test_a_name_is_taken_once() -> None:
    with pytest.raises(InvalidInput, match="the dataset name 'digits' is that of the dataset"):
        register_data("digits")(load_digits)


def test_unknown_name() -> None:
    with pytest.raises(InvalidInput) as caught:
        load_data("cifar")
    assert str(caught.value) == (
        "dataset is 'cifar'; allowed are auto, digits, fashion-mnist, mnist, mnist-1d, "
        "perceval-quest"
    )
