"""Every figure of the comparison's report in its unit, from rows of known seconds."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from bench import sections
from bench.report import main
from bench.rows import (
    ABSENT,
    BATCH,
    CALL,
    FORWARD,
    FORWARD_BACKWARD,
    PASS,
    QUANTUM,
    RATE,
    STEP,
    Row,
    write_rows,
)

#: One circuit of collision-free outcomes and one of all.
UNBUNCHED: dict[str, Any] = {"modes": 9, "photons": 4, "space": "unbunched", "outcomes": 126}
FOCK: dict[str, Any] = {"modes": 12, "photons": 6, "space": "fock", "outcomes": 12376}


def timed(kind: str, engine: str, median: float, **columns: Any) -> Row:
    """A row with quartiles a fifth below and two fifths above the median."""
    row = Row(
        kind,
        engine,
        lower_quartile=0.8 * median,
        median=median,
        upper_quartile=1.4 * median,
        turns=5,
        planned=5,
        cores=1.0,
        commit="abc",
        platform="machine",
        packages="torch=2",
        load=0.25,
    )
    return replace(row, **columns)


def passes(engine: str, seconds: float, circuit: dict[str, Any], **columns: Any) -> list[Row]:
    """Forward in a third of the time of forward and backward."""
    common = {"version": "1.2", "precision": "float32", "operations": 4000, **circuit, **columns}
    return [
        timed(PASS, engine, seconds / 3, direction=FORWARD, **common),
        timed(PASS, engine, seconds, direction=FORWARD_BACKWARD, **common),
    ]


def step(model: str, engine: str, seconds: float, quantum: float) -> list[Row]:
    return [
        timed(STEP, engine, seconds, batch=16, model=model),
        timed(QUANTUM, engine, quantum, batch=16, model=model),
    ]


@pytest.fixture
def rows() -> list[Row]:
    """A machine that takes 0.5 ns for a multiply-add."""
    return [
        timed(RATE, "compiled loop", 5e-7, operations=1000),
        timed(CALL, "fused", 3.1e-5, modes=2, photons=1, space="fock", outcomes=2),
        timed(
            ABSENT,
            "deepquantum",
            float("nan"),
            note="not installed",
            turns=0,
            planned=0,
            cores=float("nan"),
        ),
        *passes("fused", 40e-6, UNBUNCHED, deviation=0.0, gradient_deviation=0.0),
        *passes("merlin", 6e-3, UNBUNCHED, deviation=1e-7, gradient_deviation=3e-6),
        *passes("fused", 2e-3, FOCK, deviation=0.0, gradient_deviation=0.0, cores=0.75),
        *passes("merlin", 6e-2, FOCK, deviation=4e-7, gradient_deviation=2e-6, cores=1.5),
        *passes("piquasso", 1.5, FOCK, deviation=2e-5, gradient_deviation=1e-4, compilation=77.4),
        timed(BATCH, "fused", 1.28e-3, batch=64, **UNBUNCHED),
        timed(BATCH, "merlin", 12.8e-3, batch=64, **UNBUNCHED),
        *step("notebook", "fused", 8e-3, 2e-3),
        *step("notebook", "merlin", 80e-3, 74e-3),
        *step("paper", "fused", 20e-3, 0.8e-3),
        *step("paper", "merlin", 100e-3, 81e-3),
    ]


@pytest.fixture
def build(tmp_path: Path) -> Any:
    def report(rows: list[Row]) -> str:
        """The report with single spaces, so that tables do not depend on their widths."""
        write_rows(tmp_path / "comparison.csv", rows)
        CliRunner().invoke(main, ["--out", str(tmp_path)], catch_exceptions=False)
        text = (tmp_path / "report.md").read_text(encoding="utf-8")
        return "\n".join(" ".join(line.split()) for line in text.splitlines())

    return report


def lines_of(report: str, title: str) -> list[str]:
    """The lines of the table below a title."""
    section = report.partition(title)[2].partition("\n#")[0]
    return [line for line in section.splitlines() if line.startswith("|")][2:]


def test_passes_in_milliseconds_with_their_quartiles(rows: list[Row], build: Any) -> None:
    report = build(rows)
    both = lines_of(report, "### Forward and backward, ms")
    assert both == [
        "| collision-free outcomes | (9,4) | 126 | 0.04 (0.032–0.056) | 6 (4.8–8.4) | – |",
        "| all Fock outcomes | (12,6) | 12,376 | 2 (1.6–2.8) | 60 (48–84) | 1,500 (1,200–2,100) |",
    ]
    alone = lines_of(report, "### Forward alone, ms")
    assert alone[0].endswith("| 0.0133 (0.0107–0.0187) | 2 (1.6–2.8) | – |")


def test_ratios_to_merlin_against_the_aim_of_each_circuit(rows: list[Row], build: Any) -> None:
    assert lines_of(build(rows), "## Against MerLin") == [
        # 4,000 multiply-adds of 0.5 ns are 2 µs.
        "| collision-free outcomes | (9,4) | 126 | 150.0 | ≥ 100 | met | 3000 |",
        "| all Fock outcomes | (12,6) | 12,376 | 30.0 | ≥ 30 | met | 30000 |",
    ]
    larger = [
        replace(row, modes=14, photons=7, outcomes=77520) if row.outcomes == 12376 else row
        for row in rows
    ]
    assert "| (14,7) | 77,520 | 30.0 | ≥ 10 | met |" in build(larger)
    slower = [
        replace(row, median=0.9 * row.median) if row.engine == "merlin" else row for row in rows
    ]
    assert "| (12,6) | 12,376 | 27.0 | ≥ 30 | missed |" in build(slower)


def test_a_batch_in_milliseconds_for_each_sample(rows: list[Row], build: Any) -> None:
    title = "## A batch of circuits"
    assert lines_of(build(rows), title) == [
        "| collision-free outcomes | (9,4) | 64 | 0.02 | 0.2 | 10.0 | ≥ 10 | met |"
    ]
    slower = [
        replace(row, median=11e-3) if row.kind == BATCH and row.engine == "merlin" else row
        for row in rows
    ]
    assert lines_of(build(slower), title)[0].endswith("| 8.6 | ≥ 10 | missed |")


def test_steps_in_milliseconds_and_their_quantum_share(rows: list[Row], build: Any) -> None:
    report = build(rows)
    assert lines_of(report, "## Training steps") == [
        "| notebook | fused | 16 | 8 (6.4–11.2) | 2 (1.6–2.8) | 25.0 % |",
        "| notebook | merlin | 16 | 80 (64–112) | 74 (59.2–104) | 92.5 % |",
        "| paper | fused | 16 | 20 (16–28) | 0.8 (0.64–1.12) | 4.0 % |",
        "| paper | merlin | 16 | 100 (80–140) | 81 (64.8–113) | 81.0 % |",
    ]
    assert (
        'the step is 10.0 times faster than with `engine="merlin"`; aim ≥ 10: met. With no quantum '
        "pass at all it would be 13.3 times faster."
    ) in report
    assert "the quantum passes are 4.0 % of the step; aim < 5 %: met." in report


def test_missed_aims_of_a_step_are_said(rows: list[Row], build: Any) -> None:
    def slower(row: Row) -> Row:
        if (row.kind, row.model, row.engine) == (STEP, "notebook", "merlin"):
            return replace(row, median=72e-3)
        if (row.kind, row.model, row.engine) == (QUANTUM, "paper", "fused"):
            return replace(row, median=1e-3)
        return row

    report = build(list(map(slower, rows)))
    assert "the step is 9.0 times faster than" in report
    assert "aim ≥ 10: missed. With no quantum pass at all it would be 12.0 times" in report
    assert "the quantum passes are 5.0 % of the step; aim < 5 %: missed." in report


def test_the_arithmetic_in_microseconds_and_nanoseconds(rows: list[Row], build: Any) -> None:
    report = build(rows)
    assert lines_of(report, "## The gap to the arithmetic itself") == [
        "| collision-free outcomes | (9,4) | 4,000 | 2 | 40 | 20.00 |",
        "| all Fock outcomes | (12,6) | 4,000 | 2 | 2,000 | 1000.00 |",
    ]
    assert "takes 0.5 ns for each on this machine" in report
    assert "the call through torch: 31 µs for" in report


def test_the_largest_deviations_of_every_simulator(rows: list[Row], build: Any) -> None:
    assert lines_of(build(rows), "## Agreement") == [
        "| MerLin | float32 | 4.0e-07 | 3.0e-06 |",
        "| Piquasso (JAX) | float32 | 2.0e-05 | 1.0e-04 |",
    ]


def test_load_busy_cores_and_compilation(rows: list[Row], build: Any) -> None:
    report = build(rows)
    assert "before the run: 0.25; processor time over time in the turns: 0.75 to 1.50." in report
    remarks = report.partition("## Remarks\n")[2].strip().splitlines()
    assert remarks == [
        "- DeepQuantum: not installed.",
        "- MerLin: up to 1.50 cores busy, more than the one that was asked.",
        "- Piquasso (JAX), (12,6), all Fock outcomes: 77 s of compilation before the first call, "
        "not part of the times.",
    ]


def test_without_anything_to_remark_there_are_no_remarks(rows: list[Row], build: Any) -> None:
    quiet = [
        replace(row, cores=1.0, compilation=float("nan")) for row in rows if row.kind != ABSENT
    ]
    assert "## Remarks" not in build(quiet)


def test_the_page_opens_with_whole_steps(rows: list[Row], build: Any) -> None:
    assert (
        "A whole training step of the notebook's model takes 8 ms with the fused engine and 80 ms "
        "with MerLin; in a step of the paper's model the photonic passes take 4.0 % of the time. "
        "A pass alone, forward and backward, is 30 to 150 times as fast as MerLin"
    ) in build(rows)


def test_the_answer_is_the_range_of_the_ratios() -> None:
    times = {"fused": (1.0, 2.0), "merlin": (30.0, 200.0), "perceval": (5.0, 5.0)}
    rows = pd.DataFrame(
        {
            "engine": engine,
            "space": "fock",
            "modes": modes,
            "photons": 2,
            "direction": FORWARD if engine == "perceval" else FORWARD_BACKWARD,
            "median": time,
        }
        for engine, both in times.items()
        for modes, time in zip((4, 5), both, strict=True)
    )
    no_steps = pd.DataFrame({"kind": [], "model": [], "engine": []})
    assert sections.answer(no_steps, rows) == (
        "A pass alone, forward and backward, is 30 to 100 times as fast as MerLin.\n"
    )
    assert sections.answer(no_steps, rows[rows["engine"] != "merlin"]) == ""
