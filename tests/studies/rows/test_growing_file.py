"""A file that grows: what readers see while and after somebody adds to it, killed or not."""

import multiprocessing as mp
import os
import signal
import time
from itertools import count
from pathlib import Path
from random import Random

import pytest
from stored_rows import make_row

from qcnn import InvalidInput
from studies.rows import growing_file
from studies.rows.growing_file import append, remove_half_line
from studies.rows.runs_file import RunsFile, add_rows, read_rows


def seeds_in(csv: Path) -> list[int]:
    return list(read_rows(csv)["seed"])


def left_half(csv: Path) -> Path:
    """As a writer leaves it that is killed in the midst of a line."""
    mark = csv.with_name("runs.csv.appending")
    mark.touch()
    with csv.open("a") as file:
        file.write("mode_sweep,0123456789ab,final,,fin")
    return mark


def test_a_row_is_added_behind_the_others(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    add_rows(csv, [make_row(1)])
    before, inode = csv.read_bytes(), csv.stat().st_ino
    add_rows(csv, [make_row(2), make_row(3)])
    assert csv.read_bytes().startswith(before)
    assert csv.stat().st_ino == inode
    assert seeds_in(csv) == [1, 2, 3]
    assert not csv.with_name("runs.csv.appending").exists()


def test_half_a_line_of_a_killed_writer_is_not_read_and_then_removed(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    followed = RunsFile(csv)
    add_rows(csv, [make_row(1)])
    assert len(followed.read()) == 1
    mark = left_half(csv)
    half = csv.read_bytes()
    assert seeds_in(csv) == [1]
    assert len(followed.read()) == 1
    assert csv.read_bytes() == half
    add_rows(csv, [make_row(2)])
    assert seeds_in(csv) == [1, 2]
    assert [key.seed for key in followed.read()] == [1, 2]
    assert not mark.exists()


def test_lines_that_a_killed_writer_has_ended_stay(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    add_rows(csv, [make_row(1), make_row(2)])
    csv.with_name("runs.csv.appending").touch()
    add_rows(csv, [make_row(3)])
    assert seeds_in(csv) == [1, 2, 3]


def test_a_cut_line_without_a_writer_is_damage(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    followed = RunsFile(csv)
    followed.add([make_row(1)])
    followed.read()
    left_half(csv).unlink()
    for read in (followed.read, lambda: read_rows(csv), lambda: followed.add([make_row(2)])):
        with pytest.raises(InvalidInput, match="its last line is cut"):
            read()


def test_what_was_read_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    csv = tmp_path / "runs.csv"
    followed = RunsFile(csv)
    add_rows(csv, map(make_row, range(50)))
    first = followed.read()
    add_rows(csv, [make_row(50)])
    read, whole = [], growing_file.read_on
    monkeypatch.setattr(
        growing_file, "read_on", lambda *given: read.append(whole(*given)) or read[-1]
    )
    assert followed.read() is first
    assert len(first) == 51
    assert read[0].count(b"\n") == 1
    assert followed.read() is first
    assert len(read) == 1


@pytest.mark.parametrize("length", ["shorter", "as long", "longer"])
def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path, length: str) -> None:
    csv, other = tmp_path / "runs.csv", tmp_path / "other.csv"
    followed = RunsFile(csv)
    add_rows(csv, [make_row(1), make_row(2)])
    before = followed.read()
    add_rows(other, map(make_row, {"shorter": [3], "as long": [3, 4], "longer": [3, 4, 5]}[length]))
    written = csv.stat()
    other.replace(csv)
    os.utime(csv, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert followed.read() is not before
    assert [key.seed for key in followed.read()] == seeds_in(csv)
    csv.unlink()
    assert not followed.read()


def test_a_file_that_was_changed_in_place_is_read_anew(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    followed = RunsFile(csv)
    add_rows(csv, [make_row(1), make_row(2)])
    followed.read()
    lines = csv.read_text().splitlines(keepends=True)
    csv.write_text(lines[0] + lines[2] + lines[1])
    add_rows(csv, [make_row(3)])
    assert [key.seed for key in followed.read()] == [2, 1, 3]


def test_a_failed_run_gives_way_and_keeps_its_place(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    followed = RunsFile(csv)
    add_rows(csv, [make_row(1), make_row(2, status="failed"), make_row(3)])
    assert len(followed.read()) == 3
    add_rows(csv, [make_row(2)])
    assert read_rows(csv)["status"].tolist() == ["complete"] * 3
    assert seeds_in(csv) == [1, 2, 3]
    followed.drop_failed()
    assert [record.count("complete") for record in followed.read().values()] == [1, 1, 1]


def test_a_row_of_several_lines_is_never_cut(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    add_rows(csv, [make_row(1)])
    inode = csv.stat().st_ino
    add_rows(csv, [make_row(2, platform="one\nother")])
    assert csv.stat().st_ino != inode  # written as a whole
    add_rows(csv, [make_row(3)])
    assert read_rows(csv)["platform"].tolist() == ["", "one\nother", ""]


def test_a_file_of_an_earlier_version_is_written_anew(tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    add_rows(csv, [make_row(1)])
    lines = [line.split(",") for line in csv.read_text().splitlines()]
    place = lines[0].index("measured")
    csv.write_text("".join(",".join(line[:place] + line[place + 1 :]) + "\n" for line in lines))
    add_rows(csv, [make_row(2)])
    assert "measured" in csv.read_text().partition("\n")[0]
    assert seeds_in(csv) == [1, 2]


def test_a_full_disk_leaves_the_rows_that_were_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv = tmp_path / "runs.csv"
    followed = RunsFile(csv)
    followed.add([make_row(1)])
    whole = csv.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("studies.rows.growing_file.os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            followed.add([make_row(2)])
    assert csv.read_bytes() == whole
    assert {path.name for path in tmp_path.iterdir()} <= {"runs.csv", "runs.csv.lock"}
    followed.add([make_row(2)])
    assert seeds_in(csv) == [1, 2]


def _append_without_end(path: Path) -> None:
    while True:
        remove_half_line(path)
        append(path, b"".join(b"%d " % i * 5000 + b"\n" for i in range(20)))


def test_readers_beside_a_writer_that_is_killed_see_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"first\n")
    context, seen = mp.get_context("spawn"), 0
    for _ in range(3):
        writer = context.Process(target=_append_without_end, args=(path,))
        writer.start()
        assert writer.pid is not None
        size = path.stat().st_size
        while path.stat().st_size < size + 2_000_000:
            with path.open("rb") as file:
                content = growing_file.read_on(file, path)
            assert content.endswith(b"\n")
            seen += 1
            time.sleep(0.001)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        with path.open("rb") as file:
            assert growing_file.read_on(file, path).endswith(b"\n")
    assert seen > 10
    remove_half_line(path)
    assert path.read_bytes().endswith(b"\n")


def _add_without_end(csv: Path, first: int, said: Path) -> None:
    runs, random = RunsFile(csv), Random(first)
    for seed in count(first):
        lines = {"platform": "one\nother"} if random.random() < 0.03 else {}
        runs.add([make_row(seed, **lines)])
        with said.open("a") as file:
            file.write(f"{seed}\n")


@pytest.mark.slow
def test_no_row_is_lost_when_writers_are_killed(tmp_path: Path) -> None:
    csv, said = tmp_path / "runs.csv", tmp_path / "said"
    context, random, followed = mp.get_context("spawn"), Random(0), RunsFile(csv)
    said.touch()
    for turn in range(6):
        writers = [
            context.Process(target=_add_without_end, args=(csv, 10_000 * (2 * turn + n), said))
            for n in range(2)
        ]
        for writer in writers:
            writer.start()
        begun, seen = len(said.read_text()), 0
        while len(said.read_text()) < begun + 500:
            assert len(followed.read()) >= seen
            seen = len(read_rows(csv))
            assert all(writer.is_alive() for writer in writers)
        time.sleep(random.random() / 10)
        for writer in writers:
            writer.kill()
            writer.join()
    stored = seeds_in(csv)
    assert set(map(int, said.read_text().split())) <= set(stored)
    assert len(set(stored)) == len(stored) > 500
