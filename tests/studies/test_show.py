"""Everything that is stored of one run, as a user asks for it."""

import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from stored_rows import CONFIGURATION, make_row

from studies.design.roles import FINAL, SEARCH
from studies.rows.runs_file import add_rows, read_rows
from studies.runs.execute import execute, weights_path
from studies.sentences import command_line
from studies.show import main

SMALL = replace(CONFIGURATION, sizes=((5, 2), (4, 2)), mapping="mixing", epochs=2)
RUN = f"{SMALL.digest()}-7"
OTHER = CONFIGURATION.digest()
FAILURE = {"status": "failed", "error": "3 workers lost to signal 9", "test_accuracy": None}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with a run that was carried out, and made-up ones."""
    folder = tmp_path_factory.mktemp("results")
    study = folder / "mode_sweep"
    trained = execute("mode_sweep", SMALL, 7, FINAL, study) | {"setting": "", "arm": "finalist"}
    add_rows(study / "runs.csv", [trained, make_row(1), make_row(2)])
    empty = dict.fromkeys(make_row(1), None)
    lost = {name: value for name, value in make_row(3).items() if not name.endswith("_by_epoch")}
    lost |= {name: None for name in empty if name.endswith("accuracy") or "best" in name}
    add_rows(study / "runs.csv", [lost | FAILURE])
    return folder


def show(monkeypatch: pytest.MonkeyPatch, results: Path, *typed: str) -> int:
    monkeypatch.setattr(sys, "argv", ["studies.show", *typed, "--out", str(results)])
    try:
        command_line(main)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_run_is_shown_and_its_weights_are_as_good_as_its_row_says(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(monkeypatch, results, f"{SMALL.digest()[:7]}-7") == 0
    text = capsys.readouterr().out
    rows = read_rows(results / "mode_sweep" / "runs.csv")
    row = rows[rows["configuration"] == SMALL.digest()].iloc[0]
    accuracy = f"{100 * row['test_accuracy']:.2f} %"
    assert text.startswith(f"{SMALL.digest()}: (5,2) (4,2) → mixing → notebook\n")
    assert "learning_rate        0.03\n" in text
    assert f"trainable parameters: {row['trainable_parameters']} ({row['phases']} phases" in text
    assert f"fixed numbers: {row['fixed_numbers']}\n" in text
    assert f", test {accuracy}\n" in text
    assert " epoch train loss train accuracy val loss val accuracy\n" in text
    (last,) = (line.split() for line in text.splitlines() if line.startswith("     2 "))
    assert last[-1] == row["val_accuracy_by_epoch"].split()[-1]
    assert f"test accuracy of these weights: {accuracy}, the stored one\n" in text


def test_weights_that_are_not_those_of_the_row_are_told(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = weights_path(results / "mode_sweep", SMALL, 7)
    kept = path.read_bytes()
    try:
        execute("mode_sweep", replace(SMALL, learning_rate=0.3), 7, FINAL, results / "other")
        (other,) = (results / "other" / "weights").iterdir()
        path.write_bytes(other.read_bytes())
        assert show(monkeypatch, results, RUN) == 0
        assert "%, stored is " in capsys.readouterr().out
        path.write_bytes(kept[:-5])
        assert show(monkeypatch, results, RUN) == 2
        assert "is no file with the weights of its run (" in capsys.readouterr().err
    finally:
        path.write_bytes(kept)


def test_a_run_is_trained_again_and_nothing_is_stored(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    assert show(monkeypatch, results, RUN, "--again") == 0
    trained = capsys.readouterr().out.partition("training again, which took ")[2].splitlines()
    assert trained[1] == "status: complete"
    assert len(trained) == 5
    assert all(line.endswith("%, the stored one") for line in trained[2:])
    assert {path: path.read_bytes() for path in results.rglob("*") if path.is_file()} == before


def test_all_seeds_of_a_configuration_are_listed(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(monkeypatch, results, OTHER) == 0
    text = capsys.readouterr().out
    lines = [line.split() for line in text.partition(" seed ")[2].splitlines()[1:]]
    assert [(line[0], line[3]) for line in lines] == [
        ("1", "complete"),
        ("2", "complete"),
        ("3", "failed"),
    ]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["what?"], "run is 'what?'; allowed are the digits of a row's configuration"),
        (["ffffffffffff-1"], "run is 'ffffffffffff-1', which no row has; allowed are"),
        ([f"{OTHER}-9"], f"run is '{OTHER}-9'; allowed seeds of {OTHER} are 1, 2, 3"),
        ([f"{OTHER}-3"], "which has failed (3 workers lost to signal 9); allowed are runs that"),
        ([f"{OTHER}-1", "--agian"], "option is '--agian'; allowed are --out, --again, --help (did"),
        ([OTHER, "--again"], f"run is '{OTHER}' with again; allowed there is one with its seed"),
    ],
)
def test_a_name_that_is_none_is_refused(
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: list[str],
    sentence: str,
) -> None:
    assert show(monkeypatch, results, *typed) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_a_beginning_of_several_configurations_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [make_row(1, role=SEARCH, learning_rate=rate / 1000) for rate in range(1, 18)]
    add_rows(tmp_path / "mode_sweep" / "runs.csv", rows)
    digests = sorted(row["configuration"] for row in rows)
    first = next(a[0] for a, b in pairwise(digests) if a[0] == b[0])
    several = [digest for digest in digests if digest[0] == first]
    assert show(monkeypatch, tmp_path, f"{first}-1") == 2
    said = f"run is '{first}-1', which begins {len(several)} configurations; allowed are more"
    assert said in capsys.readouterr().err


def test_a_folder_without_rows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(monkeypatch, tmp_path, RUN) == 2
    assert "allowed are folders with a study's runs.csv" in capsys.readouterr().err
