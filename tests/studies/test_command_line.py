"""The study's command line driven as a user would."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from math import comb, prod
from pathlib import Path
from shutil import copytree

import pytest
from kept_weights import evaluate_stored
from queues import Queue
from smallest import changed
from stored_rows import make_row

from qcnn import InvalidInput
from studies.catalogue import studies_by_name
from studies.design.arms import labels
from studies.design.configuration import configuration_from_axes
from studies.design.study import Options, Study
from studies.report import main as report_main
from studies.rows.runs_file import add_rows, read_rows
from studies.rows.schema import COLUMNS
from studies.run import main as run_main
from studies.sentences import command_line
from studies.store.opening import open_store
from studies.transfer import main as transfer_main

Run = Callable[..., subprocess.CompletedProcess[str]]
STUDY = ("studies.run", "mode_sweep", "--dataset", "digits")
TUNED = ("studies.run", "compression", "--dataset", "digits")
SMOKE = (*STUDY, "--preset", "smoke")
COMMANDS = {
    "studies.run": run_main,
    "studies.report": report_main,
    "studies.transfer": transfer_main,
}


@pytest.fixture(scope="module")
def smoke(command: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a study that has run once, and what it printed; nothing is to be changed."""
    folder = tmp_path_factory.mktemp("smoke")
    done = command(*SMOKE, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture
def its_copy(smoke: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of that folder, named as its study."""
    return copytree(smoke[0], tmp_path / "mode_sweep")


def test_smoke_writes_rows_tables_figures_and_weights(smoke: tuple[Path, str]) -> None:
    folder, printed = smoke
    lines = printed.splitlines()
    assert lines[0].startswith("dataset: digits (1197 training, 200 validation, 400 test images)")
    assert lines[-1] == f"report: {folder / 'report.md'}"
    assert "accuracy against trainable parameters" in printed

    rows = read_rows(folder / "runs.csv")
    assert tuple(rows.columns) == COLUMNS
    search, final = rows[rows["role"] == "search"], rows[rows["role"] == "final"]
    assert (search["search"] != "").sum() in (1, 2)
    assert sorted(labels(final)) == [
        "direct",
        "equal cost: PQCNNs of (4,1)",
        "equal cost: PQCNNs of (6,1)",
        "equal cost: one PQCNN of 1 photon",
        "finalist",
    ]
    assert search["test_accuracy"].isna().all()
    assert final["test_accuracy"].between(0, 1).all()
    assert (rows["status"] == "complete").all()
    assert set(rows["engine"]) == {"fused", "none"}
    assert (rows["trainable_parameters"] >= rows["phases"] + rows["mapping_parameters"]).all()
    assert rows["versions"].str.contains("torch=").all()
    assert {path.name for path in (folder / "figures").glob("*.png")} == {
        "accuracy-digits.png",
        "size_map-digits.png",
        "size_lines-digits.png",
        "seeds-digits.png",
        "curves-digits.png",
    }

    finalist = final[labels(final) == "finalist"].iloc[0]
    record = {str(key): value for key, value in finalist.items()}
    configuration = configuration_from_axes(record)
    assert configuration.digest() == finalist["configuration"]
    again = evaluate_stored(configuration, int(finalist["seed"]), folder)
    assert again == pytest.approx(finalist["test_accuracy"], abs=1e-9)


def test_repeating_does_nothing_again_and_the_report_is_the_same(
    command: Run, its_copy: Path
) -> None:
    kept = ("runs.csv", "summary.csv", "report.md", "figures/size_map-digits.png")
    before = {name: (its_copy / name).read_bytes() for name in kept}
    assert command(*SMOKE, "--out", its_copy).returncode == 0
    assert {name: (its_copy / name).read_bytes() for name in kept} == before

    folder = its_copy / "elsewhere" / "mode_sweep"
    folder.mkdir(parents=True)
    (folder / "runs.csv").write_bytes(before["runs.csv"])
    done = command("studies.report", "--out", folder.parent)
    assert done.returncode == 0, done.stderr
    for name in kept:
        assert (folder / name).read_bytes() == before[name]
    assert done.stdout.splitlines()[-1] == f"report: {folder.parent / 'report.html'}"
    pages = ("README.md", "report.html", "figures/accuracy-digits.png")
    written = {name: (folder.parent / name).read_bytes() for name in pages}
    assert b"[mode_sweep](mode_sweep/report.md)" in written["README.md"]
    assert command("studies.report", "--out", folder.parent).returncode == 0
    assert {name: (folder.parent / name).read_bytes() for name in pages} == written

    # More seeds add to what is there; no run is repeated.
    assert command(*SMOKE, "--seeds", "2", "--out", its_copy).returncode == 0
    rows = read_rows(its_copy / "runs.csv")
    assert (rows["role"] == "final").sum() == 10
    assert not rows.duplicated(["configuration", "seed", "role"]).any()


def test_a_search_without_its_journal_goes_on_from_the_rows(command: Run, its_copy: Path) -> None:
    rows = read_rows(its_copy / "runs.csv")
    (its_copy / "journal.log").unlink()
    assert command(*SMOKE, "--out", its_copy).returncode == 0
    after = read_rows(its_copy / "runs.csv")
    assert after.iloc[: len(rows)].equals(rows)
    assert (after["search"] != "").sum() <= 2


def test_interrupted_and_resumed(command: Run, tmp_path: Path) -> None:
    options = ("--epochs", "6", "--trials", "6", "--jobs", "2", "--out", str(tmp_path))
    running = subprocess.Popen(
        [sys.executable, "-m", *SMOKE, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    csv = tmp_path / "runs.csv"
    deadline = time.monotonic() + 120
    while not csv.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 130, (output, errors)
    assert "Traceback" not in errors
    assert "interrupted: " in output
    assert "resume with: python -m studies.run mode_sweep --dataset digits" in output
    before = read_rows(csv)
    assert 1 <= len(before) < 6

    done = command(*SMOKE, *options)
    assert done.returncode == 0, done.stderr
    rows = read_rows(csv)
    assert rows.iloc[: len(before)].equals(before)
    assert not rows.duplicated(["configuration", "seed", "role"]).any()
    assert "search: 6/6 runs" in done.stdout


def test_axes_are_narrowed_and_sizes_that_do_not_suffice_never_tried(
    command: Run, tmp_path: Path
) -> None:
    done = command(
        *SMOKE, "--out", tmp_path, "--trials", 6, "--target", "notebook",
        "--searched", "log_affine", "--modes", "5,8", "--photons", "1-4", "--budget", "60",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = read_rows(tmp_path / "runs.csv")
    search = rows[rows["role"] == "search"]
    assert len(search) > 1
    drawn = search[search["search"] != ""]
    assert len(drawn) == 6
    assert set(drawn["mapping"].str.partition(":")[0]) == {"log_affine"}
    assert set(search["mesh"]) == {"minimal"}
    for sizes in drawn["sizes"]:
        pairs = [tuple(map(int, part.split("x"))) for part in sizes.split("+")]
        assert all(5 <= m <= 8 and 1 <= n <= 4 for m, n in pairs)
        assert prod(comb(*pair) for pair in pairs) >= 978
    of_map = search[search["search"] == ""]
    assert set(of_map["mapping"]) == {"mixing"}


def test_list(command: Run) -> None:
    done = command("studies.run", "--list")
    assert done.returncode == 0
    assert "mode_sweep" in done.stdout
    assert "How many modes and photons" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("studies.run", "mode_swep"), "study is 'mode_swep'; allowed are ablation"),
        ((*STUDY, "--seeds", "2.5"), "seeds is '2.5'; allowed are whole numbers from 1 to 10000"),
        ((*STUDY, "--seeds", "abc"), "seeds is 'abc'; allowed are whole numbers from 1 to 10000"),
        ((*STUDY, "--trials", "0"), "trials is '0'; allowed are whole numbers from 1 to 1000000"),
        (
            (*STUDY, "--budget", "two"),
            "budget is 'two'; allowed are whole numbers from 1 to 100000",
        ),
        ((*STUDY, "--preset", "huge"), "preset is 'huge'; allowed are smoke, quick, full\n"),
        ((*STUDY, "--preset", "smok"), "allowed are smoke, quick, full (did you mean 'smoke'?)"),
        ((*STUDY, "--photon", "3"), "option is '--photon'; allowed are --dataset, --preset"),
        ((*STUDY, "--photon", "3"), "--help (did you mean '--photons'?)"),
        ((*STUDY, "--mapping", "mixin"), "(did you mean 'mixing'?)"),
        ((*STUDY, "--searched", "mixing roost"), "(did you mean 'roots'?)"),
        ((*STUDY, "--mapping", "mps:bond_dimensions=3"), "(did you mean 'bond_dimension'?)"),
        ((*STUDY, "--mapping", "mps:form=torch_mps"), "(did you mean 'torchmps'?)"),
        ((*STUDY, "--target", "cnn220"), "(did you mean 'cnn2202'?)"),
        (("studies.run", "mode_sweep", "--dataset", "mnists"), "(did you mean 'mnist'?)"),
        (("studies.run", "ablation", "--mesh", "minmal"), "(did you mean 'minimal'?)"),
        (("studies.run", "fixed_matrix", "--form", "whitend"), "(did you mean 'whitened'?)"),
        (("studies.transfer", "nois", "--dataset", "digits"), "(did you mean 'noise'?)"),
        (("studies.run", "mode_sweep", "--dataset", "cifar"), "dataset is 'cifar'; allowed are au"),
        ((*STUDY, "--jobs"), "jobs has no value; allowed is one"),
        ((*STUDY, "--retry-failed=1"), "retry-failed has a value; allowed is none"),
        ((*STUDY, "ablation"), "argument is 'ablation'; allowed is none beside those that are"),
        (("studies.run", "--all"), "option is '--all'; allowed are --list, --config, --help"),
        (("studies.run", "--"), "study is missing; allowed are ablation"),
        (("studies.report", "results"), "argument is 'results'; allowed is none beside those"),
        (("studies.transfer", "--dataset", "digits"), "study is missing; allowed are ablation"),
        (("studies.transfer", "noise"), "dataset is missing; allowed are auto, "),
        (("studies.transfer", "nois", "--dataset", "digits"), "study is 'nois'; allowed are abla"),
        ((*STUDY, "--mapping", "magic"), "mapping is 'magic'; allowed are affine"),
        ((*STUDY, "--mapping", "mps:chi=3"), "option of mapping mps is 'chi'; allowed are"),
        ((*STUDY, "--target", "vgg"), "target is 'vgg'; allowed are"),
        ((*STUDY, "--modes", "4", "--photons", "5-6"), "photons is 5,6 with modes 4; allowed"),
        (
            (*STUDY, "--modes", "4..6"),
            "modes is '4..6'; allowed are whole numbers from 2 such as ",
        ),
        ((*STUDY, "--modes", "1"), "'1'; allowed are whole numbers from 2"),
        (
            (*STUDY, "--mapping", "affine", "--modes", "8", "--photons", "4", "--budget", "53"),
            "mapping is 'affine' with 1 × (8,4); allowed there are mappings that",
        ),
        (
            (*STUDY, "--budget", "3", "--photons", "1"),
            "budget is 3, at which one PQCNN of 1 photon",
        ),
        ((*STUDY, "--wrong"), "option is '--wrong'; allowed are --dataset, --preset, --trials"),
        ((*TUNED, "--learning-rates", "0.1,fast"), "'0.1,fast'; allowed are positive numbers such"),
        ((*TUNED, "--learning-rates", "0"), "'0'; allowed are positive numbers such as 0.01,0.1"),
        ((*TUNED, "--budget", "40"), "allowed for small networks trained by"),
        (("studies.report", "--out", "nowhere"), "out is 'nowhere'; allowed are folders"),
        ((*STUDY, "--modes", "2-1000000000"), "allowed are at most 1000 whole numbers"),
        ((*STUDY, "--seeds", "1000000000"), "allowed are whole numbers from 1 to 10000"),
        ((*STUDY, "--seed", str(2**63)), "allowed are whole numbers from 0 to 92233720368547"),
        ((*STUDY, "--rates", "nan"), "rates is 'nan'; allowed are positive numbers such as 0.01"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    """In this process, which spares the start of an interpreter for each mistake."""
    module, *typed = arguments
    has_folder = module == "studies.run" and "--dataset" in typed and "--out" not in typed
    out = ("--out", str(tmp_path / "o")) if has_folder and typed[-1][:2] != "--" else ()
    monkeypatch.setattr(sys, "argv", [module, *typed, *out])
    with pytest.raises(SystemExit) as end:
        command_line(COMMANDS[module])
    assert end.value.code == 2
    errors = capsys.readouterr().err
    assert sentence in errors
    assert re.fullmatch(
        r"error: [^;\n]+ (is|has) [^;\n]+; allowed[^;\n]* (is|are) [^;\n]+\n", errors
    )
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("there", [False, True], ids=["fresh", "there"])
def test_a_command_that_is_refused_while_it_runs_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    folder = tmp_path / "new" / "out"
    if there:
        folder.mkdir(parents=True)
        (folder / "notes.txt").write_text("kept")
    before = sorted(tmp_path.rglob("*"))

    def refuse(study: Study, options: Options, _: object) -> Path:
        """As a worker does that finds too little memory."""
        queue = Queue(study, options, "command", open_store(options.place.out, None))
        queue.enqueue_missing(study.cells(options))
        raise InvalidInput("a state needs 900 GiB of memory; allowed are the 2 available")

    monkeypatch.setattr("studies.study_command.run_study", refuse)
    monkeypatch.setattr(sys, "argv", [*SMOKE, "--out", str(folder)])
    with pytest.raises(SystemExit) as end:
        command_line(run_main)
    assert end.value.code == 2
    if there:
        assert set(before) <= set(tmp_path.rglob("*"))
    else:
        assert sorted(tmp_path.rglob("*")) == before


def test_a_refused_command_removes_nothing_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(study: Study, options: Options, _: object) -> Path:
        for epochs in (1, 2):
            chosen = changed(options, epochs=epochs)
            Queue(study, chosen, "command", open_store(options.place.out, None))
        raise InvalidInput("a state needs 900 GiB of memory; allowed are the 2 available")

    monkeypatch.setattr("studies.study_command.run_study", refuse)
    monkeypatch.setattr(sys, "argv", [*SMOKE, "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit):
        command_line(run_main)
    assert (tmp_path / "out" / "journal.log").exists()


def test_a_folder_of_another_study_is_refused_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_rows(tmp_path / "ablation" / "runs.csv", [make_row(1, study="noise")])
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(sys, "argv", [*SMOKE, "--out", str(tmp_path / "ablation")])
    with pytest.raises(SystemExit) as end:
        command_line(run_main)
    assert end.value.code == 2
    assert "which holds runs of the study 'noise'; allowed are folders" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["studies.report", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        command_line(report_main)
    assert end.value.code == 2
    assert "holds runs of 'noise'; allowed are those of 'ablation'" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_command_without_a_study_shows_its_help_line_by_line(command: Run) -> None:
    done = command("studies.run")
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: python -m studies.run [OPTIONS] COMMAND [ARGS]...\n")
    assert "\n  mode_sweep " in done.stderr
    assert done.stdout == ""


def test_a_mistake_at_the_prompt(command: Run) -> None:
    done = command("studies.run", "mode_swep")
    assert done.returncode == 2
    allowed = ", ".join(sorted(studies_by_name))
    meant = "(did you mean 'mode_sweep'?)"
    assert done.stderr == f"error: study is 'mode_swep'; allowed are {allowed} {meant}\n"


def test_an_output_folder_that_cannot_be_written(command: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = command(*SMOKE, "--out", tmp_path / "file" / "out")
    assert done.returncode == 2
    assert done.stderr.strip().endswith("allowed is a folder that can be written")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_results_file_cut_in_half_is_refused_and_left_alone(command: Run, its_copy: Path) -> None:
    csv = its_copy / "runs.csv"
    half = csv.read_bytes()[: csv.stat().st_size // 2]
    csv.write_bytes(half)
    for arguments in ((*SMOKE, "--out", its_copy), ("studies.report", "--out", its_copy.parent)):
        done = command(*arguments)
        assert done.returncode == 2
        assert "is not a whole results file" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert csv.read_bytes() == half


def test_a_size_that_does_not_fit_into_memory(command: Run, tmp_path: Path) -> None:
    done = command(*SMOKE, "--out", tmp_path, "--space", "fock", "--modes", 40, "--photons", 20)
    assert done.returncode == 2
    assert "GiB of memory; allowed are at most the " in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "runs.csv").exists()


def test_a_data_file_with_a_wrong_checksum(command: Run, tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"not images")
    done = command(
        "studies.run", "mode_sweep", "--preset", "smoke", "--out", tmp_path / "o",
        QCNN_DATA_DIR=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 2
    assert "train-images-idx3-ubyte" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
