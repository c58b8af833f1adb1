"""Sizes at equal cost: accuracy over modes and photons, outcomes, and time of the quantum pass."""

from operator import attrgetter
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from studies.analysis.results import StudyResults
from studies.analysis.sizes import runs_of_map
from studies.design.measures import PASS_SECONDS, measured_moments
from studies.design.roles import has_trained
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.parts.trained import FAILED_RUN, MEAN, of_trained, trained_mean
from studies.reports.figures.parts.words import in_words
from studies.reports.figures.style import (
    interval_bars,
    new_canvas,
    set_accuracy_axis,
    set_count_ticks,
)

_MARKERS = "osD^vP*X"


@register_figure(
    "size_map",
    "Test accuracy (%) of as many equal PQCNNs of each size as come nearest to one number of "
    "effective parameters, each at its best rate: mean ± standard deviation over the fresh seeds "
    "that train, how many PQCNNs that are, and how many seeds fail, if any. White: sizes that were "
    "not run.",
)
def draw_map(results: StudyResults) -> Canvas | None:
    """A cell for each size."""
    runs = runs_of_map(results)
    runs = runs[runs["of_a_size"]]
    if runs.empty:
        return None
    cells = pd.DataFrame(
        [
            {"photons": photons, "modes": modes, **_cell(of_size)}
            for (photons, modes), of_size in runs.groupby(["photons", "modes"])
        ]
    ).set_index(["photons", "modes"])
    first = runs.iloc[0]
    canvas = new_canvas(8.0, 1.5 + 0.7 * cells.index.levels[0].size)
    axes = canvas.add_subplot()
    means, texts = (
        cells.reset_index()
        .pivot_table(index="photons", columns="modes", values=name, aggfunc="first")
        .sort_index(ascending=False)
        for name in ("test_accuracy", "text")
    )
    note(canvas, cells.drop(columns="text").reset_index(), drawn=MEAN)
    sns.heatmap(
        100 * means.astype(float),
        annot=texts.fillna(""),
        fmt="",
        cmap="viridis",
        annot_kws={"size": "x-small"},
        cbar_kws={"label": "test accuracy (%)"},
        ax=axes,
    )
    axes.grid(visible=False)
    axes.tick_params(axis="y", labelrotation=0)
    axes.set(
        xlabel="modes",
        ylabel="photons",
        title=f"{first['dataset']}: equal PQCNNs of each size at equal cost\n"
        f"{in_words(first['mapping'])} → {in_words(first['target'])}, {first['epochs']} epochs, "
        f"{cells['seeds'].min()} seeds",
    )
    return canvas


def _cell(runs: pd.DataFrame) -> dict[str, Any]:
    """What is said of one size."""
    accuracies, seeds = of_trained(runs)["test_accuracy"], runs["seed"].nunique()
    mean, spread = accuracies.mean(), accuracies.std()
    pqcnns, failed = runs["sizes"].iloc[0].count("+") + 1, (~has_trained(runs)).sum()
    lines = [
        f"{100 * mean:.1f}" + (f" ± {100 * spread:.1f}" if len(accuracies) > 1 else ""),
        f"{pqcnns} PQCNN{'s' if pqcnns > 1 else ''}",
        *([f"{failed} of {seeds} fail"] if failed else []),
    ]
    numbers = {"test_accuracy": mean, "deviation": spread, "pqcnns": pqcnns, "seeds": seeds}
    return {**numbers, "failures": failed, "text": "\n".join(lines)}


@register_figure(
    "size_lines",
    "At equal cost over the number of photons, a line for each number of modes: test accuracy with "
    "95 % intervals over the fresh seeds that train (crosses: seeds that do not), the outcomes of "
    "all PQCNNs together, and the least time that their pass, forward and backward, took in a run. "
    "Stars are one PQCNN that costs as much.",
)
def draw_lines(results: StudyResults) -> Canvas | None:
    """Three panels side by side."""
    runs = runs_of_map(results)
    if runs.empty:
        return None
    runs = runs.assign(milliseconds=1000 * runs["measured"].map(_pass_seconds))
    canvas = new_canvas(11.0, 4.2)
    accuracy, outcomes, time = canvas.subplots(1, 3)
    modes = sorted(runs["modes"][runs["of_a_size"]].unique())
    colours = sns.color_palette("viridis", len(modes))
    for number, colour, marker in zip(modes, colours, _cycled(len(modes)), strict=True):
        of_modes = runs[runs["of_a_size"] & (runs["modes"] == number)]
        style = {"color": colour, "marker": marker, "label": f"{number} modes"}
        _draw_line(accuracy, outcomes, time, of_modes, style)
    alone = runs[~runs["of_a_size"]]
    if not alone.empty:
        style = {"color": "black", "marker": "*", "linestyle": ":", "label": "one PQCNN"}
        _draw_line(accuracy, outcomes, time, alone, style)
    set_accuracy_axis(accuracy, "test accuracy")
    for axes, label in ((outcomes, "outcomes of all PQCNNs ("), (time, "quantum pass (ms, ")):
        axes.set(yscale="log", ylabel=f"{label}log scale)")
        set_count_ticks(axes.yaxis)
    time.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    for axes in (accuracy, outcomes, time):
        axes.set_xlabel("photons of each PQCNN")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    canvas.suptitle(f"{runs['dataset'].iloc[0]}: sizes at equal cost")
    handles, _ = accuracy.get_legend_handles_labels()
    if not has_trained(runs).all():
        look: dict[str, Any] = {"color": "black", "linestyle": "", "marker": "x"}
        handles.append(Line2D([], [], markersize=4, label=FAILED_RUN, **look))
    columns = min(len(handles), 7)
    canvas.legend(handles=handles, loc="outside lower center", ncols=columns, fontsize="small")
    return canvas


def _draw_line(
    accuracy: Axes, outcomes: Axes, time: Axes, runs: pd.DataFrame, style: dict[str, Any]
) -> None:
    by_photons = runs.groupby("photons")
    intervals = by_photons[runs.columns.to_list()].apply(trained_mean)
    mean, low, high = (intervals.map(attrgetter(name)) for name in ("mean", "low", "high"))
    drawn = accuracy.errorbar(
        intervals.index,
        mean,
        yerr=interval_bars(mean, low, high),
        capsize=2,
        elinewidth=1.0,
        markersize=5,
        **style,
    )
    failed = runs[~has_trained(runs)]
    crosses = {"color": style["color"], "marker": "x", "s": 16, "linewidths": 1}
    accuracy.scatter(failed["photons"], failed["test_accuracy"], **crosses)
    canvas, called = accuracy.get_figure(root=True), {"line": drawn.get_label()}
    assert canvas is not None  # the axes are in one
    columns = ["outcomes", "milliseconds"]
    means = pd.DataFrame({"test_accuracy": mean, "low": low, "high": high})
    means = means.astype(float).join(by_photons[columns].min())
    note(canvas, means.rename_axis("photons").reset_index(), drawn=MEAN, **called)
    note(canvas, failed[["photons", "seed", "test_accuracy"]], drawn=FAILED_RUN, **called)
    for axes, column in ((outcomes, "outcomes"), (time, "milliseconds")):
        least = by_photons[column].min()
        axes.plot(least.index, least, markersize=5, **style)


def _cycled(count: int) -> list[str]:
    return [_MARKERS[place % len(_MARKERS)] for place in range(count)]


def _pass_seconds(text: str) -> float:
    """The least time that a row says its quantum pass took; NaN where it says nothing."""
    moments = measured_moments(text, PASS_SECONDS).values()
    return min((found[PASS_SECONDS] for found in moments), default=float("nan"))
