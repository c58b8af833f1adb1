"""What a command has to do, and how long that takes, over all its phases."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pandas as pd

from qcnn import InvalidInput, load_data
from studies.design.arms import FINALIST, NO_ARM, Arm
from studies.design.choose import Candidates, candidate_cells, chosen_cells
from studies.design.datasets import PUBLISHED_DATASET
from studies.design.roles import FAILED
from studies.design.study import Cell, Options, RunKey, Search, fresh_seeds
from studies.rows.rates import Rates, rates_of
from studies.rows.runs_file import PUBLISHED, read_rows, stored_row
from studies.rows.schema import Record
from studies.runs.finished import Done, search_rows, search_state
from studies.runs.trials import Trials

#: Training images of a published run.
_PUBLISHED_IMAGES = 6_000
#: Until workers have begun, and for the report: nothing to speak of in a command of hours.
_AROUND_SECONDS = 15.0
#: Of what should have ended by now.
_SOON = 1.0


@dataclass(frozen=True)
class Agenda:
    """All runs of a command, those that are done among them, as far as they are known by now.

    Attributes:
        trials: of the search.
        to_search: how many of these are missing.
        epochs: of each of these.
        tried: runs of the tuning.
        cells: runs with fresh seeds.
        later: arm and epochs of each run with fresh seeds that is yet to be chosen, about.
    """

    trials: int
    to_search: int
    epochs: int
    tried: tuple[Cell, ...]
    cells: tuple[Cell, ...]
    later: tuple[tuple[Arm, int], ...]

    def in_words(self, rows: Mapping[RunKey, Record], jobs: int) -> str:
        """What is to be done, such as ``search 24 runs, of 8 epochs, on 2 processes``.

        Args:
            rows: of the runs that are done.
            jobs: worker processes.
        """
        parts = [
            _part("search", self.trials, self.trials - self.to_search),
            _part("tuning", *_counts(self.tried, rows)),
            _part("fresh seeds", *_counts(self.cells, rows), len(self.later)),
        ]
        lengths = {cell.configuration.epochs for cell in (*self.tried, *self.cells)}
        lengths |= {epochs for _, epochs in self.later} | ({self.epochs} if self.trials else set())
        where = f"{jobs} processes" if jobs > 1 else "1 process"
        return ", ".join(filter(None, [*parts, _range(lengths), f"on {where}"]))


def _counts(cells: Iterable[Cell], rows: Mapping[RunKey, Record]) -> tuple[int, int]:
    """How many runs there are, and how many of them are done."""
    keys = keys_of(cells)
    return len(keys), len(keys & rows.keys())


def _part(name: str, count: int, done: int, later: int = 0) -> str:
    """A phase in words.

    >>> _part("search", 24, 3), _part("fresh seeds", 5, 0, 12), _part("tuning", 0, 0)
    ('search 24 runs (3 done)', 'fresh seeds about 17 runs', '')
    """
    total = count + later
    if not total:
        return ""
    text = f"{name} {'about ' if later else ''}{total} run{'s' if total > 1 else ''}"
    return f"{text} ({done} done)" if done else text


def _range(lengths: set[int]) -> str:
    """Lengths of trainings in words.

    >>> _range({8}), _range({3, 8, 10}), _range(set())
    ('of 8 epochs', 'of 3 to 10 epochs', '')
    """
    least, most = min(lengths, default=0), max(lengths, default=0)
    if least < most:
        return f"of {least} to {most} epochs"
    return f"of {most} epoch{'s' if most > 1 else ''}" if most else ""


def agenda_of(done: Done, fixed: Sequence[Cell], candidates: Candidates) -> Agenda:
    """What there is to do, by what has been found so far.

    Args:
        done: what is done.
        fixed: the runs that a study has whatever is found.
        candidates: what is tried in the tuning.
    """
    trials = done.trials
    search, options = trials.study.search, trials.options
    cells, later = list(fixed), list[tuple[Arm, int]]()
    missing, seeds, epochs = 0, options.amount.seeds, options.scope.epochs
    if search is not None:
        missing = max(0, options.amount.trials - search_state(trials)[0])
        if missing:
            later += [(FINALIST, epochs)] * (search.count_finalists(options) * seeds)
        else:
            cells += _finalists(search, options, search_rows(trials))
    tried = candidate_cells(candidates, options)
    if tried and keys_of(tried) <= done.runs.read().keys():
        cells += chosen_cells(candidates, read_rows(trials.csv), options)
    else:
        chosen = ((arm, max(each.epochs for each in of)) for arm, of in candidates.items())
        later += [each for each in chosen for _ in range(seeds)]
    amount = options.amount.trials if search is not None else 0
    return Agenda(amount, missing, epochs, tuple(tried), tuple(cells), tuple(later))


def _finalists(search: Search, options: Options, rows: pd.DataFrame) -> list[Cell]:
    return [
        Cell(configuration, seed, arm)
        for arm, configuration in search.choose_finalists(rows, options)
        for seed in fresh_seeds(options, options.amount.seeds)
    ]


def keys_of(cells: Iterable[Cell]) -> set[RunKey]:
    """The runs that some cells ask for, each once."""
    return {cell.key for cell in cells}


def known_rates(trials: Trials) -> Rates:
    """What the study's runs on this dataset took, else what the published ones let expect."""
    dataset = trials.options.scope.dataset
    rows = read_rows(trials.csv)
    own = rates_of(rows[rows["dataset"] == dataset])
    if own.measured:
        return own
    with suppress(InvalidInput, OSError):  # it is of no use then, and in nobody's way
        rows = read_rows(PUBLISHED / trials.study.name / "runs.csv")
        images = len(load_data(dataset).train_labels)
        published = rows[rows["dataset"] == PUBLISHED_DATASET]
        return rates_of(published, images / _PUBLISHED_IMAGES)
    return own


def seconds_left(expected: Iterable[float], pace: float, jobs: int) -> float:
    """How long some runs take on several processes.

    No less than the longest of them, which is done by one.

    Args:
        expected: what each run takes by the rates.
        pace: how many times as long runs take in this command.
        jobs: worker processes.

    >>> seconds_left([30.0] * 8, 1.5, 2), seconds_left([2.0, 100.0], 1.0, 2)
    (180.0, 100.0)
    """
    works = list(expected)
    return pace * max(sum(works) / jobs, max(works, default=0.0))


class TimeLeft:
    """The time that a command has left, as its runs are done.

    Rates say how runs compare, and what they take until one is done; then those that were done
    since say how many times as long they take.

    Args:
        rates: what runs are expected to take.
        jobs: worker processes.
        rows: those that are there at the start: what they took says nothing of this command.
    """

    def __init__(self, rates: Rates, jobs: int, rows: Mapping[RunKey, Record]) -> None:
        self._rates, self._jobs = rates, jobs
        self._seen = set(rows)
        #: Of each run of this command, what it took and what it takes by the rates.
        self._times: list[tuple[float, float]] = []
        self._state: tuple[Agenda, int, int] | None = None
        self._left: float | None = None
        self._since = time.monotonic()

    def __call__(
        self, agenda: Agenda, rows: Mapping[RunKey, Record], to_search: int
    ) -> float | None:
        """Seconds; None while nothing is known of them.

        Args:
            agenda: all runs.
            rows: of the runs that are done.
            to_search: trials of the search that are missing.
        """
        state = agenda, len(rows), to_search
        if self._state is None or state[1:] != self._state[1:] or agenda is not self._state[0]:
            self._state, self._since = state, time.monotonic()
            self._count(rows)
            self._left = self._estimate(agenda, rows, to_search)
        # What runs at the moment is nearer to its end with every second.
        return self._left and max(_SOON, self._left - (time.monotonic() - self._since))

    def _count(self, rows: Mapping[RunKey, Record]) -> None:
        for row in (stored_row(rows[key]) for key in rows if key not in self._seen):
            if row["status"] != FAILED and row["seconds"] is not None:
                arm = Arm(row["setting"], row["arm"])
                self._times.append((row["seconds"], self._rates.of(arm, row["epochs"])))
        self._seen |= rows.keys()

    def _pace(self) -> float | None:
        """How many times as long runs take as by the rates; None before one is done.

        The first of each process compiles what the others find, and counts until there are more.
        """
        counted = self._times[min(self._jobs, len(self._times) - 1) :]
        expected = sum(each for _, each in counted)
        return sum(spent for spent, _ in counted) / expected if expected else None

    def _estimate(
        self, agenda: Agenda, rows: Mapping[RunKey, Record], to_search: int
    ) -> float | None:
        pace = self._pace()
        if pace is None and not self._rates.measured:
            return None
        missing = {
            cell.key: self._rates.of(cell.arm, cell.configuration.epochs)
            for cell in (*agenda.tried, *agenda.cells)
            if cell.key not in rows
        }
        later = (self._rates.of(*each) for each in agenda.later)
        searched = [self._rates.of(NO_ARM, agenda.epochs)] * to_search
        works = [*missing.values(), *later, *searched]
        around = _AROUND_SECONDS if works and pace is None else 0.0
        return around + seconds_left(works, 1.0 if pace is None else pace, self._jobs)
