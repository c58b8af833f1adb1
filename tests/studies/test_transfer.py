"""Stored configurations on another dataset, unchanged."""

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from stored_rows import CONFIGURATION, make_row

from qcnn import InvalidInput
from studies.design.arms import FINALIST, is_arm
from studies.design.configuration import configuration_from_axes
from studies.rows.runs_file import add_rows, read_rows
from studies.sentences import command_line
from studies.transfer import main, transferred_cells

STORED = replace(CONFIGURATION, dataset="mnist", epochs=1)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with two final runs on MNIST and a search run."""
    axes = {**STORED.axes(), "configuration": STORED.digest()}
    (tmp_path / "results" / "mode_sweep").mkdir(parents=True)
    add_rows(
        tmp_path / "results" / "mode_sweep" / "runs.csv",
        [make_row(1, **axes), make_row(2, **axes), make_row(0, "search", **axes)],
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
    assert is_arm(rows, FINALIST).all()
    for row in rows.to_dict("records"):
        found = configuration_from_axes({str(name): value for name, value in row.items()})
        assert found == replace(STORED, dataset="digits")
    assert "## digits" in (out / "report.md").read_text()
    before = (out / "runs.csv").read_bytes()
    assert transfer(monkeypatch, *arguments, "--jobs", 1) == 0
    assert (out / "runs.csv").read_bytes() == before


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
