"""What a command has to do, and the time that it says is left."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from queues import Queue
from smallest import make_options, smoke_axes
from stored_rows import CONFIGURATION, make_row

from studies.catalogue import studies_by_name
from studies.design.arms import DIRECT, FINALIST, NO_ARM
from studies.design.roles import FINAL, SEARCH
from studies.design.study import Cell, Options, RunKey
from studies.rows.rates import UNMEASURED, Rates
from studies.rows.runs_file import PUBLISHED, add_rows
from studies.rows.schema import Record, record_of
from studies.runs.agenda import Agenda, TimeLeft, agenda_of, keys_of, known_rates, seconds_left
from studies.runs.console import TrialProgress, new_console
from studies.store.opening import open_store

#: A run takes 8 s for its two epochs, one of the search 4.
RATES = Rates({NO_ARM: 2.0}, 4.0)
CELLS = tuple(Cell(CONFIGURATION, seed, FINALIST) for seed in range(1, 7))
FRESH = Agenda(trials=0, to_search=0, epochs=2, tried=(), cells=CELLS, later=())
#: Beside what runs take, until one of them is done.
AROUND = 15.0
Tick = Callable[[float], None]


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> Tick:
    """Lets time pass."""
    now = [1000.0]
    monkeypatch.setattr("studies.runs.agenda.time.monotonic", lambda: now[0])

    def let_pass(seconds: float) -> None:
        now[0] += seconds

    return let_pass


def rows_of(*seeds: int, **values: Any) -> dict[RunKey, Record]:
    rows = [make_row(seed, **{"seconds": 30.0, **values}) for seed in seeds]
    return {RunKey.of(row): record_of(row) for row in rows}


def test_before_a_run_is_done_it_is_what_the_rates_say(tick: Tick) -> None:
    left = TimeLeft(RATES, 2, {})
    assert left(FRESH, {}, 0) == AROUND + 6 * 8 / 2
    tick(10)
    assert left(FRESH, {}, 0) == AROUND + 6 * 8 / 2 - 10


def test_then_it_is_what_the_runs_of_this_command_take(tick: Tick) -> None:
    left = TimeLeft(RATES, 2, {})
    left(FRESH, {}, 0)
    tick(30)
    assert left(FRESH, rows_of(1), 0) == 5 * 30 / 2
    tick(4)
    assert left(FRESH, rows_of(1), 0) == 5 * 30 / 2 - 4


def test_the_first_run_of_each_process_counts_until_there_are_more(tick: Tick) -> None:
    left = TimeLeft(RATES, 2, {})
    slow = rows_of(1, 2, seconds=90.0)
    assert left(FRESH, slow, 0) == 4 * 90 / 2
    assert left(FRESH, slow | rows_of(3, seconds=20.0), 0) == 3 * 20 / 2
    more = slow | rows_of(3, seconds=20.0) | rows_of(4, seconds=30.0)
    assert left(FRESH, more, 0) == 2 * 25 / 2


def test_without_any_rates_it_is_there_with_the_first_run(tick: Tick) -> None:
    """Within a minute where runs take half of one."""
    left = TimeLeft(UNMEASURED, 2, {})
    assert left(FRESH, {}, 0) is None
    tick(35)
    assert left(FRESH, rows_of(1), 0) == 5 * 30 / 2


def test_runs_of_an_earlier_command_say_nothing_of_this_one(tick: Tick) -> None:
    before = rows_of(1, 2, 3, seconds=1000.0)
    left = TimeLeft(UNMEASURED, 1, before)
    assert left(FRESH, before, 0) is None
    assert left(FRESH, before | rows_of(4), 0) == 2 * 30
    assert TimeLeft(RATES, 1, before)(FRESH, before, 0) == AROUND + 3 * 8


def test_a_run_that_failed_is_done_and_has_no_pace(tick: Tick) -> None:
    left = TimeLeft(RATES, 1, {})
    failed = rows_of(1, 2, status="failed", seconds=0.0, test_accuracy=None, val_accuracy=None)
    assert left(FRESH, failed, 0) == AROUND + 4 * 8


def test_it_is_over_all_phases(tick: Tick) -> None:
    agenda = Agenda(10, 8, 2, CELLS[:2], CELLS[2:3], ((FINALIST, 2), (DIRECT, 4)))
    left = TimeLeft(RATES, 2, {})
    assert left(agenda, {}, 8) == AROUND + (8 * 4 + 3 * 8 + 8 + 16) / 2
    assert left(agenda, {}, 3) == AROUND + (3 * 4 + 3 * 8 + 8 + 16) / 2


def test_nothing_is_left_of_what_is_done_and_a_moment_of_what_is_late(tick: Tick) -> None:
    left = TimeLeft(RATES, 2, {})
    assert left(FRESH, rows_of(*range(1, 7)), 0) == 0
    late = TimeLeft(RATES, 2, {})
    late(FRESH, {}, 0)
    tick(10_000)
    assert 0 < (late(FRESH, {}, 0) or 0) < 10


@pytest.mark.parametrize("jobs", [1, 2, 7])
def test_no_number_of_processes_ends_before_the_longest_run(jobs: int) -> None:
    works = [3.0, 50.0, 1.0, 20.0]
    left = seconds_left(works, 2.0, jobs)
    assert left >= 2 * max(works)
    assert left >= 2 * sum(works) / jobs
    assert left <= 2 * sum(works)
    assert seconds_left([], 1.0, jobs) == 0


def test_the_first_screen_says_what_is_to_be_done() -> None:
    long = replace(CONFIGURATION, epochs=10)
    cells = (*CELLS, Cell(long, 1, DIRECT))
    agenda = Agenda(24, 20, 2, CELLS[:1], cells, ((FINALIST, 2),) * 12)
    assert agenda.in_words({}, 2) == (
        "search 24 runs (4 done), tuning 1 run, fresh seeds about 19 runs, of 2 to 10 epochs, "
        "on 2 processes"
    )
    half = FRESH.in_words(rows_of(1, 2), 1)
    assert half == "fresh seeds 6 runs (2 done), of 2 epochs, on 1 process"
    assert Agenda(0, 0, 0, (), (), ()).in_words({}, 1) == "on 1 process"


def options_of(folder: Path, **changes: Any) -> Options:
    return make_options(folder, smoke_axes(studies_by_name["mode_sweep"]), **changes)


def queue_of(options: Options) -> Queue:
    store = open_store(options.place.out, None)
    return Queue(studies_by_name["mode_sweep"], options, "worker", store)


def test_finalists_are_reckoned_with_until_they_are_chosen(tmp_path: Path) -> None:
    queue = queue_of(options_of(tmp_path, trials=2, finalists=3, seeds=4))
    fixed = list(CELLS[:1])
    queue.enqueue_missing([])
    before = agenda_of(queue.done, fixed, {})
    assert (before.trials, before.to_search) == (2, 2)
    assert before.cells == CELLS[:1]
    assert before.later == ((FINALIST, 1),) * (3 * 4)
    while queue.run_next():
        pass
    after = agenda_of(queue.done, fixed, {})
    assert (after.to_search, after.later) == (0, ())
    assert len(after.cells) - 1 in (4, 8)
    assert {cell.arm for cell in after.cells} == {FINALIST}


def test_the_best_candidates_are_reckoned_with_until_they_are_chosen(tmp_path: Path) -> None:
    queue = queue_of(options_of(tmp_path, seeds=3, trials=0))
    trials = replace(queue.trials, study=replace(queue.trials.study, search=None))
    done = replace(queue.done, trials=trials)
    rates = tuple(replace(CONFIGURATION, learning_rate=rate) for rate in (0.1, 0.01))
    before = agenda_of(done, [], {DIRECT: rates})
    assert [cell.role for cell in before.tried] == [SEARCH, SEARCH]
    assert (before.cells, before.later) == ((), ((DIRECT, 2),) * 3)
    add_rows(queue.csv, [make_row(0, SEARCH, learning_rate=rate) for rate in (0.1, 0.01)])
    after = agenda_of(done, [], {DIRECT: rates})
    assert keys_of(after.tried) == keys_of(before.tried)
    assert [(cell.seed, cell.role) for cell in after.cells] == [(n, FINAL) for n in (1, 2, 3)]
    assert after.later == ()


def test_rates_are_of_the_folder_else_of_what_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    queue = queue_of(options_of(tmp_path / "out"))
    assert known_rates(queue.trials) == UNMEASURED

    published = PUBLISHED / "mode_sweep" / "runs.csv"
    add_rows(published, [make_row(1, dataset="mnist", epochs=2, seconds=60.0)])
    scaled = known_rates(queue.trials)
    assert scaled.of(FINALIST, 2) == pytest.approx(60 * 1197 / 6000)

    add_rows(queue.csv, [make_row(1, dataset="mnist", epochs=2, seconds=500.0)])
    assert known_rates(queue.trials) == scaled
    add_rows(queue.csv, [make_row(1, epochs=2, seconds=7.0)])
    assert known_rates(queue.trials).of(FINALIST, 2) == pytest.approx(7)


def test_published_rows_that_cannot_be_read_are_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    published = PUBLISHED / "mode_sweep" / "runs.csv"
    published.parent.mkdir(parents=True)
    published.write_text("half a li")
    assert known_rates(queue_of(options_of(tmp_path / "out")).trials) == UNMEASURED


def test_lines_say_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    with TrialProgress(new_console()) as progress:
        phase = progress.start("search", 24)
        phase.update(0, None, None)
        phase.update(1, 0.5, 130.0)
        phase.update(1, 0.5, 120.0)
        phase.update(24, 0.5, 0.0)
    assert capsys.readouterr().out.splitlines()[:3] == [
        "search: 0/24 runs, best validation –",
        "search: 1/24 runs, best validation 50.0 %, about 2 min left",
        "search: 24/24 runs, best validation 50.0 %",
    ]
