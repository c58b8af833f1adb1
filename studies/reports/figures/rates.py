"""What the choice of the learning rate looked like."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from studies.analysis.results import StudyResults
from studies.analysis.summaries import (
    describe,
    describe_configuration,
    method_names,
    representative,
)
from studies.design.roles import SEARCH, completed
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.parts.names import (
    LETTERS,
    SIZE,
    TITLE_LETTERS,
    Name,
    add_legend,
    add_names,
    looks_of,
    named_of,
    new_named_panels,
    unnamed_line,
)
from studies.reports.figures.parts.words import in_words, wrapped
from studies.reports.figures.style import GREY, set_accuracy_axis

#: Of so many models in a panel each has a name; of more, the best, the median and the worst.
_MOST_NAMES = 6
_MODEL = ["setting", "arm", "target", "mapping", "epochs"]


@dataclass(frozen=True, eq=False)
class _Model:
    """A model that rates were tried on: its mean validation accuracy by them."""

    name: str
    parameters: int
    means: pd.Series

    @property
    def text(self) -> str:
        """The name, on lines of its own length, with the trainable parameters."""
        return wrapped(f"{self.name} ({self.parameters:,})", LETTERS)


@register_figure(
    "rates",
    "Mean validation accuracy at the highest learning rates that were tried, a panel for each "
    "mapping or baseline and a line for each model, named with its trainable parameters; where a "
    "panel has too many, the best, the median and the worst have names, and the others are grey. "
    "Runs that diverged have no point.",
)
def draw(results: StudyResults) -> Canvas | None:
    """A panel for each mapping or baseline."""
    tried = completed(results.rows, SEARCH)
    if tried.empty:
        return None
    panels = {str(name): _models(runs) for name, runs in tried.groupby(method_names(tried))}
    named = [named_of(models, _MOST_NAMES) for models in panels.values()]
    texts = [[model.text for model in models] for models in named]
    canvas, grid, height = new_named_panels(len(panels), texts)
    rates = tried["learning_rate"]
    for axes, shown, (method, models) in zip(grid.flat, named, panels.items(), strict=False):
        for model in models:
            same: dict[str, Any] = {"method": method, "model": in_words(model.name)}
            same |= {"trainable_parameters": model.parameters}
            note(canvas, model.means.reset_index(), drawn="mean over seeds", **same)
        axes.set_title(wrapped(method, TITLE_LETTERS), fontsize="small", loc="left")
        axes.set_xscale("log")
        axes.set_xlim(rates.min() / 1.5, 1.5 * rates.max())
        axes.xaxis.set_major_locator(LogLocator())
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        _draw_method(axes, models, shown, height)
    seeds = tried["seed"].nunique()
    over = "one seed" if seeds == 1 else f"mean of {seeds} seeds"
    canvas.supylabel("validation accuracy (%, logit scale)", fontsize="medium")
    canvas.suptitle(f"{tried['dataset'].iloc[0]}: rates tried for every arm, {over}")
    others = sum(map(len, panels.values())) - sum(map(len, named))
    if others:
        add_legend(canvas, grid, [unnamed_line(f"one of {others} other models")])
    return canvas


def _models(tried: pd.DataFrame) -> list[_Model]:
    """Those of a panel, the one with the best rate first."""
    groups = [runs for _, runs in tried.groupby(_MODEL)]
    firsts = [representative(runs) for runs in groups]
    names = [describe(first) for first in firsts]
    models = []
    for runs, first, name in zip(groups, firsts, names, strict=True):
        means = runs.groupby("learning_rate")["val_accuracy"].mean()
        called = name if names.count(name) == 1 else f"{name}: {describe_configuration(first)}"
        models.append(_Model(called, int(first["trainable_parameters"]), means))
    return sorted(models, key=lambda model: (-model.means.max(), model.name))


def _draw_method(
    axes: Axes,
    models: list[_Model],
    named: list[_Model],
    height: float,
) -> None:
    """A line for each model that the rates were tried on."""
    names = []
    looks = looks_of([model.text for model in named])
    for model in models:
        means = model.means
        look: dict[str, Any] = {"color": GREY, "linewidth": 0.8}
        if model in named:
            look = {"linewidth": 1.4, **looks[model.text]}
            names.append(Name(model.text, (means.index[-1], means.iloc[-1]), look["color"]))
        axes.plot(means.index, means, marker="o", markersize=3, **look)
    set_accuracy_axis(axes, "", short=True)
    axes.tick_params(labelsize="small")
    axes.set_xlabel("highest learning rate (log scale)", fontsize="small")
    add_names(axes, names, SIZE, height)
