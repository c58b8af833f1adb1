"""The chart of the page: every model's accuracy against its parameters, by family."""

import colorsys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex
from matplotlib.markers import MarkerStyle

from studies.analysis.quoted import QUOTED, QUOTED_DATASETS
from studies.analysis.results import StudyResults
from studies.analysis.summaries import describe, families, summarise
from studies.design.arms import Family
from studies.design.datasets import in_order
from studies.design.statistics import Interval, percent_interval
from studies.reports.figures.style import (
    ACCURACY_LIMITS,
    ACCURACY_TICKS,
    COLOURS,
    FAMILY_MARKERS,
    TRAINABLE_LABEL,
    place_of_accuracy,
)
from studies.reports.overview import (
    QUOTED_STUDY,
    final_rows,
    holders,
    identity_of,
    quoted_identity,
)

Point = dict[str, Any]
#: Between the two on the dark ground there is a contrast of three to one.
_LEAST_LUMINANCE = 0.13
#: A marker of matplotlib reaches half as far as a shape of Vega's, from −1 to 1.
_TIMES = 2.0
_HEIGHT = 460
#: Of the axis of parameters, on which 1, 2 and 5 of each are marked as in the figures.
_DECADES = 9
#: What is said of a point that is pointed at; the first is its heading.
_TOLD = {
    "model": "title",
    "study": "study",
    "accuracy": "test accuracy",
    "seeds": "seeds",
    "failures": "failed seeds",
    "parameters": "trainable parameters",
}


@dataclass(frozen=True)
class Switch:
    """A family on the chart.

    Attributes:
        key: what it is called in the page's address.
        name: for people.
        colour, dark: on the light and on the dark ground.
        shape: of its points, an SVG path from −1 to 1.
    """

    key: str
    name: str
    colour: str
    dark: str
    shape: str


def chart_points(studies: Sequence[StudyResults]) -> list[Point]:
    """A point for every model with fresh seeds, and for what is quoted beside it.

    They are the means of the figures ``families`` and ``accuracy``: of all studies together, each
    seed once, nothing that is only evaluated under noise. Numbers are as long as they are the same
    on every machine.
    """
    final = final_rows(studies)
    held = holders(studies)
    found = []
    for dataset in in_order(final["dataset"]):
        means = summarise(final[final["dataset"] == dataset])
        means = means[means["seeds"] > 0].sort_values(["trainable_parameters", "configuration"])
        of = families(means)
        found += [_point(model, of[place], held) for place, model in means.iterrows()]
        if dataset in QUOTED_DATASETS:
            found += [_quoted(number, dataset) for number in range(len(QUOTED))]
    return found


def switches(points: Sequence[Point]) -> list[Switch]:
    """The families that some points are of, in the order of the figures' legends."""
    present = {point["family"] for point in points}
    return [
        Switch(
            key=family.name.lower(),
            name=str(family),
            colour=to_hex(colour),
            dark=_on_dark(colour),
            shape=_shape(FAMILY_MARKERS[family]),
        )
        for family, colour in COLOURS.items()
        if family.name.lower() in present
    ]


def chart_specification(drawn: Sequence[Switch]) -> dict[str, Any]:
    """The chart in the language of Vega-Lite; colours and points are the page's to add."""
    keys = [each.key for each in drawn]
    ticks = np.round(place_of_accuracy(np.array(ACCURACY_TICKS)), 4).tolist()
    texts = [f"{100 * tick:.0f}" for tick in ACCURACY_TICKS]
    of_family = {"field": "family", "type": "nominal", "legend": None}
    place = {
        "field": "place",
        "type": "quantitative",
        "scale": {"domain": np.round(place_of_accuracy(np.array(ACCURACY_LIMITS)), 4).tolist()},
        "axis": {
            "title": "test accuracy (%, logit scale)",
            "values": ticks,
            "labelExpr": f"{texts}[indexof({ticks}, datum.value)]",
            "labelOverlap": "greedy",
        },
    }
    count = {
        "field": "trainable",
        "type": "quantitative",
        "scale": {"type": "log"},
        "axis": {
            "title": TRAINABLE_LABEL,
            "values": [digit * 10**power for power in range(_DECADES) for digit in (1, 2, 5)],
            "format": ",",
            "labelOverlap": "greedy",
        },
    }
    return {
        "width": "container",
        "height": _HEIGHT,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "background": None,
        "data": {"name": "points"},
        "encoding": {"x": count, "y": place, "color": {**of_family, "scale": {"domain": keys}}},
        "layer": [
            {
                "transform": [{"filter": "isValid(datum.low)"}],
                "mark": {
                    "type": "rule",
                    "opacity": 0.5,
                },
                "encoding": {"y": {**place, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "size": 55, "strokeWidth": 1.5, "cursor": "pointer"},
                "encoding": {
                    "shape": {
                        **of_family,
                        "scale": {"domain": keys, "range": [each.shape for each in drawn]},
                    },
                    "fill": {
                        **of_family,
                        "scale": {"domain": keys},
                        "condition": {"test": "datum.hollow", "value": "transparent"},
                    },
                    "fillOpacity": {"value": 0.6},
                    "tooltip": [{"field": k, "title": v} for k, v in _TOLD.items()],
                },
            },
        ],
    }


def _point(model: pd.Series, family: Family, held: Mapping[str, Sequence[str]]) -> Point:
    studies = held[model["configuration"]]
    ends = model["test_low"], model["test_high"]
    accuracy = Interval(model["test_accuracy"], *ends, model["seeds"])
    # An interval says nothing where seeds are of two kinds.
    sure = model["failures"] == 0 and np.isfinite(accuracy.low)
    return {
        "dataset": model["dataset"],
        "family": family.name.lower(),
        "model": describe(model),
        "study": ", ".join(studies),
        "accuracy": percent_interval(accuracy),
        "seeds": str(model["seeds"] + model["diverged"]),
        "failures": str(model["failures"]),
        "parameters": f"{model['trainable_parameters']:,}",
        "trainable": int(model["trainable_parameters"]),
        "place": _place(accuracy.mean),
        "low": _place(accuracy.low) if sure else None,
        "high": _place(accuracy.high) if sure else None,
        "hollow": bool(model["failures"]),
        "rows": [identity_of(study, model["configuration"]) for study in studies],
    }


def _quoted(number: int, dataset: str) -> Point:
    """What the paper states, with its standard deviation: of the validation images."""
    row = QUOTED[number]
    low, high = row.accuracy - row.deviation, row.accuracy + row.deviation
    return {
        "dataset": dataset,
        "family": Family.PAPER.name.lower(),
        "model": row.model,
        "study": QUOTED_STUDY,
        "accuracy": f"{row.accuracy:.1f} ± {row.deviation:.1f} % (validation, not test)",
        "seeds": "not stated",
        "failures": "not stated",
        "parameters": f"{row.trainable_parameters:,}",
        "trainable": row.trainable_parameters,
        "place": _place(row.accuracy / 100),
        "low": _place(low / 100),
        "high": _place(high / 100),
        "hollow": False,
        "rows": [quoted_identity(number, dataset)],
    }


def _place(accuracy: float) -> float:
    """Where an accuracy stands on the axis, which is that of the figures."""
    return round(float(place_of_accuracy(np.array(np.clip(accuracy, 0.0, 1.0)))), 4)


def _on_dark(colour: tuple[float, float, float]) -> str:
    """A colour on the dark ground: one that is as dark has its lightness turned round.

    >>> _on_dark((0.0, 0.0, 0.0)), _on_dark((1.0, 0.5, 0.0))
    ('#ffffff', '#ff8000')
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    if np.dot(linear, (0.2126, 0.7152, 0.0722)) < _LEAST_LUMINANCE:
        hue, lightness, saturation = colorsys.rgb_to_hls(*colour)
        colour = colorsys.hls_to_rgb(hue, 1 - lightness, saturation)
    return to_hex(colour)


def _shape(marker: str) -> str:
    """A marker of the figures as an SVG path.

    >>> _shape("^")
    'M0 -1L-1 1L1 1Z'
    """
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform())
    parts = []
    for (x, y), code in path.iter_segments():
        place = f"{_TIMES * x:.3g} {-_TIMES * y:.3g}"
        parts.append({path.MOVETO: f"M{place}", path.LINETO: f"L{place}"}.get(code, "Z"))
    return "".join(parts)
