"""The study ``capacity``: one factor at a time, and layers only where the mesh has them."""

from pathlib import Path
from typing import Any

import pytest
from smallest import make_options

from qcnn import InvalidInput
from studies.catalogue.capacity import STUDY
from studies.design.study import Cell, Options


def options(folder: Path, **axes: Any) -> Options:
    chosen = {axis.name: axes.get(axis.name, axis.default) for axis in STUDY.axes}
    return make_options(folder, chosen)


def changes(cells: list[Cell], model: str) -> dict[str, dict[str, Any]]:
    """By arm of a model, what its configuration has other than the standard's."""
    arms = {cell.arm.name: cell.configuration.axes() for cell in cells if cell.arm.setting == model}
    standard = arms.pop("1 layer, one-cycle to 0.03")
    assert (standard["layers"], standard["schedule"], standard["learning_rate"]) == (
        1,
        "one-cycle",
        0.03,
    )
    return {
        name: {key: value for key, value in axes.items() if value != standard[key]}
        for name, axes in arms.items()
    }


def test_every_arm_changes_one_factor(tmp_path: Path) -> None:
    cells = STUDY.cells(options(tmp_path))
    both = {
        **{f"{layers} layers": {"layers": layers} for layers in (2, 3, 4)},
        "no schedule": {"schedule": "none"},
        "schedule cosine": {"schedule": "cosine"},
        "schedule plateau": {"schedule": "plateau"},
        **{f"rate {rate}": {"learning_rate": rate} for rate in (0.003, 0.01, 0.1)},
    }
    assert changes(cells, "product, mps χ = 4") == both
    assert changes(cells, "mixing") == both | {
        **{f"target {name}": {"target": name} for name in ("notebook", "cnn816", "paper")},
        "10 PQCNNs of 1 layer": {"sizes": "+".join(["9x4"] * 10)},
    }
    assert len(STUDY.contrasts) == 21


def test_axes_are_narrowed_and_the_standard_stays(tmp_path: Path) -> None:
    narrow = options(
        tmp_path, layers=(3,), schedule=("one-cycle",), learning_rate=(0.05,), target=("paper",)
    )
    arms = changes(STUDY.cells(narrow), "mixing")
    assert set(arms) == {"3 layers", "rate 0.05", "target paper", "10 PQCNNs of 1 layer"}


def test_more_layers_than_the_mesh_has_are_refused(tmp_path: Path) -> None:
    assert STUDY.check is not None
    with pytest.raises(InvalidInput, match="layers is 4 with mesh 'minimal'; allowed there is 1"):
        STUDY.check(options(tmp_path, mesh="minimal"))
    STUDY.check(options(tmp_path, mesh="minimal", layers=(1,)))
