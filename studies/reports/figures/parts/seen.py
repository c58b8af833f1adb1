"""What is seen on a figure, in words, for those who do not see it: from its own table."""

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import shorten
from urllib.parse import quote

import pandas as pd
from matplotlib.figure import Figure as Canvas

from studies.design.statistics import points
from studies.reports.escape import in_markdown
from studies.reports.figures.parts.data import noted
from studies.reports.figures.parts.trained import MEAN
from studies.reports.figures.parts.words import in_words

#: Letters of the whole text, and of a name in it.
_MOST, _OF_A_NAME = 300, 70
_ROUND = str.maketrans("[]", "()")
#: Of series that there is no room for.
_OTHERS = "{} other{} between"
Say = Callable[[float], str]


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _difference(value: float) -> str:
    return f"{points(value, sign=True)} points"


def _number(value: float) -> str:
    """Three digits, and all of a whole number.

    >>> _number(-0.12345), _number(1234567), _number(1234.5)
    ('−0.123', '1,234,567', '1,230')
    """
    digits = value if float(value).is_integer() else float(f"{value:.3g}")
    return f"{digits:,.10g}".replace("-", "−")


#: What is looked at, the first that a table has: its column, its name, how it is said.
_VALUES: dict[str, tuple[str, Say]] = {
    "test_accuracy": ("test accuracy", _percent),
    "val_accuracy": ("validation accuracy", _percent),
    "difference": ("difference in test accuracy", _difference),
    "importance": ("importance", _number),
    "quantile_0.5": ("median", _number),
}
#: Where it stands, of whatever columns a table has.
_PLACES = {
    "trainable_parameters": "{} trainable parameters",
    "learning_rate": "learning rate {}",
    "epoch": "epoch {}",
    "accepted_shots": "{} accepted shots",
    "level": "level {}",
    "modes": "{} modes",
    "photons": "{} photons",
}
#: Texts that tell no series from another.
_NO_SERIES = {"drawn", "configuration"}


@dataclass(frozen=True)
class _Series:
    """What belongs together on a figure.

    Attributes:
        name: maybe empty.
        count: how many values there are.
        low, high: the least and the greatest of them, as they are said.
        best: the greatest.
        place: where that stands, maybe empty.
    """

    name: str
    count: int
    low: str
    high: str
    best: float
    place: str

    def __str__(self) -> str:
        if self.count == 1:
            values, place = self.high, f" at {self.place}"
        else:
            of = f"from {self.low} to" if self.low != self.high else "of"
            values, place = f"{self.count} {of} {self.high}", f", highest at {self.place}"
        text = f"{self.name}, {values}" if self.name else values
        return f"{text}{place}" if self.place else text


def seen(table: pd.DataFrame) -> str:
    """What a figure shows, in about 300 letters at most; empty where its table does not say.

    Looked at are its means, or what it has in their place: how many there are, and of each series
    the least, the greatest, and where that is; of many series the highest, the lowest, and as many
    as there is room for.

    Args:
        table: what has been noted of the figure (``studies.reports.figures.parts.data``), or its
            CSV.
    """
    if "drawn" not in table or table.empty:
        return ""
    kinds = list(table["drawn"])
    kind = MEAN if MEAN in kinds else kinds[0]
    lines = table[table["drawn"] == kind]
    column = next((name for name in _VALUES if name in lines and lines[name].notna().any()), None)
    if column is None:
        return ""
    lines = lines.assign(value=pd.to_numeric(lines[column])).dropna(subset="value")
    called, say = _VALUES[column]
    series = _series_of(lines, say)
    kind = "" if kind == called else f" ({kind})"
    values = "" if len(series) == 1 else f", {len(lines):,} values"
    head = f"{called[0].upper()}{called[1:]}{kind}{values}: "
    return f"{head}{_listed(series, _MOST - len(head))}."


def picture(name: str, canvas: Canvas, address: str) -> str:
    """A figure in Markdown, with what is seen on it.

    Args:
        name: of the figure.
        canvas: what it is drawn on.
        address: of its PNG, relative to the page.
    """
    text = ". ".join(filter(None, [name, seen(noted(canvas))]))
    # Inside the brackets of an image others would have to be in pairs.
    return f"![{in_markdown(text.translate(_ROUND))}]({quote(address)})"


def _series_of(lines: pd.DataFrame, say: Say) -> list[_Series]:
    """The highest first."""
    texts = [
        name
        for name in map(str, lines.columns)
        if name not in _NO_SERIES
        and lines[name].map(lambda value: isinstance(value, str)).all()
        and len(set(lines[name])) > 1
    ]
    groups = lines.groupby(texts[0], sort=False) if texts else [("", lines)]
    found = [_series(str(name), group, say) for name, group in groups]
    return sorted(found, key=lambda each: -each.best)


def _series(name: str, lines: pd.DataFrame, say: Say) -> _Series:
    values = lines["value"].tolist()
    best = lines.iloc[values.index(max(values))]
    places = [
        _at(text, float(best[column]))
        for column, text in _PLACES.items()
        if column in lines and pd.notna(best[column])
    ]
    return _Series(
        name=shorten(in_words(name).replace(r"\$", "$"), _OF_A_NAME, placeholder=" …"),
        count=len(lines),
        low=say(min(values)),
        high=say(max(values)),
        best=max(values),
        place=", ".join(places),
    )


def _at(text: str, value: float) -> str:
    """A place in words.

    >>> _at("{} photons", 1), _at("{} photons", 2), _at("epoch {}", 1)
    ('1 photon', '2 photons', 'epoch 1')
    """
    said = text.format(_number(value))
    return said.removesuffix("s") if value == 1 else said


def _listed(series: list[_Series], most: int) -> str:
    """The highest, the lowest, and as many of those between as there is room for."""
    highest, *between = map(str, series)
    lowest = [between.pop()] if between else []
    shown = [highest]
    while between and len("; ".join([*shown, between[0], *lowest])) <= most - len(_OTHERS):
        shown.append(between.pop(0))
    others = [_OTHERS.format(len(between), "s" * (len(between) > 1))] if between else []
    return "; ".join([*shown, *others, *lowest])
