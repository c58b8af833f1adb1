"""What waits in the queue is what the commands that live have asked for."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import optuna
import pytest
from queues import Queue
from smallest import make_options, smoke_axes
from stored_rows import CONFIGURATION, make_row

from studies.catalogue import studies_by_name
from studies.design.arms import FINALIST
from studies.design.study import Cell, Options, Search
from studies.rows.runs_file import read_rows
from studies.runs import claim
from studies.store.opening import open_store
from studies.store.trial_states import ROW, is_open

PLANNED = 4
MakeQueue = Callable[..., Queue]
CELLS = [Cell(replace(CONFIGURATION, epochs=1), seed, FINALIST) for seed in range(1, 21)]


def draw(trial: optuna.Trial, options: Options) -> Any:
    rate = trial.suggest_float("rate", 0.01, 0.1)
    return replace(CONFIGURATION, epochs=1, learning_rate=float(f"{rate:.6f}"))


STUDY = replace(
    studies_by_name["mode_sweep"], search=Search(suggest=draw, choose_finalists=lambda *_: [])
)


@pytest.fixture
def make_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeQueue:
    """Makes queues of a study whose runs take no time."""

    def execute(_: str, configuration: Any, seed: int, role: str, *__: object) -> Any:
        return make_row(seed, role, **configuration.axes())

    monkeypatch.setattr(claim, "execute", execute)

    names = map(str, count())  # each draws its own configurations

    def make(folder: Path = tmp_path, **changes: Any) -> Queue:
        options = make_options(folder, smoke_axes(STUDY), **changes)
        return Queue(STUDY, options, next(names), open_store(folder, None))

    return make


def waiting(study: optuna.Study) -> int:
    return sum(map(is_open, study.trials))


def test_only_as_many_wait_as_workers_can_claim(make_queue: MakeQueue) -> None:
    queue = make_queue(trials=100_000)
    queue.enqueue_missing([])
    before = waiting(queue.search)
    assert 0 < before <= 100
    assert queue.run_next()
    queue.enqueue_missing([])
    assert waiting(queue.search) == before


def test_too_many_trials_are_taken_back(make_queue: MakeQueue) -> None:
    mistaken = make_queue(trials=50)
    mistaken.enqueue_missing([])
    assert waiting(mistaken.search) == 50
    assert mistaken.run_next()
    queue = make_queue(trials=3)
    queue.enqueue_missing([])
    assert waiting(queue.search) == 2
    while queue.run_next():
        pass
    assert queue.search_state()[0] == len(read_rows(queue.csv)) == 3


def test_too_many_seeds_are_taken_back(make_queue: MakeQueue) -> None:
    make_queue().enqueue_missing(CELLS)
    queue = make_queue()
    queue.enqueue_missing(CELLS[:2])
    while queue.run_next():
        pass
    assert sorted(read_rows(queue.csv)["seed"]) == [1, 2]


def test_a_run_that_is_claimed_is_not_withdrawn(make_queue: MakeQueue) -> None:
    queue = make_queue()
    queue.enqueue_missing(CELLS[:3])
    claimed = queue.cells.ask()
    make_queue().enqueue_missing([])
    assert [trial.state.name for trial in queue.cells.trials] == ["RUNNING", "FAIL", "FAIL"]
    assert claimed.number == 0


def test_a_command_that_lives_gets_back_what_it_wants(make_queue: MakeQueue) -> None:
    living = make_queue(trials=5)
    living.enqueue_missing(CELLS)
    other = make_queue(trials=2)
    other.enqueue_missing(CELLS[:1])
    assert (waiting(living.search), waiting(living.cells)) == (2, 1)
    for _ in range(2):  # what it has begun with is withdrawn, what it finds later is not
        living.enqueue_missing(CELLS)
        other.enqueue_missing(CELLS[:1])
        assert (waiting(living.search), waiting(living.cells)) == (5, len(CELLS))


@pytest.mark.parametrize("moment", range(12))
def test_a_run_that_ends_while_a_command_looks_is_not_done_twice(
    make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    trials, cells = 6, CELLS[:3]
    worker, command = make_queue(trials=trials), make_queue(trials=trials)
    worker.enqueue_missing(cells)
    command.enqueue_missing(cells)
    looks = count()

    def looking(get_trials: Callable[..., Any]) -> Callable[..., Any]:
        def look(*arguments: Any, **options: Any) -> Any:
            if next(looks) == moment:
                # All of them, so that whatever is looked at next has changed.
                while worker.run_next():
                    pass
            return get_trials(*arguments, **options)

        return look

    for study in (command.search, command.cells):
        monkeypatch.setattr(study, "get_trials", looking(study.get_trials))
    command.enqueue_missing(cells)
    while worker.run_next():
        pass
    command.enqueue_missing(cells)
    assert next(looks) > moment, "there are fewer looks"
    ended = [sum(ROW in trial.user_attrs for trial in study.trials) for study in worker.trials.both]
    assert ended == [trials, len(cells)]


def test_an_abandoned_trial_does_not_make_the_search_longer(make_queue: MakeQueue) -> None:
    queue = make_queue(trials=2)
    queue.enqueue_missing([])
    abandoned = queue.search.ask()
    queue.search.tell(abandoned, state=optuna.trial.TrialState.FAIL)
    queue.enqueue_missing([])
    queue.search.ask()
    queue.store.fail_abandoned = lambda study: [  # type: ignore[method-assign]
        trial for trial in study.trials if study is queue.search and trial.number == 0
    ]
    queue.enqueue_missing([])
    assert waiting(queue.search) == 2


def test_a_journal_that_lost_lines_runs_what_was_planned_and_no_more(
    make_queue: MakeQueue, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    queue = make_queue(whole, trials=PLANNED)
    queue.enqueue_missing(CELLS[:2])
    while queue.run_next():
        pass
    journal = (whole / "journal.log").read_bytes().splitlines(keepends=True)
    one_lost = [journal[:lost] + journal[lost + 1 :] for lost in range(len(journal))]
    end_lost = [journal[:left] for left in range(len(journal))]
    for number, lines in enumerate([*one_lost, *end_lost][::2]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "journal.log").write_bytes(b"".join(lines))
        shutil.copy(whole / "runs.csv", folder)
        again = make_queue(folder, trials=PLANNED)
        again.enqueue_missing(CELLS[:2])
        while again.run_next():
            again.enqueue_missing(CELLS[:2])
        assert (folder / "runs.csv").read_bytes() == (whole / "runs.csv").read_bytes(), lines[-1]
        assert again.search_state()[0] >= PLANNED
