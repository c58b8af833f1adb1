"""Where commands write: nothing but what the full preset asks for by itself is published."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from conftest import ROOT, environment
from queues import Queue
from smallest import changed, make_options, smoke_axes
from stored_rows import CONFIGURATION, make_row

from qcnn import InvalidInput
from qcnn.data.fashion_mnist import fashion_mnist_at_hand
from qcnn.data.mnist import mnist_at_hand
from studies.analysis.answers import findings_of
from studies.catalogue import studies_by_name
from studies.design.arms import FINALIST
from studies.design.datasets import published_dataset
from studies.design.study import Cell, Options, Study
from studies.destination import (
    check_published,
    own_folder,
    transfer_folder,
)
from studies.reports.study_report import read_study
from studies.rows.runs_file import PUBLISHED, add_rows, read_rows
from studies.run import main as run_main
from studies.sentences import command_line
from studies.store.opening import open_store
from studies.study_command import _choices, check_rows_of, command_of
from studies.transfer import main as transfer_main

PRESETS = ("smoke", "quick", "full")
#: Studies that are published on a dataset of their own.
OWN_DATASETS = {
    "adapters": "fashion-mnist",
    "frontier_anew": "fashion-mnist",
    "signals": "mnist-1d",
}
STUDIES = [pytest.param(study, id=name) for name, study in sorted(studies_by_name.items())]
#: Decides which runs exist; any other value than the preset's own.
OTHERS = {"trials": 7, "seeds": 77, "epochs": 7, "seed": 7}
HOW = ("--jobs", "1", "--storage", "postgresql://host/db", "--retry-failed")


def typed(study: Study, *arguments: str) -> dict[str, Any]:
    """The values of a command as it was typed."""
    return command_of(study).make_context(study.name, list(arguments)).params


def folder_of(study: Study, dataset: str, values: dict[str, Any]) -> str:
    return own_folder(study, *_choices(study, values, dataset)).as_posix()


def each_change(study: Study) -> Iterator[dict[str, Any]]:
    """Options with another value than the preset's, one at a time."""
    for name, value in OTHERS.items():
        if name != "trials" or study.search is not None:
            yield {name: value}
    for axis in study.axes:
        yield {axis.name: 7 if axis.is_length else ("another",)}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("study", STUDIES)
def test_only_what_full_asks_for_by_itself_on_mnist_is_published(study: Study, preset: str) -> None:
    values = typed(study, "--preset", preset, *HOW)
    published, own = f"results/{study.name}", published_dataset(study.dataset)
    assert own == OWN_DATASETS.get(study.name, "mnist")
    assert folder_of(study, own, values) == (
        published if preset == "full" else f"results-{preset}/{study.name}"
    )
    for dataset in {"digits", "fashion-mnist", "mnist"} - {own}:
        assert folder_of(study, dataset, values) == f"results-{preset}/{study.name}"
    changes = list(each_change(study))
    assert len(changes) >= 3 + len(study.axes)
    for change in changes:
        folder = folder_of(study, own, values | change)
        assert folder.startswith(f"results-{preset}"), change
        assert folder.endswith(f"/{study.name}")


@pytest.mark.parametrize("study", STUDIES)
def test_options_typed_as_the_preset_has_them_are_its_own(study: Study) -> None:
    full = study.presets["full"]
    length = ("--epochs", str(full.epochs)) if full.epochs else ()
    values = typed(study, "--preset", "full", *length, "--seed", "0")
    assert folder_of(study, published_dataset(study.dataset), values) == f"results/{study.name}"


@pytest.mark.parametrize("study", STUDIES)
def test_the_help_says_what_is_published(study: Study) -> None:
    (out,) = (each for each in command_of(study).params if each.name == "out")
    assert isinstance(out, click.Option)
    said = f"results/STUDY for just what full does on {published_dataset(study.dataset)}]"
    assert (out.help or "").endswith(said)
    dataset = typed(study)["dataset"]
    assert dataset == OWN_DATASETS.get(study.name, "auto")


@pytest.mark.parametrize(
    ("name", "arguments", "folder"),
    [
        ("mode_sweep", ("--epochs", "5"), "results-quick-5-epochs/mode_sweep"),
        ("mode_sweep", ("--epochs", "8"), "results-quick/mode_sweep"),
        ("mode_sweep", ("--preset", "full", "--epochs", "5"), "results-full-5-epochs/mode_sweep"),
        ("mode_sweep", ("--preset", "full", "--seeds", "3"), "results-full/mode_sweep"),
        (
            "bond_dimension",
            ("--preset", "full", "--rounds", "200"),
            "results-full-200-rounds/bond_dimension",
        ),
        (
            "bond_dimension",
            ("--epochs", "5", "--rounds", "3"),
            "results-quick-5-epochs-3-rounds/bond_dimension",
        ),
    ],
)
def test_another_length_is_in_the_name(name: str, arguments: tuple[str, ...], folder: str) -> None:
    study = studies_by_name[name]
    assert folder_of(study, "mnist", typed(study, *arguments)) == folder


def test_a_transfer_has_a_folder_for_each_dataset_and_preset() -> None:
    study = studies_by_name["noise"]
    found = [
        transfer_folder(study, dataset, preset, published=published).as_posix()
        for published in (False, True)
        for dataset in ("digits", "fashion-mnist")
        for preset in ("full", "quick, 5 epochs")
    ]
    beside = [
        "results-digits/noise",
        "results-quick-5-epochs-digits/noise",
        "results-fashion-mnist/noise",
        "results-quick-5-epochs-fashion-mnist/noise",
    ]
    assert found == [*beside, *beside[:2], "results/noise", beside[3]]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("change", [{}, {"epochs": 7}], ids=["own", "other length"])
def test_git_ignores_what_is_not_published(preset: str, change: dict[str, Any]) -> None:
    study = studies_by_name["mode_sweep"]
    folder = folder_of(study, "mnist", typed(study, "--preset", preset) | change)
    answer = subprocess.run(
        ["git", "-C", str(ROOT), "check-ignore", "-q", f"{folder}/runs.csv"], check=False
    )
    if answer.returncode == 128:
        pytest.skip("not a git checkout")
    assert (answer.returncode == 0) == (preset != "full" or bool(change))


#: An arm that mode_sweep transfers.
OF_MAP = "equal cost: PQCNNs of (8,4)"


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with published rows, to work in."""
    monkeypatch.chdir(tmp_path)
    add_rows(PUBLISHED / "mode_sweep" / "runs.csv", [make_row(1, dataset="mnist", label=OF_MAP)])
    return tmp_path


@pytest.mark.parametrize("name", ["results", "results/mode_sweep", "results/bench", "results/new"])
def test_nothing_else_is_written_into_published_results(published: Path, name: str) -> None:
    own = Path("results-quick/mode_sweep")
    for out in (Path(name), published / name, Path("results-quick") / ".." / name):
        with pytest.raises(InvalidInput, match="inside the published 'results'; allowed there is"):
            check_published(out, own)
    check_published(Path("results/mode_sweep"), Path("results/mode_sweep"))
    for elsewhere in ("results-quick/mode_sweep", "elsewhere/results/mode_sweep", ".", "result"):
        check_published(Path(elsewhere), own)


def test_a_folder_called_results_with_nothing_published_is_anybodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_published(Path("results/mine"), Path("results-quick/mode_sweep"))
    with pytest.raises(InvalidInput, match="inside the published"):
        check_published(Path("results/noise"), Path("results-quick/noise"))


@pytest.mark.parametrize("preset", ["quick", "full, 5 epochs"])
def test_rows_of_another_preset_are_refused(tmp_path: Path, preset: str) -> None:
    study = studies_by_name["mode_sweep"]
    add_rows(tmp_path / "runs.csv", [make_row(1, preset="quick, 5 epochs")])
    sentence = f"holds runs of the preset 'quick, 5 epochs'; allowed .* runs of '{preset}' alone"
    with pytest.raises(InvalidInput, match=sentence):
        check_rows_of(study, tmp_path, preset)
    check_rows_of(study, tmp_path, "quick, 5 epochs")


def test_presets_share_no_table(tmp_path: Path) -> None:
    rows = [make_row(1), make_row(2, preset="quick")]
    add_rows(tmp_path / "mode_sweep" / "runs.csv", rows)
    with pytest.raises(InvalidInput, match="presets 'full' and 'quick'; allowed is one preset"):
        read_study(tmp_path / "mode_sweep")


def test_each_command_says_in_its_folder_what_it_was_asked_for(tmp_path: Path) -> None:
    """Though they share the run."""
    study = studies_by_name["mode_sweep"]
    first = make_options(tmp_path / "full", smoke_axes(study))
    second = changed(first, out=tmp_path / "quick", preset="quick, 1 epochs")
    store = open_store(tmp_path, None)
    queues = [Queue(study, options, "worker", store) for options in (first, second)]
    queues[0].enqueue_missing([Cell(replace(CONFIGURATION, epochs=1), 1, FINALIST)])
    assert queues[0].run_next()
    for queue, preset in zip(queues, ("full", "quick, 1 epochs"), strict=True):
        queue.take_rows()
        assert list(read_rows(queue.csv)["preset"]) == [preset]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, main: click.Command = run_main) -> int:
    """The exit code of a command that stores a row and runs nothing."""

    def store_a_row(_: Study, options: Options, __: object) -> None:
        row = make_row(1, dataset=options.scope.dataset, preset=options.amount.preset)
        add_rows(options.place.out / "runs.csv", [row])

    monkeypatch.setattr("studies.study_command.run_study", store_a_row)
    monkeypatch.setattr(sys, "argv", ["command", *arguments])
    try:
        command_line(main)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def files(folder: Path) -> dict[str, str]:
    """What every file holds."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


PAGES = {"README.md", "claims.md", "report.html"}


def test_a_preset_has_pages_of_its_own_and_changes_no_published_ones(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(published / "results")
    assert run(monkeypatch, "mode_sweep", "--dataset", "digits") == 0
    assert files(published / "results") == before
    written = files(published / "results-quick")
    assert written.keys() >= PAGES | {"mode_sweep/report.md", "mode_sweep/runs.csv"}
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    for answer in findings_of(read_study(Path("results-quick/mode_sweep"))):
        assert "".join(answer.split()) in "".join(printed.split())
    assert lines[-4:] == [
        f"report: {Path('results-quick') / name}"
        for name in ("mode_sweep/report.md", "README.md", "claims.md", "report.html")
    ]
    for page in ("README.md", "report.html", "mode_sweep/report.md"):
        text = (published / "results-quick" / page).read_text()
        assert "These are runs of the preset quick." in text

    # A folder that is named has the report alone.
    assert run(monkeypatch, "mode_sweep", "--dataset", "digits", "--out", "mine") == 0
    assert not PAGES & files(published / "mine").keys()
    assert files(published / "results") == before


@pytest.mark.skipif(not mnist_at_hand(), reason="MNIST is not in $QCNN_DATA_DIR or the user cache")
def test_the_full_preset_publishes(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "mode_sweep", "--dataset", "mnist", "--preset", "full") == 0
    assert files(published / "results").keys() >= PAGES | {"mode_sweep/report.md"}
    assert "of the preset" not in (published / "results" / "README.md").read_text()
    assert [path.name for path in published.iterdir()] == ["results"]


def test_a_command_that_may_not_write_there_says_so(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(published)
    typed = ("mode_sweep", "--dataset", "digits", "--preset", "full", "--out", "results/mode_sweep")
    assert run(monkeypatch, *typed) == 2
    assert capsys.readouterr().err == (
        "error: out is 'results/mode_sweep', inside the published 'results'; allowed there is what "
        "the preset full does by itself on mnist, unchanged on fashion-mnist\n"
    )
    assert files(published) == before


def test_a_transfer_has_pages_of_its_own_and_changes_no_published_ones(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(published / "results")
    typed = ("mode_sweep", "--dataset", "digits")
    assert run(monkeypatch, *typed, main=transfer_main) == 0
    assert files(published / "results-digits").keys() >= PAGES | {"mode_sweep/report.md"}
    assert run(monkeypatch, *typed, "--out", "results/mode_sweep", main=transfer_main) == 2
    assert files(published / "results") == before

    quick = make_row(1, dataset="mnist", preset="quick", label=OF_MAP)
    add_rows(Path("mine/mode_sweep/runs.csv"), [quick])
    assert run(monkeypatch, *typed, "--results", "mine", main=transfer_main) == 0
    rows = read_rows(published / "results-quick-digits" / "mode_sweep" / "runs.csv")
    assert list(rows["preset"]) == ["quick"]


@pytest.mark.skipif(
    not fashion_mnist_at_hand(), reason="Fashion-MNIST is not in $QCNN_DATA_DIR or the user cache"
)
def test_the_transfer_to_fashion_mnist_publishes_where_nothing_else_is_chosen(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(published / "results")
    typed = ("mode_sweep", "--dataset", "fashion-mnist", "--jobs", "1")
    csv = Path("results/mode_sweep/runs.csv")
    add_rows(Path("mine/mode_sweep/runs.csv"), [make_row(1, dataset="mnist", label=OF_MAP)])
    for choice in (("--every-arm",), ("--results", "mine")):
        assert run(monkeypatch, *typed, *choice, main=transfer_main) == 0
        assert files(published / "results") == before
    assert set(read_rows(Path("results-fashion-mnist/mode_sweep/runs.csv"))["dataset"]) == {
        "fashion-mnist"
    }
    stored = csv.read_text()
    assert run(monkeypatch, *typed, main=transfer_main) == 0
    assert csv.read_text().startswith(stored)
    assert list(read_rows(csv)["dataset"]) == ["mnist", "fashion-mnist"]
    assert list(read_rows(csv)["preset"]) == ["full", "full"]
    assert files(published / "results").keys() >= PAGES | {"mode_sweep/report.md"}


def test_runs_beside_published_ones_leave_every_byte_of_them(tmp_path: Path) -> None:
    """With real runs, in a copy of what is committed."""
    kept = shutil.ignore_patterns("weights", "models", "checkpoints", "journal.log*")
    shutil.copytree(ROOT / "results", tmp_path / "results", ignore=kept)
    before = files(tmp_path / "results")
    assert len(before) > 10
    arguments = ("studies.run", "mode_sweep", "--dataset", "digits", "--preset", "smoke")
    arguments += ("--jobs", "2")
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "results") == before
    # How long it takes is known from the published runs.
    _, first, progress, *_ = done.stdout.splitlines()
    assert re.fullmatch(r"search \d+ runs, .* on 2 processes: (about \d+ (s|min)|a few .*)", first)
    assert re.fullmatch(r"search: 0/\d+ runs, best validation –, (about|a few) .* left", progress)
    assert set(read_rows(tmp_path / "results-smoke/mode_sweep/runs.csv")["preset"]) == {"smoke"}
