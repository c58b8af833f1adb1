"""Types of command-line values."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import click
from sqlalchemy.engine import URL

from qcnn import InvalidInput, mapping_from_text, target_from_text
from studies.storage import url_from_text


class WholeNumbers(click.ParamType):
    """Whole numbers such as ``4,6-8``; becomes a sorted tuple."""

    name = "whole numbers"

    def __init__(self, least: int) -> None:
        self.least = least

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            found = sorted({number for part in str(value).split(",") for number in _range(part)})
        except ValueError:
            found = []
        if not found or found[0] < self.least:
            self.fail(
                f"{value!r}; allowed are whole numbers from {self.least} such as 4,6-8", param, ctx
            )
        return tuple(found)


class PositiveNumbers(click.ParamType):
    """Positive numbers such as ``0.01,0.1``; becomes a sorted tuple."""

    name = "numbers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            found = sorted({float(part) for part in str(value).split(",")})
        except ValueError:
            found = []
        if not found or not all(number > 0 and isfinite(number) for number in found):
            self.fail(f"{value!r}; allowed are positive numbers such as 0.01,0.1", param, ctx)
        return tuple(found)


class Names(click.ParamType):
    """Some of the allowed names, such as ``none,cosine``; becomes a tuple in their order."""

    name = "names"

    def __init__(self, allowed: Sequence[str]) -> None:
        self.allowed = allowed

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        found = str(value).split(",")
        if not set(found) <= set(self.allowed):
            self.fail(f"{value!r}; allowed are one or more of {','.join(self.allowed)}", param, ctx)
        return tuple(name for name in self.allowed if name in found)


class ChoiceText(click.ParamType):
    """A mapping or a target with its options, such as ``mps:bond_dimension=4``."""

    name = "name:option=value"

    def __init__(self, kind: str) -> None:
        self.parse = {"mapping": mapping_from_text, "target": target_from_text}[kind]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            self.parse(value)
        except InvalidInput as error:
            raise click.UsageError(str(error)) from None
        return str(value)


class ChoiceTexts(ChoiceText):
    """Several of them with spaces between; becomes a tuple in the order given."""

    name = "name:option=value …"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        one = super().convert
        return tuple(one(text, param, ctx) for text in str(value).split())


class StorageUrl(click.ParamType):
    """Where trials are kept, as a URL that hides its password wherever it is shown."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> URL:
        return value if isinstance(value, URL) else url_from_text(str(value))


def _range(part: str) -> range:
    first, dash, last = part.partition("-")
    return range(int(first), int(last if dash else first) + 1)
