"""The report is made from the rows alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from bench.figure import draw
from bench.growth import fit_growth
from bench.report import build_report, main
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
from qcnn import InvalidInput

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


def test_every_number_is_in_the_unit_that_stands_beside_it(folder: Path) -> None:
    """Rows hold seconds: 0.1 µs for each outcome in the fused pass, 1 ns for a multiply-add."""
    lines = {line.replace(" ", "") for line in build(folder).splitlines()}
    time = "0.0126(0.0113–0.0139)|11.2(10.1–12.3)"  # of 126 outcomes
    for expected in (
        f"|collision-freeoutcomes|(9,4)|126|{time}|",
        "|collision-freeoutcomes|(9,4)|126|890.9|≥100|met|89|",
        "|allFockoutcomes|(9,4)|64|0.01|0.1|10.0|≥10|met|",
        "|paper|merlin|16|640(576–704)|19.2(17.3–21.1)|3.0%|",
        "|collision-freeoutcomes|(9,4)|126,000|126|12.6|0.10|",
        "|fused(thisproject)|collision-freeoutcomes|1.00|3|70|924|",
        "|MerLin|float32|1.0e-07|1.0e-06|",
    ):
        assert expected in lines
    text = (folder / "report.md").read_text()
    assert "takes 1 ns for each on this machine" in text
    assert "through torch: 25 µs for" in text
    assert "With no quantum pass at all it would be 10.3 times faster." in text
    rows = make_rows(fused=1e-7)
    compiled = [replace(row, compilation=13.0) if row.kind == PASS else row for row in rows]
    write_rows(folder / "comparison.csv", compiled)
    said = "- MerLin, (9,4), collision-free outcomes: 13 s of compilation before the first call"
    assert said in build(folder)


def test_the_figure_draws_milliseconds(folder: Path) -> None:
    rows = read_rows(folder / "comparison.csv")
    passes = rows[(rows["kind"] == PASS) & (rows["direction"] == FORWARD_BACKWARD)]
    passes = passes.assign(arithmetic=1e-9 * passes["operations"])
    (panel,) = draw(passes, fit_growth(passes), str.upper).axes
    assert panel.get_ylabel() == "forward and backward / ms"
    drawn = {bar.get_label(): bar for bar in panel.containers}
    assert list(drawn) == ["FUSED", "MERLIN"]
    times = [1e-4 * outcomes for *_, outcomes in CIRCUITS]
    assert drawn["FUSED"].lines[0].get_ydata().tolist() == pytest.approx(times, rel=1e-5)
    ends = drawn["FUSED"].lines[2][0].get_segments()
    assert ends[0][:, 1].tolist() == pytest.approx([0.9 * times[0], 1.1 * times[0]], rel=1e-5)
    (fit, _) = (line for line in panel.lines if line.get_alpha() == 0.7)
    assert fit.get_ydata().tolist() == pytest.approx([times[0], times[-1]], rel=1e-5)
    (arithmetic,) = (line for line in panel.lines if line.get_label() == "arithmetic alone")
    floor = [1e-3 * outcomes for *_, outcomes in CIRCUITS]
    assert arithmetic.get_ydata().tolist() == pytest.approx(floor, rel=1e-5)


def test_a_peer_that_is_none_here_is_in_every_table_and_in_the_figure(folder: Path) -> None:
    rows = make_rows(fused=1e-7)
    added = [
        replace(row, engine="own-simulator", cores=1.5)
        for row in rows
        if row.kind == PASS and row.engine == "merlin" and row.direction == FORWARD
    ]
    write_rows(folder / "comparison.csv", [*rows, *added])
    text = build(folder).replace(" ", "")
    assert text.count("|fused(thisproject)|MerLin|own-simulator|\n") == 1
    assert "own-simulator1.2(float32)" in text
    assert "forwardandbackward,forown-simulatorforwardalone." in text
    assert "|own-simulator|float32|1.0e-07|1.0e-06|" in text
    assert "-own-simulator:upto1.50coresbusy" in text
    passes = read_rows(folder / "comparison.csv")
    passes = passes[passes["engine"] == "own-simulator"].assign(arithmetic=1e-6)
    (panel,) = draw(passes, [], str).axes
    (bar,) = panel.containers
    assert bar.get_label() == "own-simulator, forward alone"
    assert bar.lines[0].get_linestyle() == "None"


def test_without_any_peer_there_is_a_report(folder: Path) -> None:
    rows = [r for r in make_rows(fused=1e-7) if r.kind != PASS or r.engine == "fused"]
    write_rows(folder / "comparison.csv", rows)
    text = build(folder)
    assert "Piquasso" not in text
    assert "Against MerLin" not in text
    assert "forward and backward. The exponent" in text


def test_what_rows_say_of_their_origin_is_no_markup(folder: Path) -> None:
    origin = {"platform": "a|b <script>\n# c", "packages": "`x` **y**", "commit": ""}
    rows = [replace(row, **origin) for row in make_rows(fused=1e-7)]  # type: ignore[arg-type]
    write_rows(folder / "comparison.csv", rows)
    assert r"Commit unknown; a\|b &lt;script&gt; # c; \`x\` \*\*y\*\*. Load" in build(folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "guess"}, "kind is 'guess'"),
        ({"space": "bosonic"}, "space is 'bosonic'"),
        ({"space": ""}, "a circuit without space"),
        ({"direction": ""}, "a pass without direction"),
        ({"direction": "backward"}, "direction is 'backward'"),
        ({"engine": "../x"}, "the engine name is '../x'"),
        ({"engine": "$x$"}, "the engine name is '$x$'"),
        ({"operations": 0}, "operations below 1"),
        ({"outcomes": 0}, "outcomes below 1"),
        ({"photons": 4.5}, "int64"),
        ({"photons": 10**30}, ""),
        ({"median": float("nan")}, "quartiles that are not positive and in their order"),
        ({"median": 0.0}, "quartiles that are not"),
        ({"upper_quartile": float("inf")}, "quartiles that are not"),
        ({"lower_quartile": 1.0}, "quartiles that are not"),
        ({"commit": "another"}, "those of more than one run"),
        ({"platform": "another machine"}, "those of more than one run"),
        ({"direction": FORWARD}, "two rows of pass, fused"),
    ],
)
def test_rows_that_no_run_writes_are_refused(
    folder: Path, changes: dict[str, Any], said: str
) -> None:
    rows = make_rows(fused=1e-7)
    place = max(i for i, r in enumerate(rows) if r.kind == PASS and r.engine == "fused")
    rows[place] = replace(rows[place], **changes)
    write_rows(folder / "comparison.csv", rows)
    with pytest.raises(InvalidInput) as caught:
        build_report(folder)
    message = str(caught.value)
    assert message.startswith(
        f"{folder / 'comparison.csv'} is not a results file of a comparison ("
    )
    assert said in message
    assert "\n" not in message
    assert not (folder / "report.md").exists()


def test_training_steps_that_are_not_all_there_are_refused(folder: Path) -> None:
    rows = make_rows(fused=1e-7)
    fewer = [r for r in rows if (r.kind, r.engine, r.model) != (STEP, "merlin", "notebook")]
    write_rows(folder / "comparison.csv", fewer)
    with pytest.raises(InvalidInput, match="no row of training step, notebook, merlin"):
        build_report(folder)


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
