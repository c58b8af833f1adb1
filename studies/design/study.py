"""What a study is: its question, its axes, what it searches and what it always runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import optuna
import pandas as pd
from torch import nn

from qcnn import Data
from studies.design.arms import Arm
from studies.design.configuration import Configuration
from studies.design.roles import FINAL, FULL

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from studies.analysis.results import StudyResults

#: What a study looks at beside the accuracy, by name: numbers that JSON can hold.
Measure = Callable[[nn.Module, Data], dict[str, Any]]


@dataclass(frozen=True)
class Axis:
    """An axis that a command line can narrow, as the option ``--name``.

    Attributes:
        name: as studies use it.
        type: of its values.
        default: what a preset has that says nothing else.
        help: in a few words.
        is_length: whether it is how long some of the runs train; those of one length never share
            a folder with those of another.
    """

    name: str
    type: click.ParamType
    default: Any
    help: str
    is_length: bool = False


@dataclass(frozen=True)
class Preset:
    """How much a preset does.

    Attributes:
        seeds: fresh seeds for each finalist and reference.
        epochs: of every run but those with epochs of their own.
        trials: searched configurations.
        finalists: configurations that get fresh seeds.
        long_seeds: fresh seeds of runs that keep their source's long schedule.
        tuning_seeds: seeds of every candidate of an arm that is tuned, at most 100; more than one
            where seeds can fail.
        after: how many fresh seeds come before these, and are not run again.
        axes: defaults of the study's axes that differ under this preset.
    """

    seeds: int
    epochs: int
    trials: int = 0
    finalists: int = 0
    long_seeds: int = 0
    tuning_seeds: int = 1
    after: int = 0
    axes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """What a command asks about. Commands of one scope share their trials.

    Attributes:
        dataset: name of the dataset.
        axes: values of the study's axes.
        epochs: of every run but those that bring their own; 0 where all do.
        seed: of the search; fresh seeds follow it.
    """

    dataset: str
    axes: Mapping[str, Any]
    epochs: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Amount:
    """How much a command does; see :class:`Preset`. Nothing beside a study's cells by itself.

    Attributes:
        trials, finalists, seeds, long_seeds, tuning_seeds, after: as in a preset.
        preset: what was asked for in words: a preset, with lengths that are not its own.
    """

    trials: int = 0
    finalists: int = 0
    seeds: int = 0
    long_seeds: int = 0
    tuning_seeds: int = 1
    after: int = 0
    preset: str = FULL


@dataclass(frozen=True)
class Place:
    """Where a command does it, and how.

    Attributes:
        out: the results folder.
        jobs: worker processes.
        storage: URL of a server that keeps the trials, which shows itself without its password;
            a journal in ``out`` keeps them otherwise.
        retry_failed: whether runs that were given up, as losses of too many workers, are done
            again.
    """

    out: Path
    jobs: int
    storage: "URL | None" = None
    retry_failed: bool = False


@dataclass(frozen=True)
class RunKey:
    """What tells runs apart, wherever they wait, are counted or stored.

    Attributes:
        configuration: hash of the configuration.
        seed: of the run.
        role: whether it is one to choose by, or has a fresh seed.
    """

    configuration: str
    seed: int
    role: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "RunKey":
        """The key of a row."""
        return cls(row["configuration"], row["seed"], row["role"])


@dataclass(frozen=True)
class Options:
    """What one command asks for, every choice made: what, where and how much of it."""

    scope: Scope
    place: Place
    amount: Amount = field(default_factory=Amount)


@dataclass(frozen=True)
class Cell:
    """A run that must exist: a configuration with a seed, as one of an arm.

    One with the role of a search is to choose by: it sees no test images.
    """

    configuration: Configuration
    seed: int
    arm: Arm
    role: str = FINAL

    @cached_property
    def key(self) -> RunKey:
        """Of the run that it asks for, whatever its arm."""
        return RunKey(self.configuration.digest(), self.seed, self.role)


@dataclass(frozen=True)
class Search:
    """The part of a study that looks for configurations on the validation images.

    Attributes:
        suggest: a configuration worth training, for a trial of the search.
        choose_finalists: arms and configurations for fresh seeds, from the rows of the search.
        leads: parameters of the first trials, by their names; the sampler draws what is left.
        count_finalists: how many will be chosen, about, by which the time left is reckoned.
    """

    suggest: Callable[[optuna.Trial, Options], Configuration]
    choose_finalists: Callable[[pd.DataFrame, Options], list[tuple[Arm, Configuration]]]
    leads: Callable[[Options], Sequence[Mapping[str, Any]]] = lambda _: ()
    count_finalists: Callable[[Options], int] = lambda options: options.amount.finalists


@dataclass(frozen=True)
class Contrast:
    """Two arms to be compared by their test accuracy, declared before any run.

    Runs are paired by seed, of the longest training (in epochs) that both arms have: an arm
    with a schedule of its own is declared against one that trains as long.

    Attributes:
        first: the first arm.
        second: the second arm; the difference is first − second.
        where: where they are compared, if that is not the first arm's setting. "χ = 10" opens
            the sentence as "at χ = 10", a text without an equals sign, "mixing of 5 PQCNNs", as
            "with mixing of 5 PQCNNs".
    """

    first: Arm
    second: Arm
    where: str = ""

    @property
    def setting(self) -> str:
        """Where the arms are compared."""
        return self.where or self.first.setting


@dataclass(frozen=True)
class Question:
    """A question that is answered by yes or no, and what decides it, declared before any run.

    How it is decided: :func:`studies.analysis.answers.answers`.

    Attributes:
        text: the question.
        contrasts: declared by the study; yes means that the first arms are the better ones.
        margin: the largest loss of the first arms (a fraction) that is as good as none; where it
            is given, yes means that they are at most as much worse.
    """

    text: str
    contrasts: Sequence[Contrast]
    margin: float | None = None


@dataclass(frozen=True)
class Study:
    """A study.

    Attributes:
        name: as on the command line and of the results folder.
        question: one sentence.
        axes: what the command line can narrow.
        presets: ``smoke``, ``quick`` and ``full``.
        cells: the runs that must exist whatever a search finds.
        figures: names of the figures of each dataset's section (``studies.reports.figures``).
        check: raises InvalidInput for axes that allow nothing; none where all allow something.
        finding: a sentence or two for the top of a dataset's section, from its rows, behind
            the answers to the questions.
        overview: a table of text for the top of a dataset's section, from its rows.
        search: what else is searched, if anything.
        tuned: the candidates of each arm that is tuned: all are run, and the best one on the
            validation images gets fresh seeds (``studies.design.choose``).
        measure: what is looked at in a model before and after its training, if anything.
        questions: that its contrasts decide; the first one is answered on the front page.
        contrasts: at most 25, of which a claim needs pairs of seeds enough
            (``studies.analysis.results.PAIRS_FOR_A_CLAIM``).
        looks: at how many fresh seeds somebody has looked at the results before more were added,
            in ascending order.
        confirmed: whether the seeds after the last look alone decide the contrasts; else all do,
            and a claim has to survive that there were several chances for it.
        dataset: what its command takes where none is named; what the preset ``full`` does on it is
            published, and that on MNIST where it is ``auto``.
        transfers: of which arms the final configurations are run on another dataset
            (``studies.transfer``); of all by default.
        beside: another study whose final runs, in the folder beside, stand for the arms that
            contrasts name and that are its own; empty for none.
    """

    name: str
    question: str
    axes: tuple[Axis, ...]
    presets: Mapping[str, Preset]
    cells: Callable[[Options], list[Cell]]
    figures: Sequence[str]
    check: Callable[[Options], None] | None = None
    finding: "Callable[[StudyResults], str] | None" = None
    overview: "Callable[[StudyResults], pd.DataFrame] | None" = None
    search: Search | None = None
    tuned: Callable[[Options], Mapping[Arm, Sequence[Configuration]]] | None = None
    measure: Measure | None = None
    questions: Sequence[Question] = ()
    contrasts: Sequence[Contrast] = ()
    looks: tuple[int, ...] = ()
    confirmed: bool = False
    dataset: str = "auto"
    transfers: Callable[[Arm], bool] = lambda _: True
    beside: str = ""

    def looks_before(self, cell: Cell, scope: Scope) -> int:
        """How many looks at the results came before the seed of a run was chosen."""
        if cell.role != FINAL:
            return 0
        return sum(cell.seed - scope.seed > look for look in self.looks)


def fresh_seeds(options: Options, count: int) -> range:
    """Seeds of final runs, never the search's own, nor those that came before."""
    first = options.scope.seed + 1 + options.amount.after
    return range(first, first + count)


def are_compared(contrasts: Sequence[Contrast]) -> Callable[[Arm], bool]:
    """Whether an arm is in one of some contrasts, for :attr:`Study.transfers`."""
    arms = {arm for contrast in contrasts for arm in (contrast.first, contrast.second)}
    return arms.__contains__
