"""A command and its worker in one: what waits is planned, claimed and run by the same process."""

from collections.abc import Sequence

import pandas as pd

from studies.design.study import Cell, Options, Study
from studies.runs.claim import run_next
from studies.runs.finished import follow, search_rows, search_state, take_rows
from studies.runs.plan import Plan
from studies.runs.trials import open_trials
from studies.store.storage import Store


class Queue:
    """The trials of one study under one set of options, from both sides."""

    def __init__(self, study: Study, options: Options, worker: str, store: Store) -> None:
        self.trials = open_trials(study, options, worker, store)
        self.done = follow(self.trials)
        self.plan = Plan(self.trials, self.done.runs)
        self.options, self.store = options, store
        self.search, self.cells = self.trials.both
        self.csv, self.key = self.trials.csv, self.trials.key

    def enqueue_missing(self, cells: Sequence[Cell]) -> None:
        self.plan.enqueue_missing(cells)

    def release_lost(self, worker: str, reason: str) -> str:
        return self.plan.release_lost(worker, reason)

    def take_rows(self) -> None:
        take_rows(self.done)

    def run_next(self) -> bool:
        return run_next(self.done)

    def search_rows(self) -> pd.DataFrame:
        return search_rows(self.trials)

    def search_state(self) -> tuple[int, float | None]:
        return search_state(self.trials)
