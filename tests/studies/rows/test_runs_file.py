"""The results file: atomic, never doubled, refused when damaged."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from stored_rows import CONFIGURATION, make_row

from qcnn import InvalidInput
from studies.design.configuration import configuration_from_axes
from studies.rows.runs_file import add_rows, read_rows, write_text
from studies.rows.schema import COLUMNS


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    add_rows(csv, [make_row(1), make_row(0, role="search")])
    rows = read_rows(csv)
    assert tuple(rows.columns) == COLUMNS
    assert rows["seed"].tolist() == [1, 0]
    assert rows["test_accuracy"].isna().tolist() == [False, True]
    assert rows["setting"].tolist() == ["", ""]
    assert rows["arm"].tolist() == ["finalist", ""]
    record = {str(key): value for key, value in rows.iloc[0].to_dict().items()}
    assert configuration_from_axes(record) == CONFIGURATION
    assert configuration_from_axes(record).digest() == rows["configuration"][0]


def test_a_run_is_never_doubled_and_the_first_stays(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    add_rows(csv, [make_row(1, val_accuracy=0.5)])
    add_rows(csv, [make_row(1, val_accuracy=0.6), make_row(2)])
    assert read_rows(csv)["val_accuracy"].tolist() == [0.5, 0.82]


def test_parallel_writers_lose_nothing(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda seed: add_rows(csv, [make_row(seed)]), range(24)))
    assert sorted(read_rows(csv)["seed"]) == list(range(24))
    assert not list(tmp_path.glob(".runs.csv.*"))


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_a_file_cut_anywhere_is_refused_and_left_alone(tmp_path: Path, keep: float) -> None:
    csv = tmp_path / "runs.csv"
    add_rows(csv, [make_row(seed) for seed in range(5)])
    whole = csv.read_bytes()
    cut = whole[: int(len(whole) * keep)]
    csv.write_bytes(cut)
    with pytest.raises(InvalidInput, match=r"runs\.csv is not a whole results file .*; allowed"):
        add_rows(csv, [make_row(9)])
    assert csv.read_bytes() == cut


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("effective_phases", "effektive"),
        lambda text: text.replace(",128,", ",many,"),
        lambda text: "",
        lambda text: "\x00" * 50 + "\n",
    ],
)
def test_other_damage_is_refused(tmp_path: Path, damage: Any) -> None:
    csv = tmp_path / "runs.csv"
    add_rows(csv, [make_row(1)])
    csv.write_text(damage(csv.read_text()))
    with pytest.raises(InvalidInput, match=r"runs\.csv is not a whole results file"):
        read_rows(csv)


def test_no_file_is_no_rows(tmp_path: Path) -> None:
    assert read_rows(tmp_path / "runs.csv").empty


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.md"
    write_text(target, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qcnn.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_text(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


def test_digest_depends_on_every_axis_and_nothing_else() -> None:
    digests = {CONFIGURATION.digest()}
    for name, value in CONFIGURATION.axes().items():
        other = {
            "sizes": "9x4",
            "input": "first",
            "mapping": "mixing",
            "generator": "frozen",
            "optimiser": "adam+cobyla",
            "noise": "shots=10",
            "evaluated_under": "shots=10",
            "read": "two modes",
        }.get(name, value + 1 if isinstance(value, int | float) else f"{value}x")
        digests.add(configuration_from_axes({**CONFIGURATION.axes(), name: other}).digest())
    assert len(digests) == 1 + len(CONFIGURATION.axes())
