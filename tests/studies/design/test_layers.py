"""The axis ``layers``: of a model, of a stored row, and of its description."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from smallest import make_options
from stored_rows import CONFIGURATION, make_row

from qcnn import InvalidInput, count_parameters, load_data
from studies.analysis.summaries import describe
from studies.design.configuration import build_model, configuration_from_axes
from studies.design.recipes import direct_cells
from studies.rows.runs_file import add_rows, read_rows

LAYERED = replace(CONFIGURATION, layers=3)


def test_they_multiply_the_phases_but_not_the_effective_ones() -> None:
    data = load_data("digits")
    one = count_parameters(build_model(CONFIGURATION, data, seed=1))
    three = count_parameters(build_model(LAYERED, data, seed=1))
    assert (one.phases, three.phases) == (128, 384)
    assert one.effective_phases == three.effective_phases == 81
    assert one.mapping == three.mapping


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"layers": 0}, "layers is 0; allowed are whole numbers from 1"),
        ({"layers": 2, "mesh": "minimal"}, "layers is 2 with mesh 'minimal'; allowed there is 1"),
    ],
)
def test_a_mistake_is_one_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidInput) as error:
        replace(CONFIGURATION, **changes)  # type: ignore[arg-type]
    assert str(error.value) == sentence


def test_a_target_trained_directly_has_none(tmp_path: Path) -> None:
    options = make_options(tmp_path, {})
    assert direct_cells(LAYERED, options) == direct_cells(CONFIGURATION, options)


def test_a_row_gives_the_configuration_back(tmp_path: Path) -> None:
    row = make_row(1) | LAYERED.axes() | {"configuration": LAYERED.digest()}
    add_rows(tmp_path / "runs.csv", [row])
    stored = read_rows(tmp_path / "runs.csv").iloc[0]
    assert stored["layers"] == 3
    assert configuration_from_axes({str(k): v for k, v in stored.items()}) == LAYERED


def test_a_row_stored_before_there_were_layers_keeps_its_identity(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    add_rows(csv, [make_row(1)])
    pd.read_csv(csv).drop(columns="layers").to_csv(csv, index=False)
    stored = read_rows(csv).iloc[0]
    found = configuration_from_axes({str(k): v for k, v in stored.items()})
    # The hash as it was before the axis.
    assert found.digest() == CONFIGURATION.digest() == "cbe61d1f0a63"


def test_a_description_names_them_where_there_are_several() -> None:
    model = "→ mps:bond_dimension=4 → notebook"
    for configuration, text in (
        (CONFIGURATION, f"(9,4) (8,4) {model}"),
        (LAYERED, f"(9,4) (8,4) 3 layers {model}"),
    ):
        row = pd.Series(configuration.axes() | {"setting": "", "arm": ""})
        assert describe(row) == text
