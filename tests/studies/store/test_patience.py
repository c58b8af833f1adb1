"""What is asked of a storage whose answer is lost is asked again, and nothing is done twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

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
from studies.store import journal
from studies.store.journal import JournalStore

T = TypeVar("T")
TRIALS = 3
CELLS = [Cell(replace(CONFIGURATION, epochs=1), seed, FINALIST) for seed in (1, 2, 3)]


class Stuttering(JournalStore):
    """A journal that is done what it was asked, but does not answer each first time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: set[str] = set()

    def patiently(self, operation: Callable[[], T]) -> T:
        name = getattr(operation, "func", operation).__name__
        if name not in self.asked:
            self.asked.add(name)
            operation()
        return operation()


def draw(trial: optuna.Trial, _: Options) -> Any:
    rate = trial.suggest_float("rate", 0.01, 0.1)
    return replace(CONFIGURATION, epochs=1, learning_rate=float(f"{rate:.6f}"))


def test_every_operation_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(_: str, configuration: Any, seed: int, role: str, *__: object) -> Any:
        return make_row(seed, role, **configuration.axes())

    monkeypatch.setattr(claim, "execute", execute)
    monkeypatch.setattr(journal, "_CLAIM_GRACE", timedelta(0))
    search = Search(suggest=draw, choose_finalists=lambda *_: [])
    study = replace(studies_by_name["mode_sweep"], search=search)
    store = Stuttering(tmp_path)
    queue = Queue(study, make_options(tmp_path, smoke_axes(study), trials=TRIALS), "0", store)
    for _ in range(2 * (TRIALS + len(CELLS))):
        queue.enqueue_missing(CELLS)
        while queue.run_next():
            pass
    rows = read_rows(queue.csv)
    assert sorted(rows["role"]) == ["final"] * len(CELLS) + ["search"] * TRIALS
    assert queue.search_state()[0] == TRIALS
    assert sorted(rows.loc[rows["role"] == "final", "seed"]) == [1, 2, 3]
    asked = {"enqueue_missing", "_claim", "_draw", "_known_row", "_store", "take_rows"}
    assert asked < store.asked


def test_the_operations_of_a_command_are_repeated_too(tmp_path: Path) -> None:
    store = Stuttering(tmp_path)
    study = studies_by_name["mode_sweep"]
    queue = Queue(study, make_options(tmp_path, smoke_axes(study)), "0", store)
    queue.enqueue_missing(CELLS)
    queue.cells.ask().set_user_attr("worker", "lost")
    said = queue.release_lost("lost", "SIGKILL")
    assert said.endswith("loss 1 of 3: it is run again")
    assert [trial.state.name for trial in queue.cells.trials] == ["FAIL"] + ["WAITING"] * 3
    assert queue.search_rows().empty
    assert {"release_lost", "search_rows"} < store.asked
