"""The report is made from the rows alone."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from bench.growth import fit_growth
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
    read_rows,
    write_rows,
)

CIRCUITS = [(8, 4, 70), (9, 4, 126), (12, 6, 924)]
ORIGIN = {"commit": "abc", "platform": "machine", "packages": "torch=2", "load": 0.5}


def timed(kind: str, engine: str, median: float, **columns: object) -> Row:
    values = {
        "lower_quartile": 0.9 * median,
        "median": median,
        "upper_quartile": 1.1 * median,
        "turns": 5,
        "planned": 5,
        "cores": 1.0,
        **ORIGIN,
        **columns,
    }
    return Row(kind, engine, **values)  # type: ignore[arg-type]


def make_rows(fused: float) -> list[Row]:
    """Rows of a machine that takes 1 ns for a multiply-add; ``fused`` seconds per outcome."""
    rows = [
        timed(RATE, "compiled loop", 1e-6, operations=1000),
        timed(CALL, "fused", 2.5e-5, modes=2, photons=1, space="fock", outcomes=2),
        Row(ABSENT, "deepquantum", note="not installed", **ORIGIN),  # type: ignore[arg-type]
    ]
    for modes, photons, outcomes in CIRCUITS:
        for engine, seconds in (("fused", fused * outcomes), ("merlin", 0.001 * outcomes**0.5)):
            for direction in (FORWARD, FORWARD_BACKWARD):
                rows.append(
                    timed(
                        PASS,
                        engine,
                        seconds,
                        version="1.2",
                        precision="float32",
                        modes=modes,
                        photons=photons,
                        space="unbunched",
                        outcomes=outcomes,
                        direction=direction,
                        operations=1000 * outcomes,
                        turns=2 if modes == 12 and engine == "merlin" else 5,
                        deviation=1e-7,
                        gradient_deviation=1e-6,
                    )
                )
    for engine, seconds in (("fused", 64e-5), ("merlin", 64e-4)):
        circuit = {"modes": 9, "photons": 4, "space": "fock", "outcomes": 495}
        rows.append(timed(BATCH, engine, seconds, batch=64, **circuit))
        for model in ("notebook", "paper"):
            rows.append(timed(STEP, engine, 100 * seconds, batch=16, model=model))
            rows.append(timed(QUANTUM, engine, 3 * seconds, batch=16, model=model))
    return rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rows(tmp_path / "comparison.csv", make_rows(fused=1e-7))
    return tmp_path


def build(folder: Path) -> str:
    result = CliRunner().invoke(main, ["--out", str(folder)], catch_exceptions=False)
    assert result.output == f"report: {folder / 'report.md'}\n"
    return (folder / "report.md").read_text()


def test_the_same_rows_give_the_same_bytes_twice(folder: Path) -> None:
    first = build(folder), (folder / "time-against-outcomes.png").read_bytes()
    (folder / "report.md").unlink()
    second = build(folder), (folder / "time-against-outcomes.png").read_bytes()
    assert first == second


def test_rows_are_read_as_they_were_written(folder: Path) -> None:
    rows = make_rows(fused=1e-7)
    found = read_rows(folder / "comparison.csv")
    expected = pd.DataFrame([vars(row) for row in rows])
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-5)


def test_ratios_are_held_against_the_aims(folder: Path) -> None:
    report = build(folder).replace(" ", "")
    # 1 ms·√outcomes over 0.1 µs·outcomes: 10,000/√outcomes.
    assert "(8,4)|70|1195.2|≥100|met|" in report
    assert "(12,6)|924|329.0|≥100|met|" in report
    write_rows(folder / "comparison.csv", make_rows(fused=1e-6))
    slower = build(folder).replace(" ", "")
    assert "(8,4)|70|119.5|≥100|met|" in slower
    assert "(12,6)|924|32.9|≥100|missed|33|" in slower


def test_the_gap_to_the_arithmetic_is_stated(folder: Path) -> None:
    report = build(folder).replace(" ", "")
    # 70,000 multiply-adds of 1 ns are 70 µs; the pass takes 7 µs in this made-up case.
    assert "(8,4)|70,000|70|7|0.10|" in report
    assert "throughtorch:25µs" in report


def test_batches_and_training_steps_are_held_against_the_aims(folder: Path) -> None:
    report = build(folder)
    assert "|64|0.01|0.1|10.0|≥10|met|" in report.replace(" ", "")
    assert "the step is 10.0 times faster" in report
    assert "the quantum passes are 3.0 % of the step; aim < 5 %: met" in report


def test_what_is_missing_is_said(folder: Path) -> None:
    report = build(folder)
    assert "- DeepQuantum: not installed." in report
    assert "- MerLin, (12,6), collision-free outcomes, forward: 2 of 5 turns" in report
    assert "Load average of the machine before the run: 0.50" in report


def test_a_power_law_is_found() -> None:
    outcomes = [10, 100, 1000]
    rows = pd.DataFrame(
        {
            "engine": "fused",
            "space": "fock",
            "outcomes": outcomes,
            "median": [3e-6 * count**1.5 for count in outcomes],
        }
    )
    (fit,) = fit_growth(rows)
    assert fit.exponent == pytest.approx(1.5)
    assert fit.seconds(rows["outcomes"].to_numpy()) == pytest.approx(rows["median"].to_numpy())
    assert fit_growth(rows[:2]) == []
