"""What a study costs beside its trainings: rows and trials as they grow, and the report."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np

from ._common import SEED, require
from ._ratios import median_ratio

FEW, MANY = 100, 20_000
#: The first operation on a trial in Optuna's journal.
_CREATE_TRIAL = 4
_SMALLEST = {"sizes": ((4, 2),), "target": "notebook", "mapping": "mixing", "batch_size": 2000}


def _studies() -> ModuleType:
    """Skips the benchmark where rows are not followed as they grow."""
    require("studies.store.trial_states")
    catalogue: ModuleType = require("studies.catalogue")
    return catalogue


class Runs:
    """A results folder of so many finished trials of the smallest model, and a worker in it."""

    def __init__(self, runs: int) -> None:
        study = _studies().studies_by_name["pqcnn_count"]
        design, stores = require("studies.design.study"), require("studies.store.opening")
        trials, plan = require("studies.runs.trials"), require("studies.runs.plan")
        self._run_next = require("studies.runs.claim").run_next
        self.folder = TemporaryDirectory()
        place = design.Place(Path(self.folder.name), jobs=1)
        options = design.Options(design.Scope("digits", {}, epochs=1), place)
        self._cells = self._further_cells(study)
        for filled in (False, True):
            self.store = stores.open_store(place.out, None)
            self.trials = trials.open_trials(study, options, "worker", self.store)
            self.done = require("studies.runs.finished").follow(self.trials)
            self._plan = plan.Plan(self.trials, self.done.runs)
            if not filled:
                self.run_one()
                self._fill(place.out / "journal.log", runs)
        # Reads what is there.
        self.run_one()

    @staticmethod
    def _further_cells(study: Any) -> Iterator[Any]:
        design = require("studies.design.study")
        configuration = require("studies.design.configuration")
        arm = require("studies.design.arms").Arm("", "smallest")
        axes = {**_cells(study, 1)[0].configuration.axes(), **_SMALLEST}
        model = configuration.Configuration(**axes)
        # Behind all that are there.
        return (design.Cell(model, seed, arm) for seed in count(10 * MANY))

    def _fill(self, journal: Path, runs: int) -> None:
        """As if the trial that was run had been run under other seeds, too."""
        rows = require("studies.rows.runs_file")
        (record,) = self.done.runs.read().values()
        row = rows.stored_row(record)
        logs = [json.loads(line) for line in journal.read_text().splitlines()]
        first = next(n for n, log in enumerate(logs) if log["op_code"] == _CREATE_TRIAL)
        with journal.open("a") as file:
            for seed in range(1, runs):
                for log in logs[first:]:
                    file.write(json.dumps(_of_seed(log, seed)) + "\n")
        self.done.runs.add(row | {"seed": seed} for seed in range(1, runs))

    def run_one(self) -> None:
        """One more trial: planned, claimed, run and stored."""
        self._plan.enqueue_missing([next(self._cells)])
        if not self._run_next(self.done):
            raise RuntimeError("there was nothing to run")

    def follow(self) -> Any:
        """What the command looks at twice a second."""
        return require("studies.runs.phases").CellsState(self.done, [])

    def close(self) -> None:
        """Remove the folder."""
        self.store.close()
        self.folder.cleanup()


def _cells(study: Any, seeds: int) -> list[Any]:
    """What the study runs under its own axes."""
    design = require("studies.design.study")
    options = design.Options(
        design.Scope("digits", {axis.name: axis.default for axis in study.axes}, epochs=1),
        design.Place(Path(), jobs=1),
        design.Amount(seeds=seeds),
    )
    cells: list[Any] = study.cells(options)
    return cells


def _of_seed(log: dict[str, Any], seed: int) -> dict[str, Any]:
    changed = dict(log)
    if "trial_id" in log:
        changed["trial_id"] = seed
    if "user_attr" in log:
        changed["user_attr"] = {
            name: json.dumps({**json.loads(text), "seed": seed})
            if name in ("row", "cell")
            else text
            for name, text in log["user_attr"].items()
        }
    return changed


class Bookkeeping:
    """A trial of the smallest model, the command's look at it, and the whole file."""

    version = "1"
    params = ((FEW, MANY),)
    param_names = ("rows",)
    timeout = 300

    def setup(self, rows: int) -> None:
        self.runs = Runs(rows)
        self.state = self.runs.follow()
        self.state()

    def teardown(self, rows: int) -> None:
        self.runs.close()

    def time_trial(self, rows: int) -> None:
        self.runs.run_one()

    def time_poll(self, rows: int) -> None:
        self.state()

    def time_read(self, rows: int) -> None:
        require("studies.rows.runs_file").read_rows(self.runs.done.runs.path)


class Growth:
    """A trial at many rows in units of one at few, in turns."""

    version = "1"
    unit = "ratio"
    timeout = 300
    repeats = 30
    rows = MANY

    def setup(self) -> None:
        self.few, self.many = Runs(FEW), Runs(self.rows)

    def teardown(self) -> None:
        self.few.close()
        self.many.close()

    def track_trial_over_few(self) -> float:
        return median_ratio(self.many.run_one, self.few.run_one, self.repeats)


class Report:
    """The report of a study's own arms under ten seeds each, figures included."""

    version = "1"
    timeout = 300
    number = 1
    seeds = 10

    def setup(self) -> None:
        study = _studies().studies_by_name["pqcnn_count"]
        self.build = require("studies.reports.study_report").build_report
        self.runs = Runs(1)
        rows = require("studies.rows.runs_file")
        record = next(iter(self.runs.done.runs.read().values()))
        row = rows.stored_row(record)
        random = np.random.default_rng(SEED)
        self.folder = TemporaryDirectory()
        rows.add_rows(
            Path(self.folder.name) / "runs.csv",
            [
                row
                | cell.configuration.axes()
                | {
                    "configuration": cell.configuration.digest(),
                    "seed": cell.seed,
                    "setting": cell.arm.setting,
                    "arm": cell.arm.name,
                    "test_accuracy": float(random.uniform(0.8, 0.9)),
                }
                for cell in _cells(study, self.seeds)
            ],
        )
        self.time_report()

    def teardown(self) -> None:
        self.runs.close()
        self.folder.cleanup()

    def time_report(self) -> None:
        self.build(Path(self.folder.name))
