"""A run in one file: what a command asks for, written and read."""

import sys
import tomllib
from pathlib import Path

import click
import pytest
from stored_rows import make_row

from studies.catalogue import studies_by_name
from studies.design.study import Amount, Scope
from studies.rows.runs_file import add_rows
from studies.run import main
from studies.run_file import read_run_file, run_file_text, typed_options
from studies.sentences import command_line
from studies.study_command import _choices, command_of

TYPED = {
    "mode_sweep": (
        "--preset smoke --trials 3 --seeds 2 --epochs 5 --seed 7 --modes 6,8-10 --photons 2 "
        "--rates 0.05 --space fock --target cnn:channels=4+8,kernel=5"
    ),
    "mapping_sweep": "--preset full --learning-rate 0.1,0.0000123",
    "papers_schedule": "--preset quick --rounds 3",
    "hardware": "--preset full --platform sim:belenos",
    "training_from_shots": "--preset full --shots 5000000-5000002 --steps 9",
    "fixed_matrix": "--preset quick --form whitened,mixing",
}


def asked_for(name: str, *typed: str) -> tuple[Scope, Amount]:
    """What a command asks for on the embedded dataset."""
    study = studies_by_name[name]
    context = command_of(study).make_context(name, list(typed))
    return _choices(study, context.params, "digits")


def again(name: str, scope: Scope, amount: Amount, folder: Path) -> tuple[Scope, Amount]:
    """What is asked for by the file of a command."""
    path = folder / "run.toml"
    path.write_text(run_file_text(studies_by_name[name], scope, amount))
    values = read_run_file(path)
    assert values["study"] == name
    return asked_for(name, *typed_options(values, path, command_of(studies_by_name[name])))


@pytest.mark.parametrize("preset", ["smoke", "quick", "full"])
@pytest.mark.parametrize("name", sorted(studies_by_name))
def test_a_preset_is_written_and_read(name: str, preset: str, tmp_path: Path) -> None:
    chosen = asked_for(name, "--preset", preset)
    assert again(name, *chosen, tmp_path) == chosen


@pytest.mark.parametrize("name", TYPED)
def test_what_was_chosen_otherwise_is_written_and_read(name: str, tmp_path: Path) -> None:
    chosen = asked_for(name, *TYPED[name].split())
    assert chosen != asked_for(name, *TYPED[name].split()[:2])
    assert again(name, *chosen, tmp_path) == chosen


def run(monkeypatch: pytest.MonkeyPatch, *typed: object) -> None:
    monkeypatch.setattr(sys, "argv", ["studies.run", *map(str, typed)])
    command_line(main)


def test_a_run_writes_its_file_from_which_it_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[object] = []

    def run_study(_: object, options: object, console: object) -> None:
        asked.append(options)
        add_rows(tmp_path / "out" / "runs.csv", [make_row(1, preset="quick, 3 epochs")])

    monkeypatch.setattr("studies.study_command.run_study", run_study)
    place = ("--out", tmp_path / "out", "--jobs", 1)
    run(monkeypatch, "mode_sweep", "--dataset", "digits", "--epochs", 3, "--modes", "6-8", *place)
    path = tmp_path / "out" / "run.toml"
    assert f"repeat with: python -m studies.run --config {path}\n" in capsys.readouterr().out
    written = tomllib.loads(path.read_text())
    assert written.keys().isdisjoint({"out", "jobs", "storage", "retry_failed"})
    assert (written["study"], written["epochs"], written["modes"]) == ("mode_sweep", 3, "6,7,8")

    before = path.read_bytes()
    run(monkeypatch, "--config", path, *place)
    assert asked[1] == asked[0]
    assert path.read_bytes() == before
    monkeypatch.chdir(tmp_path)
    run(monkeypatch, "--config=out/run.toml", *place, "--seeds", 9)
    assert "seeds = 9\n" in path.read_text()


def test_what_is_published_has_no_file_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path("results", "fixed_matrix")
    monkeypatch.setattr("studies.study_command.own_folder", lambda *_: folder)
    monkeypatch.setattr(
        "studies.study_command.run_study",
        lambda *_: add_rows(folder / "runs.csv", [make_row(1, study="fixed_matrix")]),
    )
    monkeypatch.chdir(tmp_path)
    run(monkeypatch, "fixed_matrix", "--dataset", "digits", "--preset", "full")
    printed = capsys.readouterr().out
    assert "repeat with: python -m studies.run fixed_matrix --preset full\n" in printed
    assert not (folder / "run.toml").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("seeds = 3", "study in run.toml is missing; allowed are"),
        ("study = 'mode_swep'", "study in run.toml is 'mode_swep'; allowed are ablation, "),
        ("study = 'mode_swep'", "(did you mean 'mode_sweep'?)"),
        ("study = 'noise'\nsedes = 3", "a key in run.toml is 'sedes'; allowed are study, dataset"),
        ("study = 'noise'\nsedes = 3", "(did you mean 'seeds'?)"),
        ("study = 'noise'\nout = 'x'", "a key in run.toml is 'out'; allowed are study, dataset"),
        ("study = 'noise'\njobs = 2", "a key in run.toml is 'jobs'; allowed are study, dataset"),
        ("study = 'noise'\nseeds = 0", "seeds in run.toml is '0'; allowed are whole numbers"),
        ("study = 'noise'\nseeds = true", "seeds in run.toml is True; allowed are texts and num"),
        ("study = 'noise'\nseeds = [1]", "seeds in run.toml is [1]; allowed are texts and num"),
        ("study = 'noise'\nlevels = 'evry'", "levels in run.toml is 'evry'; allowed are one, few"),
        ("study = 'mode_sweep'\nmapping = 'mixin'", "run.toml, mapping: mapping is 'mixin'; allo"),
        ("study = 'noise", "run.toml is no TOML (TOMLDecodeError: "),
        ("study = 'noise\udcff'", "run.toml is no TOML (UnicodeDecodeError: "),
        (None, "config is 'run.toml'; allowed are files such as run.toml"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str | None,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("run.toml").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(SystemExit) as end:
        run(monkeypatch, "--config", "run.toml")
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == (["run.toml"] if content else [])


def test_a_file_without_a_name_and_a_study_behind_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "run.toml").write_text("study = 'noise'\n")
    for typed, sentence in (
        (["--config"], "config has no value; allowed is one"),
        (["--config", tmp_path / "run.toml", "noise"], "argument is 'noise'; allowed is none"),
    ):
        with pytest.raises(SystemExit):
            run(monkeypatch, *typed)
        assert sentence in capsys.readouterr().err


def test_every_choice_of_a_command_is_in_the_file() -> None:
    study = studies_by_name["mode_sweep"]
    command = command_of(study)
    place = {"out", "jobs", "storage", "retry_failed"}
    keys = tomllib.loads(run_file_text(study, *asked_for("mode_sweep"))).keys()
    assert keys - {"study"} == {str(p.name) for p in command.params} - place
    assert isinstance(command, click.Command)
