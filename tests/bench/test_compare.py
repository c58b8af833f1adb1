"""The comparison: agreement, missing peers, input, and its rows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import bench.compare
import bench.plan
from bench.compare import UNFINISHED, main
from bench.contest import Disagreement, check_agreement, compare_passes, results_of
from bench.peers import FUSED, Peer, Prepared, find_peers, register_peer, registered
from bench.rows import (
    ABSENT,
    BATCH,
    CALL,
    FAILED,
    FORWARD,
    PASS,
    QUANTUM,
    RATE,
    STEP,
    Row,
    read_rows,
    write_rows,
)
from bench.task import Task
from qcnn import InvalidInput
from studies.sentences import one_sentence_errors

TASK = Task(4, 2, "fock")


class Copy(Peer):
    """A peer that is the fused engine, with something changed."""

    label = "copy"
    package = "torch"
    spaces = ("unbunched", "fock")
    precision = "float64"

    def __init__(self, **changes: object) -> None:
        self.changes = changes

    def prepare(self, task: Task) -> Prepared:
        return replace(registered[FUSED]().prepare(task), **self.changes)  # type: ignore[arg-type]


def test_a_copy_agrees_exactly() -> None:
    rows = compare_passes(TASK, {"copy": Copy()}, repeats=1, budget=1)
    assert {(row.engine, row.direction) for row in rows} == {
        (engine, direction)
        for engine in ("fused", "copy")
        for direction in ("forward", "forward+backward")
    }
    assert all(row.deviation == 0 and row.gradient_deviation == 0 for row in rows)


def test_another_order_of_the_outcomes_is_noticed() -> None:
    backwards = Copy(read=lambda found: np.asarray(found.numpy()[::-1], dtype=np.float64))
    with pytest.raises(
        Disagreement, match=r"^copy deviates .* \(4,2\) fock by \d\S* of the largest probability"
    ):
        compare_passes(TASK, {"copy": backwards}, repeats=1, budget=1)


def test_another_number_of_outcomes_is_noticed() -> None:
    shorter = Copy(read=lambda found: found.numpy()[1:])
    with pytest.raises(Disagreement, match="by inf of"):
        compare_passes(TASK, {"copy": shorter}, repeats=1, budget=1)


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_a_wrong_gradient_is_noticed(value: float) -> None:
    wrong = Copy(forward_backward=lambda: np.full(TASK.mesh.phases, value))
    with pytest.raises(Disagreement, match="copy deviates .* of the largest gradient component"):
        compare_passes(TASK, {"copy": wrong}, repeats=1, budget=1)


def test_nan_is_no_agreement_without_a_gradient_either() -> None:
    wrong = Copy(read=lambda found: np.full(TASK.outcomes, np.nan), forward_backward=None)
    with pytest.raises(Disagreement, match="by nan of"):
        compare_passes(TASK, {"copy": wrong}, repeats=1, budget=1)


@pytest.mark.parametrize(
    ("name", "space"),
    [(name, space) for name, peer in find_peers().items() for space in peer.spaces],
)
@pytest.mark.filterwarnings("ignore")  # of the peers' own packages
def test_every_installed_peer_agrees(name: str, space: str) -> None:
    peer = registered[name]()
    if peer.version() is None:
        pytest.skip(f"the peer {name} is not installed")
    task = Task(5, 3, space)
    found, expected = results_of(peer.prepare(task)), results_of(registered[FUSED]().prepare(task))
    assert check_agreement(name, task, found, expected)[0] < 1e-5


def test_a_run_reports_a_missing_peer_and_writes_rows_report_and_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registered["deepquantum"], "package", "no-such-distribution")
    command = f"--peers perceval,deepquantum --sizes 3x2 --repeats 1 --budget 0.1 --out {tmp_path}"
    result = CliRunner().invoke(main, command.split(), catch_exceptions=False)
    assert result.exit_code == 0
    assert "deepquantum: not installed, left out\n" in result.output
    rows = read_rows(tmp_path / "comparison.csv")
    assert set(rows["kind"]) == {ABSENT, PASS, CALL, BATCH, STEP, QUANTUM, RATE}
    assert list(rows[rows["kind"] == ABSENT]["engine"]) == ["deepquantum"]
    assert set(rows[rows["engine"] == "perceval"]["direction"]) == {FORWARD}
    assert (rows[rows["kind"] != ABSENT]["median"] > 0).all()
    report = (tmp_path / "report.md").read_text()
    assert "- DeepQuantum: not installed." in report
    assert (tmp_path / "time-against-outcomes.png").stat().st_size > 0


def test_a_run_stops_at_a_disagreement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise Disagreement("merlin deviates by 0.5")

    monkeypatch.setattr(bench.plan, "compare_passes", fail)
    with pytest.raises(SystemExit, match="error: merlin deviates by 0.5"):
        main(["--sizes", "3x2", "--repeats", "1", "--out", str(tmp_path)], standalone_mode=False)
    assert [path.name for path in tmp_path.iterdir()] == [UNFINISHED]


SMALL = "--peers perceval --sizes 3x2,4x2 --spaces fock --repeats 1 --budget 0.1 --out"


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code is as its commit has it."""
    monkeypatch.setattr(bench.compare, "git_commit", lambda: "abc")


@pytest.fixture
def passes_alone(monkeypatch: pytest.MonkeyPatch, clean: None) -> None:
    """Batches and training steps, which take longest, have no rows."""
    for part in ("compare_batches", "compare_training_steps"):
        monkeypatch.setattr(bench.plan, part, lambda *_: [])


def compare(folder: Path) -> str:
    result = CliRunner().invoke(main, [*SMALL.split(), str(folder)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def interrupt_at(part: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a comparison says that Ctrl-C ends in one of its parts."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bench.plan, part, interrupt)
        result = CliRunner().invoke(main, [*SMALL.split(), str(folder)], catch_exceptions=False)
    assert result.exit_code == 130
    return result.output


@pytest.mark.usefixtures("clean")
def test_an_interrupted_comparison_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = "what an earlier comparison found"
    (tmp_path / "comparison.csv").write_text(kept)
    said = interrupt_at("compare_batches", tmp_path, monkeypatch)
    assert said.endswith(f"interrupted: the same command goes on from {tmp_path / UNFINISHED}\n")
    assert (tmp_path / "comparison.csv").read_text() == kept
    before = (tmp_path / UNFINISHED).read_text().splitlines()
    assert {line.split(",")[0] for line in before[1:]} == {RATE, CALL, PASS}
    said = compare(tmp_path)
    assert said.startswith(f"3 of 5 parts are in {tmp_path / UNFINISHED} already\nbatches, fock\n")
    assert (tmp_path / "comparison.csv").read_text().splitlines()[: len(before)] == before
    assert not (tmp_path / UNFINISHED).exists()
    assert set(read_rows(tmp_path / "comparison.csv")["kind"]) == {
        RATE,
        CALL,
        PASS,
        BATCH,
        STEP,
        QUANTUM,
    }


@pytest.mark.usefixtures("passes_alone")
@pytest.mark.parametrize("commit", ["another", "abc-dirty"])
def test_rows_of_other_code_are_not_gone_on_from(
    commit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(bench.compare, "git_commit", lambda: "abc-dirty")
        interrupt_at("compare_batches", tmp_path, monkeypatch)
    monkeypatch.setattr(bench.compare, "git_commit", lambda: commit)
    said = compare(tmp_path)
    assert said.startswith(f"{tmp_path / UNFINISHED} holds no part of this command under this code")
    assert set(read_rows(tmp_path / "comparison.csv")["commit"]) == {commit}


@pytest.mark.usefixtures("passes_alone")
def test_a_peer_that_raises_an_error_is_named_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = registered["perceval"].prepare

    def fail(self: Peer, task: Task) -> Prepared:
        if task.modes == 4:
            raise MemoryError("cannot hold it\nat all")
        return prepare(self, task)

    monkeypatch.setattr(registered["perceval"], "prepare", fail)
    assert "perceval failed: MemoryError: cannot hold it at all\n" in compare(tmp_path)
    rows = read_rows(tmp_path / "comparison.csv")
    assert list(rows[rows["kind"] == FAILED]["modes"]) == [4]
    timed = rows[rows["kind"] == PASS]
    assert set(zip(timed["engine"], timed["modes"], strict=True)) == {
        (FUSED, 3),
        (FUSED, 4),
        ("perceval", 3),
    }
    remark = (
        "- Perceval SLOS, (4,2), all Fock outcomes: failed, MemoryError: cannot hold it at all."
    )
    assert remark in (tmp_path / "report.md").read_text()


@pytest.mark.usefixtures("passes_alone")
def test_what_failed_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Peer, task: Task) -> Prepared:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(registered["perceval"], "prepare", fail)
        assert "perceval failed: RuntimeError\n" in interrupt_at(
            "compare_batches", tmp_path, monkeypatch
        )
    assert compare(tmp_path).startswith("1 of 5 parts are in ")
    rows = read_rows(tmp_path / "comparison.csv")
    assert FAILED not in set(rows["kind"])
    assert len(rows[rows["engine"] == "perceval"]) == 2


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--peers", "merlin,strawberry", "allowed are one or more of torch,merlin,perceval"),
        ("--spaces", "bosonic", "'bosonic'; allowed are one or more of unbunched,fock"),
        ("--sizes", "8", "sizes holds '8'; allowed are modes x photons such as 8x4,9x4"),
        ("--sizes", "4x2,3x4", "sizes holds '3x4'; allowed are"),
        ("--sizes", "4x0", "sizes holds '4x0'; allowed are"),
        ("--sizes", "", "sizes holds ''; allowed are"),
        ("--repeats", "0", "repeats is '0'; allowed are whole numbers from 1 to 1000000"),
        ("--budget", "0", "budget is '0'; allowed are positive numbers up to 1e+06"),
        ("--budget", "nan", "'nan'; allowed are positive numbers up to 1e+06"),
        ("--repeats", "1000000000", "allowed are whole numbers from 1 to 1000000"),
        ("--sizes", "1000000000x5", "sizes holds '1000000000x5'; allowed are"),
        ("--sizes", "1_0x4", "sizes holds '1_0x4'; allowed are"),
        ("--sizes", "٨x٤", "sizes holds '٨x٤'; allowed are"),
        (
            "--sizes",
            "8x4,200x100",
            "sizes holds 200x100, which with collision-free outcomes needs ",
        ),
        ("--repeats", "1_0", "'1_0'; allowed are whole numbers from 1 to 1000000"),
        ("--budget", "1_0", "'1_0'; allowed are positive numbers up to 1e+06"),
        ("--out", __file__, "allowed is a folder"),
        ("--out", "", "''; allowed is a folder, there or to be made"),
    ],
)
def test_bad_input_is_answered_in_one_sentence(
    option: str,
    value: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped, one_sentence_errors():
        main([option, value], standalone_mode=False)
    assert not list(tmp_path.iterdir())
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert said in message
    assert message.count("\n") == 1


def test_a_results_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "comparison.csv"
    with pytest.raises(InvalidInput, match="allowed are folders with a comparison.csv"):
        read_rows(path)
    path.write_text("kind,engine\npass,fused\n")
    with pytest.raises(InvalidInput, match="is not a results file of a comparison"):
        read_rows(path)
    write_rows(path, [Row(PASS, "fused")])
    with pytest.raises(InvalidInput, match="no row of the kind 'multiply-adds'"):
        read_rows(path)


def test_a_peer_that_takes_the_engines_name_is_refused() -> None:
    with pytest.raises(InvalidInput, match="of the peer bench.peers.fused.Fused and the peer"):
        register_peer(FUSED)(Copy)
    assert registered[FUSED] is not Copy
