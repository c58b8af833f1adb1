"""What is written as ONNX gives in another runtime what the network gives here."""

import copy
import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import qcnn
from qcnn import PQCNN, InvalidInput, QuantumTrain, baseline_from_text, target_from_text

needs_onnx = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("onnx", "onnxruntime", "onnxscript")),
    reason="the extra onnx is not installed",
)


class _Two(nn.Module):
    """Takes an image and numbers beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(16, 3), nn.Linear(2, 3)

    def forward(self, images: Tensor, numbers: Tensor) -> Tensor:
        found: Tensor = self.first(images.flatten(1)) * self.second(numbers)
        return found


class _Last(nn.Module):
    """A GRU's last output."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.GRU(2, 3, batch_first=True)

    def forward(self, sequences: Tensor) -> Tensor:
        found: Tensor = self.layer(sequences)[0][:, -1]
        return found


def _normed() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5), nn.Flatten(), nn.Linear(12, 4)
    )


#: Networks, and the shapes of one example of each input.
NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[tuple[int, ...], ...]]] = {
    "target": (lambda: target_from_text("cnn816").build(), ((1, 28, 28),)),
    "normed": (_normed, ((1, 4, 4),)),
    "two inputs": (_Two, ((1, 4, 4), (2,))),
    "sequences": (_Last, ((5, 2),)),
}


def run(path: Path, inputs: list[Tensor]) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path))
    given = {
        each.name: value.numpy() for each, value in zip(session.get_inputs(), inputs, strict=True)
    }
    (found,) = session.run(None, given)
    return found


def draw(shapes: tuple[tuple[int, ...], ...], count: int) -> list[Tensor]:
    random = torch.Generator().manual_seed(count)
    return [torch.randn(count, *shape, generator=random) for shape in shapes]


@needs_onnx
@pytest.mark.parametrize("examples", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_another_runtime_gives_the_same_for_any_number_of_examples(
    name: str, examples: int, tmp_path: Path
) -> None:
    make, shapes = NETWORKS[name]
    torch.manual_seed(0)
    model = QuantumTrain(make(), PQCNN(6, 3, seed=1), "whitened")
    with torch.no_grad():
        for _ in range(3):
            model.train()(*draw(shapes, 8))  # running statistics are no more those of the start
    before = copy.deepcopy(model.state_dict())
    qcnn.export_onnx(model, tmp_path / "network.onnx", *draw(shapes, examples))
    assert model.training
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    for count in (1, 2, 7):
        inputs = draw(shapes, count)
        with torch.no_grad():
            here = model.eval()(*inputs)
        assert here.std() > 0.01
        np.testing.assert_allclose(run(tmp_path / "network.onnx", inputs), here, atol=2e-6)
    assert [path.name for path in tmp_path.iterdir()] == ["network.onnx"]


@needs_onnx
def test_inputs_by_name(tmp_path: Path) -> None:
    model = baseline_from_text("hashing:buckets=9").build(_Two(), 0)
    images, numbers = draw(NETWORKS["two inputs"][1], 4)
    qcnn.export_onnx(model, str(tmp_path / "network"), images, numbers=numbers)
    found = run(tmp_path / "network", [images, numbers])
    np.testing.assert_allclose(found, model(images, numbers).detach(), atol=2e-6)


@needs_onnx
def test_a_network_without_generated_weights_and_of_double_precision(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 2)).double()
    qcnn.export_onnx(network, tmp_path / "network", torch.zeros(1, 4))
    assert network.training
    inputs = torch.randn(3, 4, dtype=torch.float64)
    here = network.eval()(inputs).detach()
    np.testing.assert_allclose(run(tmp_path / "network", [inputs]), here, atol=1e-12)


@needs_onnx
def test_nothing_is_said_and_nothing_left_changed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    level = logging.getLogger("torch.onnx").level
    qcnn.export_onnx(_normed(), tmp_path / "network", torch.zeros(1, 1, 4, 4))
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("torch.onnx").level == level


class _OfTwo(nn.Linear):
    """For exactly two examples."""

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs.reshape(2, 3))


class _Branching(nn.Linear):
    """What it does hangs on values, which no exporter knows."""

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs) if inputs.sum() > 0 else inputs


@needs_onnx
def test_what_cannot_be_exported_is_refused_and_nothing_written(tmp_path: Path) -> None:
    path = tmp_path / "network"
    with pytest.raises(InvalidInput, match=r"is a _OfTwo that cannot be exported \("):
        qcnn.export_onnx(_OfTwo(3, 1), path, torch.zeros(2, 3))
    with pytest.raises(InvalidInput, match=r"is a _Branching that cannot be exported \("):
        qcnn.export_onnx(_Branching(3, 1), path, torch.zeros(2, 3))
    for wrong in ([[1.0]], torch.tensor(1.0), torch.zeros(0, 3)):
        with pytest.raises(
            InvalidInput, match="an input of the network is .*; allowed are tensors"
        ):
            qcnn.export_onnx(nn.Linear(3, 1), path, wrong)  # type: ignore[arg-type]
    with torch.device("meta"):
        large = nn.Linear(2**16, 2**14, bias=False)
    with pytest.raises(InvalidInput, match="needs 4294967296 bytes; allowed in one ONNX file are"):
        qcnn.export_onnx(large, path, torch.zeros(2, 2**16))
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qcnn.weights.export.find_spec", lambda name: None)
    with pytest.raises(InvalidInput, match="the package onnx is missing; allowed are"):
        qcnn.export_onnx(nn.Linear(3, 1), tmp_path / "network", torch.zeros(2, 3))


@needs_onnx
def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"path .* allowed (is|are) "):
        qcnn.export_onnx(nn.Linear(2, 3), tmp_path, torch.zeros(1, 2))
