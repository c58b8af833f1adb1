"""Stored configurations on another dataset, unchanged."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from stored_rows import CONFIGURATION, make_row

from qcnn import InvalidInput
from studies.catalogue import studies_by_name
from studies.design.arms import FINALIST, Arm, is_arm
from studies.design.configuration import Configuration, configuration_from_axes
from studies.design.study import Scope
from studies.rows.runs_file import add_rows, read_rows
from studies.sentences import command_line
from studies.transfer import main, of_transferred_arms, transferred_cells

STORED = replace(CONFIGURATION, dataset="mnist", epochs=1)
#: What a search has found, which mode_sweep does not transfer by itself.
FOUND = replace(STORED, learning_rate=0.01)
OF_MAP = Arm("equal cost", "PQCNNs of (8,4)")
COMMITTED = Path(__file__).parents[2] / "results"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with two final runs of an arm on MNIST, a search run and a finalist."""
    axes = {**STORED.axes(), "setting": OF_MAP.setting, "arm": OF_MAP.name}
    (tmp_path / "results" / "mode_sweep").mkdir(parents=True)
    add_rows(
        tmp_path / "results" / "mode_sweep" / "runs.csv",
        [
            make_row(1, **axes),
            make_row(2, **axes),
            make_row(0, "search", **axes),
            make_row(3, **FOUND.axes()),
        ],
    )
    return tmp_path / "results"


def transfer(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """The command's exit code."""
    monkeypatch.setattr(sys, "argv", ["transfer", *map(str, arguments)])
    try:
        command_line(main)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_final_runs_are_done_under_their_seeds_and_arms(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    arguments = ("mode_sweep", "--dataset", "digits", "--results", results, "--out", out)
    assert transfer(monkeypatch, *arguments, "--jobs", 1) == 0
    rows = read_rows(out / "runs.csv")
    assert sorted(rows["seed"]) == [1, 2]
    assert (rows["role"] == "final").all()
    assert is_arm(rows, OF_MAP).all()
    for row in rows.to_dict("records"):
        found = configuration_from_axes({str(name): value for name, value in row.items()})
        assert found == replace(STORED, dataset="digits")
    assert "## digits" in (out / "report.md").read_text()
    before = (out / "runs.csv").read_bytes()
    assert transfer(monkeypatch, *arguments, "--jobs", 1) == 0
    assert (out / "runs.csv").read_bytes() == before


def test_every_arm_is_transferred_where_that_is_asked_for(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    typed = ("mode_sweep", "--dataset", "digits", "--results", results, "--out", out)
    assert transfer(monkeypatch, *typed, "--jobs", 1, "--every-arm") == 0
    rows = read_rows(out / "runs.csv")
    assert sorted(rows["seed"]) == [1, 2, 3]
    assert is_arm(rows, FINALIST).sum() == 1


def bytes_but_for_dataset(configuration: Configuration) -> bytes:
    axes = configuration.axes()
    del axes["dataset"]
    return json.dumps(axes, sort_keys=True).encode()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("mode_sweep", {"", "equal cost"}),
        ("interference", {"mixing", "whitened", "χ = 2", "χ = 4"}),
        ("noise", None),
    ],
)
def test_published_configurations_are_unchanged_to_the_byte_but_for_the_dataset(
    name: str, settings: set[str] | None
) -> None:
    study, rows = studies_by_name[name], read_rows(COMMITTED / name / "runs.csv")
    transferred = of_transferred_arms(study, rows)
    final = transferred[(transferred["role"] == "final") & (transferred["dataset"] == "mnist")]
    cells = transferred_cells(transferred, "mnist", "fashion-mnist")
    assert len(cells) == len(final) > 100
    stored = {
        (row["configuration"], row["seed"]): {str(key): value for key, value in row.items()}
        for row in final.to_dict("records")
    }
    for cell in cells:
        source = replace(cell.configuration, dataset="mnist")
        row = stored.pop((source.digest(), cell.seed))
        before = configuration_from_axes(row)
        assert bytes_but_for_dataset(cell.configuration) == bytes_but_for_dataset(before)
        assert cell.configuration.dataset == "fashion-mnist"
        assert (cell.arm.setting, cell.arm.name) == (row["setting"], row["arm"])
        assert cell.role == "final"
        assert study.looks_before(cell, Scope("fashion-mnist", {})) == row["look"]
    assert not stored
    assert settings is None or {cell.arm.setting for cell in cells} == settings
    noisy = [bool(cell.configuration.evaluated_under) for cell in cells]
    assert noisy == sorted(noisy)


def test_studies_transfer_what_decides_them() -> None:
    """All of it by default."""
    for study in studies_by_name.values():
        compared = {arm for c in study.contrasts for arm in (c.first, c.second)}
        left_out = {arm for arm in compared if not study.transfers(arm)}
        if study.name == "frontier":
            assert {arm.setting for arm in left_out} == {"471 parameters", "1308 parameters"}
        else:
            assert not left_out
    assert not studies_by_name["mode_sweep"].transfers(FINALIST)
    assert not studies_by_name["ablation"].transfers(Arm("χ = 2", "trained phases"))
    assert studies_by_name["noise"].transfers(FINALIST)


def test_what_cannot_be_transferred_is_refused(results: Path) -> None:
    rows = read_rows(results / "mode_sweep" / "runs.csv")
    with pytest.raises(InvalidInput, match="dataset is 'mnist'; allowed is any but that"):
        transferred_cells(rows, "mnist", "mnist")
    with pytest.raises(InvalidInput, match="tuned-on is 'digits', of which there are 0 final"):
        transferred_cells(rows, "digits", "mnist")
    with pytest.raises(InvalidInput, match="tuned-on is 'mnist', of which there are 0 final"):
        transferred_cells(pd.DataFrame(columns=rows.columns), "mnist", "digits")


ENDS = {
    "nowhere": "nowhere', in which there is no mode_sweep/runs.csv; allowed are folders with the "
    "runs of the study\n",
    "file": "; allowed is a folder, there or to be made\n",
}


def test_a_folder_without_the_study_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for results in (tmp_path / "nowhere", tmp_path / "file"):
        (tmp_path / "file").write_text("")
        arguments = ("mode_sweep", "--dataset", "digits", "--results", results, "--out", out)
        assert transfer(monkeypatch, *arguments) == 2
        said = capsys.readouterr().err
        assert said.startswith("error: results is '")
        assert said.endswith(ENDS[results.name])
        assert not out.exists()


def test_an_unknown_study_or_dataset_ends_with_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert transfer(monkeypatch, "mode_swep", "--dataset", "digits") == 2
    assert "study is 'mode_swep'; allowed are ablation" in capsys.readouterr().err
    assert transfer(monkeypatch, "mode_sweep", "--dataset", "fashon") == 2
    assert "dataset is 'fashon'; allowed are auto" in capsys.readouterr().err
