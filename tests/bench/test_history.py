"""The history of the asv suite: from what asv stores to rows and a page, without a server."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from asv.machine import Machine
from asv.results import Results
from asv.runner import BenchmarkResult

from bench.history.__main__ import publish
from bench.history.measured import Row, read_rows, rows_of_asv, write_rows
from bench.history.page import FIGURE, PAGE, ROWS, build_page
from qcnn import InvalidInput

BENCHMARKS = {
    "part.Step.time_step": ("seconds", [["'small'", "'large'"]]),
    "part.Digits.track_accuracy": ("%", []),
    "part.New.time_it": ("seconds", []),
}
FIRST, LAST = "1" * 40, "2" * 40
DAY = 86_400_000
MACHINE = Machine.get_unique_machine_name()


def store(folder: Path, commit: str, values: dict[str, list[float | None]], day: int) -> None:
    found = Results({"machine": MACHINE}, {}, commit, day * DAY, "3.11", "env", {})
    for name, results in values.items():
        timed = BENCHMARKS[name][0] == "seconds"
        samples = [[v, v, 1.1 * v] if timed and v else None for v in results]
        numbers = [1 if each else None for each in samples]
        found.add_result(
            {"name": name, "version": "1", "params": BENCHMARKS[name][1]},
            BenchmarkResult(list(results), samples, numbers, 0, "", None),
        )
    found.save(str(folder))


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    folder = tmp_path / ".asv" / "results"
    folder.mkdir(parents=True)
    (folder / "benchmarks.json").write_text(
        json.dumps(
            {
                "version": 2,
                **{
                    name: {"name": name, "unit": unit, "params": params}
                    for name, (unit, params) in BENCHMARKS.items()
                },
            }
        )
    )
    before = {"part.Step.time_step": [0.2, 0.4], "part.Digits.track_accuracy": [90.0]}
    after = {
        "part.Step.time_step": [0.1, None],
        "part.Digits.track_accuracy": [45.0],
        "part.New.time_it": [0.3],
    }
    store(folder, FIRST, {**before}, 1)
    store(folder, LAST, {**after}, 2)
    (folder / MACHINE / "machine.json").write_text(json.dumps({"machine": MACHINE, "version": 1}))
    return folder


REVISIONS = {"v1": FIRST, "v2": LAST}


def test_rows_are_what_asv_has_stored(stored: Path) -> None:
    rows = rows_of_asv(stored, MACHINE, REVISIONS)
    found = {(row.benchmark, row.parameters, row.revision): row.value for row in rows}
    assert found == {
        ("part.Step.time_step", "small", "v1"): 0.2,
        ("part.Step.time_step", "large", "v1"): 0.4,
        ("part.Digits.track_accuracy", "", "v1"): 90.0,
        ("part.Step.time_step", "small", "v2"): 0.1,
        ("part.Digits.track_accuracy", "", "v2"): 45.0,
        ("part.New.time_it", "", "v2"): 0.3,
    }
    assert {row.date for row in rows} == {"1970-01-02", "1970-01-03"}


def test_the_page_says_what_became_better_and_what_worse(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    publish(REVISIONS, tmp_path)
    text = (tmp_path / PAGE).read_text()
    answer = text.splitlines()[2]
    assert "From v1 to v2, of 2 measurements 1 became better by more than 10 %, 1 worse" in answer
    assert "largest gain is 2 times: part.Step.time_step · small." in answer
    assert "largest loss is 2 times: part.Digits.track_accuracy." in answer
    assert (tmp_path / FIGURE).read_bytes().startswith(b"\x89PNG")
    assert "| – " in text  # what a commit does not have
    before = [(tmp_path / name).read_bytes() for name in (PAGE, FIGURE)]
    build_page(tmp_path)
    assert [(tmp_path / name).read_bytes() for name in (PAGE, FIGURE)] == before


def test_one_revision_is_not_compared(stored: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / ROWS, rows_of_asv(stored, MACHINE, {"v2": LAST}))
    assert "nothing to compare with" in build_page(tmp_path).read_text()
    assert not (tmp_path / FIGURE).exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("value", "wert"),
        lambda text: text.replace("0.5", "-0.5"),
        lambda text: text.splitlines()[0] + "\n",
        lambda text: text + text.splitlines()[1] + "\n",
        lambda text: "",
    ],
)
def test_damaged_rows_are_refused(tmp_path: Path, damage: object) -> None:
    path = tmp_path / ROWS
    write_rows(path, [Row("part.Step.time_step", "", "seconds", "v1", "1", "1970-01-02", 0.5)])
    assert len(read_rows(path)) == 1
    path.write_text(damage(path.read_text()))  # type: ignore[operator]
    with pytest.raises(InvalidInput, match="is no history .*; allowed is a file as"):
        read_rows(path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "revision is 'nowhere'; allowed are commits of this repository"),
        (["--help-me"], "allowed are --bench, --out, --help"),
    ],
)
def test_bad_input_is_answered_in_one_sentence(arguments: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.history", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_results_of_none_of_the_revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput, match="of which asv has 0 results; allowed are"):
        publish({"v1": FIRST}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_published_page_follows_from_its_rows(tmp_path: Path) -> None:
    published = Path(__file__).parents[2] / "results" / "bench"
    (tmp_path / ROWS).write_bytes((published / ROWS).read_bytes())
    build_page(tmp_path)
    assert (tmp_path / PAGE).read_text() == (published / PAGE).read_text()
    assert (tmp_path / FIGURE).read_bytes() == (published / FIGURE).read_bytes()
