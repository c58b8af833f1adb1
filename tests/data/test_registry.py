import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from idx_files import idx_bytes

import qcnn.data
from qcnn.data import Data, _registry, data_names, load_data, register_data
from qcnn.data.digits import load_digits
from qcnn.errors import InvalidInput

FASHION = """
from pathlib import Path
from qcnn.data import CountSplit, Data, from_arrays, read_idx, register_data

@register_data("fashion")
def load_fashion() -> Data:
    images, labels = (read_idx(Path(__file__).with_name(name)) for name in ("images", "labels"))
    split = CountSplit(train=20, validation=10, test=10, seed=1, stratified=True)
    return from_arrays("fashion", images, labels, classes=10, split=split)
"""


@pytest.fixture
def extra_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules belong to qcnn.data as if they were dropped into it."""
    modules = set(sys.modules)
    monkeypatch.setattr(qcnn.data, "__path__", [*qcnn.data.__path__, str(tmp_path)])
    monkeypatch.setattr(_registry, "_loaders", dict(_registry._loaders))
    yield tmp_path
    for name in set(sys.modules) - modules:
        if name.startswith("qcnn.data."):
            del sys.modules[name]
            delattr(qcnn.data, name.rpartition(".")[2])


def test_names() -> None:
    assert data_names() == ("auto", "digits", "mnist", "perceval-quest")


def test_a_dropped_file_is_a_dataset(extra_folder: Path) -> None:
    (extra_folder / "fashion.py").write_text(FASHION)
    (extra_folder / "_draft.py").write_text("raise RuntimeError")
    (extra_folder / "images").write_bytes(idx_bytes(np.full((40, 5, 4), 51, dtype=np.uint8)))
    (extra_folder / "labels").write_bytes(idx_bytes(np.arange(40, dtype=np.uint8) % 10))
    qcnn.data._import_datasets()
    assert "fashion" in data_names()
    data = load_data("fashion")
    assert data.name == "fashion"
    assert data.image_shape == (1, 5, 4)
    assert data.train_images.unique().tolist() == pytest.approx([0.2])
    assert data.train_labels.bincount().tolist() == [2] * 10


def test_a_dataset_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_registry, "_loaders", {})
    calls = []

    @register_data("counted")
    def load_counted() -> Data:
        calls.append("call")
        return load_digits()

    assert load_data("counted") is load_data("counted")
    assert calls == ["call"]


def test_a_name_is_taken_once() -> None:
    with pytest.raises(InvalidInput, match="the dataset name 'digits' is taken; a name other than"):
        register_data("digits")(load_digits)


def test_unknown_name() -> None:
    with pytest.raises(InvalidInput) as caught:
        load_data("cifar")
    assert str(caught.value) == (
        "the dataset 'cifar' is unknown; auto, digits, mnist, perceval-quest are allowed"
    )
