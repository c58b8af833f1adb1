"""When a device would be faster: shots and times by hand, the law, the page from rows."""

import sys
from itertools import combinations
from math import comb, log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import unitary_group

from bench.arithmetic import count_forward, count_forward_backward
from bench.break_even.__main__ import main
from bench.break_even.devices import (
    ASSUMED,
    DEVICES,
    Device,
    Reading,
    Use,
    accepted_per_second,
    asked_for,
    circuits,
    device_seconds,
    event_probability,
    shots_needed,
)
from bench.break_even.measured import (
    SIZES,
    Row,
    fit_growth,
    measure,
    operations,
    read_rows,
    write_rows,
)
from bench.break_even.page import (
    FIGURE,
    MODES,
    MOST_PHOTONS,
    PAGE,
    ROWS,
    TABLE,
    Assumptions,
    build_page,
    faster_from,
)
from bench.task import Task
from qcnn import PQCNN, InvalidInput
from qcnn.optics.fock import effective_phases
from qcnn.samplers.marginals import Marginals
from studies.sentences import command_line

ROOT = Path(__file__).parents[2]
PERFECT = Device("perfect", 1e12, 1.0, ASSUMED, ASSUMED)


def rows(seconds_per_operation: float = 1e-9, jitter: float = 0.0) -> list[Row]:
    """Times that grow as the operations do."""
    found = []
    for number, (modes, photons) in enumerate(SIZES):
        for use in Use:
            count = operations(modes, photons, use)
            median = seconds_per_operation * count * (1 + jitter * (-1) ** number)
            quartiles = 0.9 * median, median, 1.1 * median
            outcomes = comb(modes, photons)
            found.append(
                Row(modes, photons, outcomes, str(use), *quartiles, 30, 1.0, "abc", "a b", "c=1")
            )
    return found


def test_events_have_the_probability_of_their_mean() -> None:
    sampler = PQCNN(6, 3, seed=0)
    for reading, order in ((Reading.ONE_MODE, 1), (Reading.TWO_MODES, 2), (Reading.OUTCOMES, 3)):
        marginals = Marginals(sampler, order)
        mean = float(marginals().detach().mean()) * comb(3, order)
        assert event_probability(6, 3, reading) == pytest.approx(mean, rel=1e-5)


def test_so_many_shots_give_the_error_that_is_asked_for() -> None:
    random = np.random.default_rng(0)
    for reading in Reading:
        probability = event_probability(6, 3, reading)
        shots = round(shots_needed(6, 3, reading, 0.05))
        frequencies = random.binomial(shots, probability, size=20_000) / shots
        assert frequencies.std() / probability == pytest.approx(0.05, rel=0.03)


def test_shots_are_accepted_as_often_as_photons_arrive_and_do_not_collide() -> None:
    """Over Haar-random interferometers, by the sum over pairs of modes."""
    device = Device("", 100.0, 0.5, "", "")
    unitaries = unitary_group.rvs(4, size=4000, random_state=0)
    one, other = unitaries[:, :, 0], unitaries[:, :, 1]
    free = sum(
        np.abs(one[:, i] * other[:, j] + one[:, j] * other[:, i]) ** 2
        for i, j in combinations(range(4), 2)
    )
    assert comb(4, 2) / comb(5, 2) == pytest.approx(np.mean(free), abs=0.01)
    assert accepted_per_second(4, 2, device) == pytest.approx(100 / 2 * 0.25 * 0.6)


def test_a_gradient_takes_circuits_for_every_effective_phase() -> None:
    for modes, photons in ((9, 4), (12, 6), (18, 2)):
        state = (1,) * photons + (0,) * (modes - photons)
        phases = effective_phases(modes, 10**9, state)
        assert circuits(modes, photons, Reading.OUTCOMES, Use.GRADIENT) == 2 * photons * phases
        one_mode = 2 * photons * (modes - 1)
        assert circuits(modes, photons, Reading.ONE_MODE, Use.GRADIENT) == one_mode
        ratio = [device_seconds(modes, photons, PERFECT, Reading.ONE_MODE, use, 0.1) for use in Use]
        assert ratio[1] / ratio[0] == pytest.approx(one_mode)


def test_marginals_have_no_more_effective_phases_than_are_independent() -> None:
    for modes, photons in ((5, 2), (6, 3), (7, 2)):
        for reading, order in ((Reading.ONE_MODE, 1), (Reading.TWO_MODES, 2)):
            effective = Marginals(PQCNN(modes, photons, seed=0), order).effective_phases
            found = circuits(modes, photons, reading, Use.GRADIENT)
            assert found == 2 * photons * effective


def test_a_device_by_its_clicks_is_among_the_quoted_ones() -> None:
    """1.2 million clicks of 80 million pulses, beside efficiencies of sources alone."""
    assert min(device.transmittance for device in DEVICES) == pytest.approx(1.2e6 / 80e6)


def test_operations_are_those_that_the_comparison_counts() -> None:
    for modes, photons in ((4, 2), (9, 4), (12, 6)):
        task = Task(modes, photons, "unbunched")
        assert operations(modes, photons, Use.READING) == count_forward(task)
        assert operations(modes, photons, Use.GRADIENT) == count_forward_backward(task)


def test_the_law_is_found_and_its_interval_widens(tmp_path: Path) -> None:
    write_rows(tmp_path / ROWS, rows(2e-9, jitter=0.05))
    growth = fit_growth(read_rows(tmp_path / ROWS), Use.READING)
    assert growth.exponent == pytest.approx(1, abs=0.05)
    assert growth.sizes == sum(comb(*size) >= 1000 for size in SIZES)
    widths = []
    for photons in (11, 20, 40):
        low, middle, high = (growth.seconds(2 * photons, photons, q) for q in (0.025, 0.5, 0.975))
        assert low < middle < high
        assert middle == pytest.approx(
            2e-9 * operations(2 * photons, photons, Use.READING), rel=0.6
        )
        widths.append(log(high / low))
    assert widths == sorted(widths)


def test_a_device_is_faster_from_where_it_stays_so(tmp_path: Path) -> None:
    write_rows(tmp_path / ROWS, rows())
    growth = fit_growth(read_rows(tmp_path / ROWS), Use.READING)
    twice = MODES["modes = 2 · photons"]
    for device in (*DEVICES, PERFECT):
        for reading in Reading:
            found = faster_from(growth, twice, device, reading, 0.1)
            faster = [
                device_seconds(2 * n, n, device, reading, Use.READING, 0.1)
                < growth.seconds(2 * n, n)
                for n in range(2, MOST_PHOTONS + 1)
            ]
            if found is None:
                assert not faster[-1]
            else:
                assert all(faster[found - 2 :])
                assert found == 2 or not faster[found - 3]
    assert faster_from(growth, twice, PERFECT, Reading.TWO_MODES, 0.1) is not None
    lossy = Device("", 1e9, 0.1, "", "")
    assert faster_from(growth, twice, lossy, Reading.TWO_MODES, 0.1) is None


def test_who_asks_for_more_gets_it_later(tmp_path: Path) -> None:
    write_rows(tmp_path / ROWS, rows())
    growth = fit_growth(read_rows(tmp_path / ROWS), Use.READING)
    twice = MODES["modes = 2 · photons"]
    better, worse = (Device("", 1e9, each, "", "") for each in (0.9, 0.6))
    pairs = [
        ((better, 0.1), (worse, 0.1)),
        ((better, 0.1), (better, 0.01)),
    ]
    for (one, accuracy), (other, finer) in pairs:
        first = faster_from(growth, twice, one, Reading.TWO_MODES, accuracy)
        second = faster_from(growth, twice, other, Reading.TWO_MODES, finer)
        assert first is not None
        assert second is not None
        assert first < second


def test_quoted_figures_have_a_source_and_assumed_ones_say_so() -> None:
    for device in DEVICES:
        for source in (device.rate_source, device.transmittance_source):
            assert source.startswith("arXiv:") or source == ASSUMED
    (own,) = asked_for(5e6, None)
    assert (own.rate, own.transmittance) == (5e6, DEVICES[0].transmittance)
    assert (own.rate_source, own.transmittance_source) == (
        "as asked for",
        DEVICES[0].transmittance_source,
    )


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    write_rows(tmp_path / ROWS, rows(jitter=0.02))
    again = read_rows(tmp_path / ROWS)
    write_rows(tmp_path / "again.csv", [Row(**row) for row in again.to_dict("records")])
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / ROWS).read_bytes()
    assumptions = Assumptions(DEVICES, 0.1)
    found = []
    for name in ("one", "two"):
        page = build_page(tmp_path / ROWS, tmp_path / name, assumptions)
        found.append([(page.parent / each).read_bytes() for each in (PAGE, TABLE, FIGURE)])
    assert found[0] == found[1]
    text = found[0][0].decode()
    for device in DEVICES:
        assert device.rate_source in text
        assert f"{device.transmittance:g}" in text
    table = pd.read_csv(tmp_path / "one" / TABLE)
    assert len(table) == len(DEVICES) * len(Reading) * len(Use)


def test_the_published_page_is_that_of_the_published_rows(tmp_path: Path) -> None:
    folder = ROOT / "results" / "bench"
    if not (folder / ROWS).is_file():
        pytest.skip("no times are published yet")
    build_page(folder / ROWS, tmp_path, Assumptions(DEVICES, 0.1))
    for name in (PAGE, TABLE):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_assumptions_of_ones_own_have_a_page_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "results" / "bench" / ROWS, rows())
    monkeypatch.setattr(sys, "argv", ["break_even", "--transmittance", "0.9", "--rate", "2e9"])
    command_line(main)
    page = tmp_path / "results-quick" / "bench" / PAGE
    assert f"report: {page.relative_to(tmp_path)}" in capsys.readouterr().out
    assert "2000 MHz, 90 %" in page.read_text()
    assert not (tmp_path / "results" / "bench" / PAGE).exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rate", "0"], "rate is '0'; allowed are numbers above 0, up to 1e+15"),
        (["--rate", "fast"], "rate is 'fast'; allowed are numbers above 0, up to 1e+15"),
        (
            ["--transmittance", "1.1"],
            "transmittance is '1.1'; allowed are numbers above 0, up to 1",
        ),
        (["--accuracy", "nan"], "accuracy is 'nan'; allowed are numbers above 0, up to 1"),
        (["--rows", "none.csv"], "rows is 'none.csv', which is no file; allowed is one as"),
    ],
)
def test_a_mistake_is_one_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["break_even", *arguments])
    with pytest.raises(SystemExit) as ended:
        command_line(main)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"error: {sentence}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f.assign(median=0.0), "quartiles that are not positive"),
        (lambda f: f.assign(outcomes=5), "outcomes that the modes and photons do not have"),
        (lambda f: f[f["use"] != "a gradient"], "use is none of"),
        (lambda f: pd.concat([f, f]), "two rows of one size"),
        (lambda f: f[f["outcomes"] < 1000], "fewer than three sizes"),
        (lambda f: f.drop(columns="median"), "median"),
        (lambda f: f.assign(photons=0), "photons below 1"),
    ],
)
def test_rows_that_nothing_follows_from_are_refused(
    change: object, reason: str, tmp_path: Path
) -> None:
    write_rows(tmp_path / ROWS, rows())
    frame = pd.read_csv(tmp_path / ROWS)
    change(frame).to_csv(tmp_path / ROWS, index=False)  # type: ignore[operator]
    with pytest.raises(InvalidInput, match=reason) as error:
        read_rows(tmp_path / ROWS)
    assert "; allowed is a file as `python -m bench.break_even --measure`" in str(error.value)


def test_measured_are_the_passes_of_the_fused_engine() -> None:
    found = measure([(4, 2), (6, 3)], repeats=2, budget=60.0, origin={"commit": "abc"})
    assert [(row.modes, row.photons, row.use) for row in found] == [
        (modes, photons, str(use)) for modes, photons in ((4, 2), (6, 3)) for use in Use
    ]
    assert all(0 < row.lower_quartile <= row.median <= row.upper_quartile for row in found)
    assert all(row.commit == "abc" and row.turns == 2 for row in found)


def test_the_sizes_that_are_measured_are_those_of_the_table() -> None:
    for modes, photons in SIZES:
        assert modes in {of(photons) for of in MODES.values()}
    assert len(set(SIZES)) == len(SIZES)
