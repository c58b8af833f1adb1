"""An object at a glance: a line or two and a small table, in notebooks as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

#: A longer table is shown by as many of its first and of its last rows.
_MOST_ROWS, _ROWS_OF_AN_END = 12, 5
_LEFT_OUT = "…"


@dataclass(frozen=True)
class Overview:
    """What is to be known of an object at a glance.

    Attributes:
        lines: what it is.
        columns: values by the name of their column, one for each label: texts, numbers, or None
            where there is nothing to say.
        labels: of the rows; without any there is no table.
        labelled: what the labels are of.

    >>> print(Overview(("Two",), {"examples": [1200, None], "loss": [0.5, 2]}, ["a", "b"], "split"))
    Two
    split  examples    loss
    a         1,200  0.5000
    b                     2
    """

    lines: tuple[str, ...]
    columns: Mapping[str, Sequence[object]] = field(default_factory=dict)
    labels: Sequence[object] = ()
    labelled: str = ""

    def __str__(self) -> str:
        lines = [*map(_one_line, self.lines)]
        if self.labels:
            lines += _aligned([[self.labelled, *self.columns], *self._rows()])
        return "\n".join(lines)

    def html(self) -> str:
        """The same as HTML in which no text is markup, or a formula."""
        import pandas as pd  # takes a while, and is needed in a notebook alone

        parts = [f"<div>{escape(_one_line(line))}</div>" for line in self.lines]
        if self.labels:
            labels, *columns = zip(*self._rows(), strict=True)
            table = pd.DataFrame(dict(zip(self.columns, columns, strict=True)), index=labels)
            # Whatever the user has set for tables.
            with pd.option_context("display.max_colwidth", None):
                named = table.rename_axis(columns=self.labelled)
                parts.append(named.to_html(border=0, justify="right", escape=True))
        inside = "\n".join(parts)
        return f'<div class="tex2jax_ignore mathjax_ignore">\n{inside}\n</div>'

    def _rows(self) -> list[list[str]]:
        """The label and the values of each row that is shown, as texts."""
        columns = [self.labels, *self.columns.values()]
        return [
            [_LEFT_OUT if place is None else in_short(values[place]) for values in columns]
            for place in self._kept_rows()
        ]

    def _kept_rows(self) -> list[int | None]:
        """Places of the rows that are shown; None for those between that are not."""
        count, end = len(self.labels), _ROWS_OF_AN_END
        if count <= _MOST_ROWS:
            return list(range(count))
        return [*range(end), None, *range(count - end, count)]


class Shown:
    """An object that shows itself by its :class:`Overview`, in notebooks as HTML."""

    def _overview(self) -> Overview:
        raise NotImplementedError

    def __repr__(self) -> str:
        return str(self._overview())

    def _repr_html_(self) -> str:
        """What a notebook asks for."""
        return self._overview().html()


def in_short(value: object) -> str:
    """A value in a table: floats by four digits, whole numbers in groups of three.

    >>> in_short(0.123456), in_short(2202), in_short(float("nan")), in_short(None), in_short("a")
    ('0.1235', '2,202', 'nan', '', 'a')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:#.4g}".removesuffix(".")
    return f"{value:,}" if isinstance(value, int) else _one_line(str(value))


def _aligned(rows: list[list[str]]) -> list[str]:
    """Lines with the first column to the left and the others to the right."""
    first, *others = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([label.ljust(first), *map(str.rjust, values, others)]) for label, *values in rows
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())
