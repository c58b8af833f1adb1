"""What a search has tried, as Optuna draws it."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib.pyplot as plt
import optuna
import pandas as pd
from matplotlib import RcParams, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    NullLocator,
    PercentFormatter,
    StrMethodFormatter,
)
from optuna.exceptions import ExperimentalWarning
from optuna.importance import FanovaImportanceEvaluator
from optuna.trial import FrozenTrial, create_trial
from optuna.visualization import matplotlib as drawn_by_optuna

from studies.analysis.results import StudyResults
from studies.design.roles import SEARCH, completed
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note, noted
from studies.reports.figures.parts.words import in_words
from studies.reports.figures.style import (
    OWN_STYLE,
    PALETTE,
    TRAINABLE_LABEL,
    set_accuracy_axis,
    set_count_ticks,
)
from studies.rows.row_checks import searched_parameters

#: Fewer trials say nothing of what matters.
_FEWEST = 8
_ACCURACY, _PARAMETERS = "validation accuracy", "trainable parameters"


def _accuracy(trial: FrozenTrial) -> float:
    accuracy, _parameters = trial.values  # noqa: PD011 - not of a table
    return float(accuracy)


#: What Optuna calls the two kinds of points of a front: name, colour, size in square points.
_FRONT = {
    "Trial": ("searched setting", PALETTE[9], 14.0),
    "Best Trial": ("no other is as accurate with as few parameters", (0.1, 0.1, 0.55), 40.0),
}
#: What Optuna draws of two objectives.
_OF_ACCURACY: dict[str, Any] = {"target": _accuracy, "target_name": _ACCURACY}


@register_figure(
    "pareto_front",
    "Every searched setting: validation accuracy against trainable parameters, one seed each; "
    "those that no other one matches with at most as many parameters are large and dark.",
)
def draw_front(results: StudyResults) -> Canvas | None:
    """Of the largest search."""

    def plot(search: optuna.Study) -> Any:
        axes = drawn_by_optuna.plot_pareto_front(search, target_names=[_ACCURACY, _PARAMETERS])
        axes.set(yscale="log", ylabel=TRAINABLE_LABEL)
        set_count_ticks(axes.yaxis)
        set_accuracy_axis(axes, _ACCURACY, "x")
        for points in axes.collections:
            label, colour, size = _FRONT[str(points.get_label())]
            points.set(label=label, color=colour, sizes=[size])
        axes.legend(loc="upper left")
        return axes

    return _drawn(largest_search(results), "Searched settings", plot)


@register_figure(
    "importances",
    "How much each choice of the search decides the validation accuracy: fANOVA over the searched "
    "settings (Hutter, Hoos and Leyton-Brown, ICML 2014), of the choices that every setting has.",
)
def draw_importances(results: StudyResults) -> Canvas | None:
    """Of the largest search, unless all its settings are equally accurate."""
    search = largest_search(results)
    if search is None or len(set(map(_accuracy, search.trials))) < 2:
        return None
    evaluator = FanovaImportanceEvaluator(seed=0)

    def plot(search: optuna.Study) -> Any:
        axes = drawn_by_optuna.plot_param_importances(search, evaluator, **_OF_ACCURACY)
        names = [label.get_text() for label in axes.get_yticklabels()]
        found = {"choice": names, "importance": [bar.get_width() for bar in axes.containers[0]]}
        canvas = axes.get_figure(root=True)
        assert canvas is not None  # the axes are in one
        note(canvas, pd.DataFrame(found), drawn="importance")
        axes.set(xlabel="importance (fraction of the variance)", ylabel="")
        _without_legend(axes)
        return axes

    return _drawn(search, "What decides the accuracy", plot)


@register_figure(
    "history", "Validation accuracy of the searched settings in the order in which they were done."
)
def draw_history(results: StudyResults) -> Canvas | None:
    """Of the largest search."""

    def plot(search: optuna.Study) -> Any:
        axes = drawn_by_optuna.plot_optimization_history(search, **_OF_ACCURACY)
        axes.set(xlabel="searched setting, in the order in which they were done")
        set_accuracy_axis(axes, _ACCURACY)
        _without_legend(axes)
        return axes

    return _drawn(largest_search(results), "History of the search", plot)


@register_figure(
    "parallel_coordinates",
    "The choices of every searched setting that all settings have, a line each, the darker the "
    "more accurate on the validation images.",
)
def draw_parallel_coordinates(results: StudyResults) -> Canvas | None:
    """Of the largest search."""

    def plot(search: optuna.Study) -> Any:
        # A choice without alternatives is none, and has no axis.
        shared = set.intersection(*(set(trial.params) for trial in search.trials))
        shared = {n for n in shared if len({trial.params[n] for trial in search.trials}) > 1}
        params = [name for name in search.trials[0].params if name in shared]
        axes = drawn_by_optuna.plot_parallel_coordinate(search, params=params, **_OF_ACCURACY)
        names = [label.get_text().replace(" ", "\n") for label in axes.get_xticklabels()]
        axes.set_xticks(axes.get_xticks(), names, rotation=0)
        axes.collections[0].set_cmap("Blues")
        for scale in axes.figure.axes:
            _make_readable(scale)
        colours = axes.collections[0].colorbar
        assert colours is not None  # Optuna's own
        colours.set_label(f"{_ACCURACY} (%)")
        for axis in (axes.yaxis, colours.ax.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=""))
        axes.figure.subplots_adjust(left=0.06, right=0.98, bottom=0.12, top=0.9)
        return axes

    # The engine of the other layouts has no place for axes without a width of their own.
    return _drawn(largest_search(results), "Searched settings", plot, engine="none")


def largest_search(results: StudyResults) -> optuna.Study | None:
    """The search with most settings, as Optuna's own; None where it has too few.

    Searches under other axes are not comparable.
    """
    searched = completed(results.rows, SEARCH)
    searched = searched[searched["search"] != ""]
    if searched.empty:
        return None
    largest = searched[searched["search"] == searched["search"].value_counts().index[0]]
    if len(largest) < _FEWEST:
        return None
    # It would say on every report that it made a study in memory.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    search = optuna.create_study(directions=["maximize", "minimize"])
    # However rows are sorted for a table, their index is their place in the file.
    search.add_trials([_trial(row) for _, row in largest.sort_index().iterrows()])
    return search


def _table(search: optuna.Study) -> pd.DataFrame:
    """Every setting in the order in which they were done, with what was chosen in it."""
    return pd.DataFrame(
        [
            {"place": place, "val_accuracy": values[0], "trainable_parameters": values[1]}
            | trial.params
            for place, trial in enumerate(search.trials)
            if (values := trial.values)  # noqa: PD011 - not of a table
        ]
    )


def _trial(row: pd.Series) -> FrozenTrial:
    drawn = searched_parameters(row["search_parameters"])
    return create_trial(
        params={name: value for name, (value, _) in drawn.items()},
        distributions={name: distribution for name, (_, distribution) in drawn.items()},
        values=[row["val_accuracy"], row["trainable_parameters"]],
    )


@contextmanager
def _in_own_style() -> Iterator[None]:
    """Optuna puts on the style ``ggplot`` by name, which stands for the project's own inside."""
    theirs = style.library["ggplot"]
    with warnings.catch_warnings(), style.context({}):
        warnings.simplefilter("ignore", ExperimentalWarning)
        style.library["ggplot"] = RcParams(OWN_STYLE)
        try:
            yield
        finally:
            style.library["ggplot"] = theirs


def _make_readable(scale: Axes) -> None:
    """Ticks of one of the axes of parallel coordinates: plain numbers and words, over the lines.

    A logarithmic axis has them at 1, 2 and 5 of each decade. None has a grid: each has ticks of
    its own.
    """
    scale.grid(visible=False)
    axis = scale.yaxis
    if scale.get_yscale() == "log":
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_locator(NullLocator())
    elif isinstance(axis.get_major_formatter(), FuncFormatter):  # of a choice among words
        words = [in_words(label.get_text()) for label in scale.get_yticklabels()]
        scale.set_yticks(scale.get_yticks(), words)
    for label in scale.get_yticklabels():
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5})


def _without_legend(axes: Axes) -> None:
    """Take away the legend of the one thing that is drawn, which an axis names."""
    legend = axes.get_legend()
    if legend is not None:
        legend.remove()


def _drawn(
    search: optuna.Study | None,
    title: str,
    plot: Callable[[optuna.Study], Any],
    engine: Literal["constrained", "none"] = "constrained",
) -> Canvas | None:
    """The figure that Optuna makes of a search, of which pyplot keeps none."""
    if search is None:
        return None
    with _in_own_style():
        axes = plot(search)
    for place in ("left", "center"):  # Optuna's own is at either
        axes.set_title("", loc=place)
    axes.set_title(title)
    canvas: Canvas = axes.figure
    if noted(canvas).empty:  # what is drawn are all settings
        note(canvas, _table(search), drawn="searched setting")
    canvas.set_size_inches(9.0, 4.5)
    canvas.set_layout_engine(engine)
    plt.close(canvas)
    return canvas
