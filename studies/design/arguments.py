"""Types of command-line values."""

from collections.abc import Iterable, Sequence
from math import isfinite, nan
from pathlib import Path
from typing import Any

import click

from qcnn import mapping_from_text, target_from_text
from qcnn.checks import did_you_mean
from studies.design.configuration import shortened

#: Seeds are stored in 64 bits with a sign.
_SEEDS_BELOW = 2**63
#: A list of more values than this is a slip.
_MOST_VALUES = 1000
#: Of a rate, or of seconds.
_LARGEST = 1e6
#: Circuits of more modes are nowhere near what can be simulated.
MOST_MODES = 256
#: More PQCNNs of one model cost more time than they are worth.
MOST_PQCNNS = 256


class WholeNumber(click.ParamType):
    """A whole number within bounds that a computer can do something with."""

    name = "integer"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most
        self.allowed = f"whole numbers from {least} to {most}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value) if is_plain(value) else None
        except ValueError:
            number = None
        if number is None or not self.least <= number <= self.most:
            self.fail(f"{shortened(value)}; allowed are {self.allowed}", param, ctx)
        return number


class OneOf(click.Choice):
    """One of several names."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(tuple(names))
        self.allowed = ", ".join(map(str, self.choices))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.choices:
            meant = did_you_mean(value, self.choices)
            self.fail(f"{shortened(value)}; allowed are {self.allowed}{meant}", param, ctx)
        return str(value)


#: Types of the options that every command has.
EPOCHS, TRIALS, SEEDS, JOBS = (WholeNumber(1, most) for most in (10_000, 1_000_000, 10_000, 1_024))
#: Runs of every candidate of an arm that is tuned.
MOST_TUNING_SEEDS = 100
#: Of a search; the fresh seeds follow it, and those that come before them, then those of a tuning.
SEED = WholeNumber(0, _SEEDS_BELOW - 1 - 2 * SEEDS.most - MOST_TUNING_SEEDS)


class WholeNumbers(click.ParamType):
    """Whole numbers such as ``4,6-8``; becomes a sorted tuple."""

    name = "whole numbers"

    def __init__(self, least: int, most: int = 1000) -> None:
        self.least, self.most = least, most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            ranges = [_range(part) for part in str(value).split(",")] if is_plain(value) else []
        except ValueError:
            ranges = []
        if not ranges or not all(each and each[0] >= self.least for each in ranges):
            self.fail(
                f"{shortened(value)}; allowed are whole numbers from {self.least} such as 4,6-8",
                param,
                ctx,
            )
        count = sum(map(len, ranges)) if max(each[-1] for each in ranges) <= self.most else None
        if count is None or count > _MOST_VALUES:
            self.fail(
                f"{shortened(value)}; allowed are at most {_MOST_VALUES} whole numbers from "
                f"{self.least} to {self.most}",
                param,
                ctx,
            )
        return tuple(sorted({number for each in ranges for number in each}))


class PositiveNumber(click.ParamType):
    """A positive number such as ``0.03``, within what makes sense of a rate or of seconds."""

    name = "number"
    allowed = f"positive numbers up to {_LARGEST:g}"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            number = float(value) if is_plain(value) else nan
        except ValueError:
            number = nan
        if not 0 < number <= _LARGEST:
            self.fail(f"{shortened(value)}; allowed are {self.allowed}", param, ctx)
        return number


class NumberUpTo(click.ParamType):
    """A number above 0, up to a most."""

    name = "number"

    def __init__(self, most: float) -> None:
        self.most, self.allowed = most, f"numbers above 0, up to {most:g}"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            number = float(value) if is_plain(value) else nan
        except ValueError:
            number = nan
        if not 0 < number <= self.most:
            self.fail(f"{shortened(value)}; allowed are {self.allowed}", param, ctx)
        return number


class PositiveNumbers(click.ParamType):
    """Positive numbers such as ``0.01,0.1``; becomes a sorted tuple."""

    name = "numbers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        found = _positive_numbers(str(value))
        if not found:
            self.fail(
                f"{shortened(value)}; allowed are positive numbers such as 0.01,0.1", param, ctx
            )
        if len(found) > _MOST_VALUES or max(found) > _LARGEST:
            self.fail(
                f"{shortened(value)}; allowed are at most {_MOST_VALUES} positive numbers up to "
                f"{_LARGEST:g}",
                param,
                ctx,
            )
        return tuple(sorted(set(found)))


class Names(click.ParamType):
    """Some of the allowed names, such as ``none,cosine``; becomes a tuple in their order."""

    name = "names"

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.allowed = f"one or more of {','.join(names)}"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        found = str(value).split(",")
        unknown = [name for name in found if name not in self.names]
        if unknown:
            meant = did_you_mean(unknown[0], self.names)
            self.fail(f"{shortened(value)}; allowed are {self.allowed}{meant}", param, ctx)
        return tuple(name for name in self.names if name in found)


class Folder(click.ParamType):
    """A folder, there or to be made; becomes a path.

    No text is no folder, though as a path it is the current one.
    """

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        if not str(value) or (path.exists() and not path.is_dir()):
            self.fail(
                f"{shortened(str(value))}; allowed is a folder, there or to be made", param, ctx
            )
        return path


class Name(click.ParamType):
    """A name that is checked where it is used; it is part of rows."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)


class ChoiceText(click.ParamType):
    """A mapping or a target with its options, such as ``mps:bond_dimension=4``."""

    name = "name:option=value"

    def __init__(self, kind: str) -> None:
        self.parse = {"mapping": mapping_from_text, "target": target_from_text}[kind]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        self.parse(value)
        return str(value)


class ChoiceTexts(ChoiceText):
    """Several of them with spaces between; becomes a tuple in the order given."""

    name = "name:option=value …"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        one, texts = super().convert, list(dict.fromkeys(str(value).split()))
        if not 0 < len(texts) <= _MOST_VALUES:
            self.fail(
                f"{len(texts)} of them; allowed are from 1 to {_MOST_VALUES} with spaces between",
                param,
                ctx,
            )
        return tuple(one(text, param, ctx) for text in texts)


def is_plain(value: object) -> bool:
    """Whether a value is no text, or one in which a number is written as people write it.

    Python reads ``1_0`` and digits of every script as numbers too.
    """
    return not isinstance(value, str) or (value.isascii() and "_" not in value)


def _range(part: str) -> range:
    first, dash, last = part.partition("-")
    return range(int(first), int(last if dash else first) + 1)


def _positive_numbers(text: str) -> list[float]:
    """The numbers of a text with commas between; none where one of them is not allowed."""
    try:
        found = [float(part) for part in text.split(",")] if is_plain(text) else []
    except ValueError:
        return []
    return found if all(number > 0 and isfinite(number) for number in found) else []
