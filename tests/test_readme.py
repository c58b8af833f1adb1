"""The examples of the README run."""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import qcnn
from qcnn.data._registry import registered as datasets
from qcnn.mappings._base import registered

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def example(containing: str) -> str:
    """The Python example of the README with this text in it."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if containing in block]
    return str(found)


def test_library_example(capsys: pytest.CaptureFixture[str]) -> None:
    code = example("qcnn.load_data").replace('"auto"', '"digits"').replace("epochs=10", "epochs=1")
    exec(code, {})
    assert "ParameterCounts(phases=128, effective_phases=81" in capsys.readouterr().out


def test_a_model_is_saved_and_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    code = example("qcnn.load_data").replace('"auto"', '"digits"').replace("epochs=10", "epochs=1")
    exec(code, names)
    exec(example("model.save"), names)
    assert torch.equal(names["same"].generate(), names["model"].generate())
    saving, training = example("save_file").split("qcnn.train(")
    exec(saving, names)
    assert torch.equal(names["again"].generate(), names["model"].generate())
    exec("qcnn.train(" + training, names)
    exported = torch.load("cnn.pt")
    assert exported.keys() == names["target"].state_dict().keys()


@pytest.mark.skipif(find_spec("onnxscript") is None, reason="the extra onnx is not installed")
def test_a_network_is_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    target = qcnn.target_from_text("cnn2202").build()
    model = qcnn.QuantumTrain(target, qcnn.PQCNN(6, 3, seed=0), "whitened")
    exec(example("export_onnx"), {"qcnn": qcnn, "model": model, "data": qcnn.load_data("digits")})
    assert (tmp_path / "cnn.onnx").stat().st_size > 4 * 2202


def test_noise_examples(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names: dict[str, object] = {}
    exec(example("NoisyPQCNN"), names)
    assert 0 < float(capsys.readouterr().out) < 0.5**4
    # The remote one gets as far as the token, which is asked for before anything is sent.
    monkeypatch.delenv("PCVL_CLOUD_TOKEN", raising=False)
    with pytest.raises(qcnn.InvalidInput, match="PCVL_CLOUD_TOKEN is empty; allowed for platform"):
        exec(example("platform="), names)


def test_a_mapping_in_one_file(tmp_path: Path) -> None:
    try:
        exec(compile(example("@register_mapping"), "cubic.py", "exec"), {"__name__": "cubic"})
        samplers = [qcnn.PQCNN(9, 4, seed=0), qcnn.PQCNN(8, 4, seed=1)]
        model = qcnn.QuantumTrain(nn.Linear(28, 10), samplers, "cubic:power=5")
        assert model.parameter_counts().mapping == 1
        assert model(torch.zeros(2, 28)).shape == (2, 10)
    finally:
        registered.pop("cubic", None)


def test_a_dataset_in_one_file() -> None:
    try:
        exec(example("@register_data"), {})
        assert "kuzushiji" in qcnn.data.data_names()
    finally:
        datasets.pop("kuzushiji", None)


def paths_in_tables(page: str) -> set[str]:
    """The paths that stand in the tables of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    cells = (line for line in text.splitlines() if line.startswith("| "))
    return {path for line in cells for path in re.findall(r"`([a-z_]+/[\w/.]*)`", line)}


@pytest.mark.parametrize(("page", "least"), [("README.md", 20), ("docs/extending.md", 12)])
def test_every_path_in_a_table_is_there(page: str, least: int) -> None:
    paths = paths_in_tables(page)
    assert len(paths) >= least
    for path in paths:
        assert (ROOT / path.replace("NAME.py", "__init__.py")).exists(), path


def test_every_folder_of_the_packages_is_in_the_table() -> None:
    rooms = {
        f"{path.parent.relative_to(ROOT)}/"
        for package in ("qcnn", "studies", "bench", "pwg")
        for path in (ROOT / package).glob("*/__init__.py")
    }
    assert rooms - paths_in_tables("README.md") == set()


@pytest.mark.parametrize(("page", "least"), [("README.md", 10), ("docs/extending.md", 10)])
def test_what_the_tables_say_to_register_with_is_in_that_folder(page: str, least: int) -> None:
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    pattern = r"\|.*?`([a-z_/]+/)(?:NAME\.py)?`.*`@?(register_\w+)`.*"
    found = [match.groups() for line in lines if (match := re.fullmatch(pattern, line))]
    assert len(found) >= least
    for folder, name in found:
        assert callable(getattr(import_module(folder.strip("/").replace("/", ".")), name, None)), (
            name
        )
