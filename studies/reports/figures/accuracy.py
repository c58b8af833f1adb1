"""Accuracy against trainable parameters: every run, every mean, the non-dominated line."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from studies.analysis.quoted import QUOTED, QUOTED_DATASETS
from studies.analysis.results import StudyResults
from studies.analysis.summaries import describe, families, summarise
from studies.design.arms import PHOTONIC, Family, labels
from studies.design.roles import FINAL, SEARCH, has_trained, only_evaluated
from studies.design.statistics import non_dominated
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.parts.trained import MEAN, kinds_of
from studies.reports.figures.style import (
    COLOURS,
    FAMILY_MARKERS,
    interval_bars,
    new_canvas,
    own_style,
    set_accuracy_axis,
    set_trainable_axis,
)

#: Distance between models of the same trainable count, as a factor.
_APART = 1.04
#: Runs stand this much to the left of their mean, as a factor.
_LEFT = 0.984
_OTHERS = _A_RUN, _FAILED, _THE_MEAN, _OF_FAILING, _SEARCHED = (
    "a run (test)",
    "a run that does not train",
    "mean, 95 % interval",
    "mean where seeds fail",
    "searched (validation)",
)
#: The line of each photonic family.
_LINES = {f: f"non-dominated, {f.removeprefix('photonic, ')}" for f in PHOTONIC}
_RUN: dict[str, Any] = {"alpha": 0.35, "s": 9, "linewidths": 0}
_CROSS: dict[str, Any] = {"alpha": 0.5, "s": 12, "linewidths": 0.8, "marker": "x"}
_SEARCH: dict[str, Any] = {"marker": "s", "alpha": 0.2, "s": 14}
_MEAN: dict[str, Any] = {
    "markersize": 5.5,
    "markeredgecolor": "white",
    "markeredgewidth": 0.5,
    "elinewidth": 1.0,
    "capsize": 2,
}
#: What is stored of runs and of means, beside what they are called.
_OF_A_RUN = ["configuration", "seed", "trainable_parameters", "test_accuracy"]
_OF_A_MEAN = ["configuration", "trainable_parameters", "test_accuracy", "test_low", "test_high"]
_HOLLOW: dict[str, Any] = {"markersize": 5.5, "markerfacecolor": "white", "markeredgewidth": 1.0}


@register_figure(
    "accuracy",
    "Accuracy against trainable parameters. Light points are runs with fresh seeds, large ones "
    "their means with 95 % intervals; models with the same number of trainable parameters stand "
    "side by side. Crosses are runs that do not train (less than 20 %, twice chance); the mean of "
    "a model with such runs is of all of them, hollow, and has no interval, which would say "
    "nothing where runs are of two kinds. What is only evaluated under noise is not drawn. The "
    "lines join, for each of the two photonic families, the means that no other one of the family "
    "matches with at most as many parameters: photons whose probabilities are read, and "
    "those that are linearised, which is a random subspace by construction, read from a device.",
)
def draw(results: StudyResults) -> Canvas | None:
    """Of the runs of one study."""
    return draw_accuracies(results.rows)


@own_style()
def draw_accuracies(rows: pd.DataFrame) -> Canvas | None:
    """Of runs on one dataset, whatever studies they are of."""
    complete = rows[rows["status"] == "complete"]
    if complete.empty:
        return None
    canvas = new_canvas(8.0, 6.0)
    axes = canvas.add_subplot()
    _draw_searched(canvas, axes, complete[complete["role"] == SEARCH])
    final = complete[(complete["role"] == FINAL) & ~only_evaluated(complete)]
    if not final.empty:
        _draw_final(canvas, axes, final)
    if rows["dataset"].iloc[0] in QUOTED_DATASETS:
        axes.errorbar(
            [quoted.trainable_parameters for quoted in QUOTED],
            [quoted.accuracy / 100 for quoted in QUOTED],
            yerr=[quoted.deviation / 100 for quoted in QUOTED],
            fmt=FAMILY_MARKERS[Family.PAPER],
            markersize=8,
            color=COLOURS[Family.PAPER],
            label=Family.PAPER,
        )
        note(canvas, _quoted(), drawn=str(Family.PAPER))
    axes.set(title=f"{rows['dataset'].iloc[0]}: accuracy against trainable parameters")
    set_trainable_axis(axes)
    set_accuracy_axis(axes, "accuracy")
    _add_legend(canvas, axes)
    return canvas


def _quoted() -> pd.DataFrame:
    """The paper's figures, as fractions."""
    lines = [
        {
            "trainable_parameters": quoted.trainable_parameters,
            "val_accuracy": quoted.accuracy / 100,
            "val_low": (quoted.accuracy - quoted.deviation) / 100,
            "val_high": (quoted.accuracy + quoted.deviation) / 100,
        }
        for quoted in QUOTED
    ]
    return pd.DataFrame(lines)


def _draw_searched(canvas: Canvas, axes: Axes, search: pd.DataFrame) -> None:
    if search.empty:
        return
    sns.scatterplot(
        x=search["trainable_parameters"],
        y=search["val_accuracy"],
        c=families(search).map(COLOURS).tolist(),
        ax=axes,
        legend=False,
        **_SEARCH,
    )
    axes.scatter([], [], color="black", label=_SEARCHED, **_SEARCH)
    columns = ["configuration", "seed", "trainable_parameters", "val_accuracy"]
    note(canvas, search[columns], drawn=_SEARCHED, family=families(search), model=labels(search))


def _draw_final(canvas: Canvas, axes: Axes, final: pd.DataFrame) -> None:
    """Runs as light points, means with their intervals; models of one count side by side."""
    means = summarise(final).sort_values(["trainable_parameters", "test_accuracy"])
    means = means.assign(family=families(means), place=_places(means["trainable_parameters"]))
    places = dict(zip(means["configuration"], means["place"], strict=True))
    names = dict(zip(means["configuration"], means.apply(describe, axis=1), strict=True))
    for name, group in means.groupby("family"):
        runs = final[final["configuration"].isin(group["configuration"])]
        trains = has_trained(runs)
        for shown, look in ((runs[trains], _RUN), (runs[~trains], _CROSS)):
            places_of = shown["configuration"].map(places) * _LEFT
            axes.scatter(places_of, shown["test_accuracy"], color=COLOURS[name], **look)
        called = runs["configuration"].map(names)
        note(canvas, runs[_OF_A_RUN], drawn=kinds_of(runs), family=str(name), model=called)
        fails = group["failures"] > 0
        axes.plot(
            group["place"][fails],
            group["test_accuracy"][fails],
            FAMILY_MARKERS[name],
            color=COLOURS[name],
            **_HOLLOW,
        )
        called = group["configuration"].map(names)
        note(canvas, group[_OF_A_MEAN], drawn=MEAN, family=str(name), model=called)
        whole = group[~fails]
        axes.errorbar(
            whole["place"],
            whole["test_accuracy"],
            yerr=interval_bars(whole["test_accuracy"], whole["test_low"], whole["test_high"]),
            color=COLOURS[name],
            fmt=FAMILY_MARKERS[name],
            **_MEAN,
            label=name,
        )
    axes.scatter([], [], color="black", label=_A_RUN, **_RUN)
    axes.errorbar([], [], yerr=[], color="black", fmt="D", **_MEAN, label=_THE_MEAN)
    if (means["failures"] > 0).any():
        axes.scatter([], [], color="black", label=_FAILED, **_CROSS)
        axes.plot([], [], "D", color="black", label=_OF_FAILING, **_HOLLOW)
    for family, label in _LINES.items():
        photonic = means[means["family"] == family]
        line = photonic[non_dominated(photonic["test_accuracy"], photonic["trainable_parameters"])]
        if not line.empty:
            note(canvas, line[_OF_A_MEAN[:3]], drawn=label, family=str(family))
            axes.step(
                line["trainable_parameters"],
                line["test_accuracy"],
                where="post",
                color=COLOURS[family],
                linewidth=1.4,
                label=label,
            )


def _add_legend(canvas: Canvas, axes: Axes) -> None:
    """Below the axes, the families first."""
    handles, labels = axes.get_legend_handles_labels()
    order = [*COLOURS, *_OTHERS, *_LINES.values()]
    entries = sorted(zip(labels, handles, strict=True), key=lambda entry: order.index(entry[0]))
    canvas.legend(
        [handle for _, handle in entries],
        [label for label, _ in entries],
        loc="outside lower center",
        ncols=3,
        fontsize="small",
    )


def _places(counts: pd.Series) -> pd.Series:
    """Where to draw each model: its count, moved aside where several share it."""
    grouped = counts.groupby(counts)
    position = grouped.cumcount() - (grouped.transform("size") - 1) / 2
    return counts * _APART**position
