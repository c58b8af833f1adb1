"""What a row is: every column of ``runs.csv``, as text in the file and as a value.

One dataclass says it all; what is read, written, checked or drawn goes by it. Whether the
columns of a row fit each other is checked by ``studies.rows.row_checks``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from math import inf
from numbers import Real
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from qcnn import InvalidInput
from studies.design.configuration import AXES, Configuration, shortened
from studies.design.roles import COMPLETE, DIVERGED, FAILED, FINAL, FULL, SEARCH

#: Longest text; what a page or a figure shows has to have room there.
LONGEST = 1_000_000
_LONGEST_AXIS, _LONGEST_ERROR = 10_000, 1000
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_WHOLE_NUMBER = re.compile(r"\d{1,19}")
_NUMBER = re.compile(r"-?\d+(\.\d*)?([eE][+-]?\d+)?")
#: Numbers of a row are stored in as many bits.
_BELOW = 2**63
#: A row as the file holds it: a text for each of ``COLUMNS``.
Record = tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """What a column allows beside its type.

    Attributes:
        one_of: the only texts; all where there are none.
        longest: of a text, the most characters.
        least, most: of a number.
        counts: whether it is a number of the model; 0 in a failed run, whose model may never
            have been built.
        by_epoch: whether it holds a number for each epoch.
    """

    one_of: tuple[str, ...] = ()
    longest: int = LONGEST
    least: float = -inf
    most: float = inf
    counts: bool = False
    by_epoch: bool = False


_Words = Annotated[str, Rule(longest=500)]
_Count = Annotated[int, Rule(counts=True)]
_Fraction = Annotated[float | None, Rule(least=0, most=1)]
_Curve = Annotated[str, Rule(by_epoch=True)]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run. Its attributes are the columns, in this order; None is an empty one.

    A column that is added later has a default, which the rows get that were stored before.

    Attributes:
        study: name of the study.
        preset: of the command, with the length of trainings where that is not the preset's own.
        configuration: hash of the axes.
        role: whether it was run to choose by, or with a fresh seed.
        setting, arm: of which arm it is; both empty for what a search has drawn.
        status: how it ended.
        seed: of everything random in it.
        phases, effective_phases: of the PQCNNs, and how many of these can change anything.
        mapping_parameters: trainable numbers of the mapping, or of the baseline.
        fixed_numbers: numbers that are not trained: random ones, and what follows from responses
            of the PQCNNs that were simulated before the training (the choice of phases, what
            ``whitened`` reads by); in rows up to version 0.1.0 the random ones alone.
        trainable_parameters: phases and mapping parameters together.
        train_accuracy, val_accuracy: after the last epoch (fractions).
        test_accuracy: after the last epoch (a fraction); none in a search.
        best_val_accuracy, best_val_epoch: the best epoch by validation, counted from 1; none in
            a run that is only evaluated under noise.
        seconds: of the run.
        engine: what has simulated the PQCNNs; ``none`` without any.
        axes: those of the configuration, each a column of its own (:class:`Configuration`).
        train_loss_by_epoch, train_accuracy_by_epoch, val_loss_by_epoch, val_accuracy_by_epoch:
            numbers with a space between; fewer than epochs where the run did not come to its end.
            Those of the training are what the steps of the epoch had, the last ones of the whole
            split after it; in rows up to version 0.1.0 all are of the whole split.
        measured: what the study has looked at, as JSON (``studies.design.measures``).
        error: why the run has diverged or failed.
        search: which search has drawn it; empty for none.
        search_parameters: what that has drawn, as JSON with the distributions.
        sampler, pruner: of the search.
        git_commit, versions, platform: where the row comes from (``studies.store.provenance``).
        look: how many looks at the study's results came before its seed was chosen.
        shots_spent: shots that the PQCNNs have fired in a training from shots; else 0.
    """

    study: str
    preset: _Words = FULL
    configuration: str
    role: Annotated[str, Rule(one_of=(SEARCH, FINAL))]
    setting: _Words
    arm: _Words
    status: Annotated[str, Rule(one_of=(COMPLETE, DIVERGED, FAILED))]
    seed: int
    phases: _Count
    effective_phases: _Count
    mapping_parameters: _Count
    fixed_numbers: _Count
    trainable_parameters: _Count
    train_accuracy: _Fraction
    val_accuracy: _Fraction
    test_accuracy: _Fraction
    best_val_accuracy: _Fraction
    best_val_epoch: float | None
    seconds: Annotated[float | None, Rule(least=0)]
    engine: str
    axes: Mapping[str, Any]
    train_loss_by_epoch: _Curve
    train_accuracy_by_epoch: _Curve
    val_loss_by_epoch: _Curve
    val_accuracy_by_epoch: _Curve
    measured: str = ""
    error: str
    search: str
    search_parameters: str
    sampler: str
    pruner: str
    git_commit: str
    versions: str
    platform: str
    look: int = 0
    shots_spent: int = 0

    def values(self) -> Iterator[Any]:
        """The value of each of ``COLUMNS``."""
        for name in COLUMNS:
            yield self.axes[name] if name in AXES else getattr(self, name)

    def curves(self) -> dict[str, str]:
        """The columns with a number for each epoch."""
        return {name: getattr(self, name) for name in _CURVES}


class NotOfItsType(InvalidInput):
    """A text that is no number where there has to be one."""


@dataclass(frozen=True)
class Column:
    """A column of the results file.

    Attributes:
        name: in the first line of the file.
        kind: of its values, as pandas calls it.
        rule: what is allowed beside.
        default: what the rows get that were stored before the column was added; None for a column
            that has always been there.
        is_axis: whether it is a choice of the run, of which no digit is lost.
    """

    name: str
    kind: str
    rule: Rule = field(default_factory=Rule)
    default: Any = None
    is_axis: bool = False

    def text(self, value: Any) -> str:
        """A value as the file holds it: ten digits of a result, every digit of a choice.

        Raises:
            InvalidInput: if it is of another type.
        """
        if value is None or value != value:
            return ""
        kind = str if self.kind == "str" else Real
        if isinstance(value, bool) or not isinstance(value, kind):
            raise InvalidInput(
                f"{self.name} is {shortened(value)}; allowed are values of the type {self.kind}"
            )
        if self.kind != "float64":
            return str(value)
        try:
            number = float(value)
        except OverflowError:
            number = inf
        text = f"{number:.10g}"
        return repr(number) if self.is_axis and float(text) != number else text

    def value(self, text: str) -> Any:
        """What a text stands for, None for a number that is missing.

        Raises:
            NotOfItsType: if it is no number where there has to be one.
        """
        if self.kind == "str":
            return text
        if self.kind == "float64":
            if not text and not self.is_axis:
                return None
            if not _NUMBER.fullmatch(text):
                raise NotOfItsType(f"{self.name} is {shortened(text)}, allowed are numbers")
            return float(text)
        if not _WHOLE_NUMBER.fullmatch(text) or int(text) >= _BELOW:
            raise NotOfItsType(
                f"{self.name} is {shortened(text)}, allowed are whole numbers from 0 to "
                f"{_BELOW - 1}"
            )
        return int(text)

    def check(self, value: Any) -> None:
        """Raises InvalidInput for a value of the column's type that is not allowed."""
        rule, name = self.rule, self.name
        if isinstance(value, str) and (len(value) > rule.longest or _UNPRINTABLE.search(value)):
            raise InvalidInput(
                f"{name} is {shortened(value)}; allowed are at most {rule.longest:,} characters "
                "that can be printed"
            )
        if rule.one_of and value not in rule.one_of:
            raise InvalidInput(
                f"{name} is {shortened(value)}; allowed are {', '.join(rule.one_of)}"
            )
        number = isinstance(value, float) and (rule.least > -inf or rule.most < inf)
        if number and not (rule.least <= value <= rule.most and value < inf):
            to = f" to {rule.most:g}" if rule.most < inf else ""
            raise InvalidInput(f"{name} is {value!r}; allowed are numbers from {rule.least:g}{to}")


def _columns() -> Iterator[Column]:
    hints = get_type_hints(Row, include_extras=True)
    for each in fields(Row):
        if each.name == "axes":
            for axis in fields(Configuration):
                rule = Rule(longest=_LONGEST_AXIS)
                yield Column(axis.name, _kind(axis.type), rule, _default(axis), is_axis=True)
            continue
        kind, rule = hints[each.name], Rule()
        if get_origin(kind) is Annotated:
            kind, rule = get_args(kind)
        yield Column(each.name, _kind(kind), rule, _default(each))


def _default(each: Field[Any]) -> Any:
    return None if each.default is MISSING else each.default


def _kind(kind: Any) -> str:
    return {int: "int64", float: "float64", float | None: "float64"}.get(kind, "str")


#: Every column by its name, in the order of the file.
SCHEMA = {column.name: column for column in _columns()}
COLUMNS = tuple(SCHEMA)
#: Columns that were added after rows had been stored, with what those rows get.
ADDED = {name: column.default for name, column in SCHEMA.items() if column.default is not None}
_STATUS = COLUMNS.index("status")
#: Numbers of a model; those of one that was never built are 0 in the row of a run that failed.
COUNTS = tuple(name for name, column in SCHEMA.items() if column.rule.counts)
_CURVES = tuple(name for name, column in SCHEMA.items() if column.rule.by_epoch)


def record_of(row: Mapping[str, Any]) -> Record:
    """A row as the file holds it; what is missing is empty.

    Raises:
        InvalidInput: if a value is not of its column's type.
    """
    counts = dict.fromkeys(COUNTS, 0) if row.get("status") == FAILED else {}
    given = {name: value for name, value in row.items() if value is not None}
    whole = {**ADDED, **counts, **given}
    whole["error"] = printable(str(whole.get("error", "")), _LONGEST_ERROR)
    return tuple(column.text(whole.get(name)) for name, column in SCHEMA.items())


def row_of(record: Record) -> Row:
    """The row that the texts of a file stand for, each of them checked for itself.

    Raises:
        InvalidInput: naming the first column whose value is not what a study writes.
    """
    texts = zip(SCHEMA.items(), record, strict=True)
    values = {name: column.value(text) for (name, column), text in texts}
    for name, value in values.items():
        SCHEMA[name].check(value)
    return Row(axes={name: values.pop(name) for name in AXES}, **values)


def has_failed(record: Record) -> bool:
    """Whether it is of a run that was given up."""
    return record[_STATUS] == FAILED


def printable(text: str, most: int) -> str:
    """A text on one line, of at most ``most`` characters, each of which a row may hold."""
    return _UNPRINTABLE.sub("?", " ".join(text.split()))[:most]
