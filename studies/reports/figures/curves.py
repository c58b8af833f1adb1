"""Validation accuracy over the epochs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from studies.analysis.results import StudyResults
from studies.analysis.summaries import (
    arm_names_of,
    describe,
    families,
    pqcnns_text,
    representative,
)
from studies.design.arms import FINALIST, is_arm
from studies.design.configuration import sizes_from_text
from studies.design.roles import FINAL, has_trained
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.parts.names import (
    BETWEEN,
    LETTERS,
    SIZE,
    TITLE_LETTERS,
    Name,
    add_legend,
    add_names,
    height_of_panels,
    looks_of,
    named_of,
    new_named_panels,
    unnamed_line,
)
from studies.reports.figures.parts.trained import FAILED_RUN, MEAN
from studies.reports.figures.parts.words import in_words, wrapped
from studies.reports.figures.style import GREY, panel_grid, set_accuracy_axis

#: More panels than this nobody takes in; what has one is as few as it takes.
_MOST_PANELS = 12
#: Of so many models in a panel each has a name; of more, the best, the median and the worst. The
#: first with which the figure is not too high.
_MOST_NAMES = (16, 8)
#: In inches, without the title.
_MOST_HEIGHT = 11.5
_BAND = "from the lowest to the highest of these"
_FAINT, _THIN = 0.1, 0.7
#: Of models that have no setting in common with others.
_NO_SETTING = "other models"


@dataclass(frozen=True, eq=False)
class _Model:
    """The runs of a model that have a curve.

    Attributes:
        name: in one line.
        curves: validation accuracies, of shape (runs, epochs); NaN after a run that ended early.
        trains: which of the runs do.
    """

    name: str
    curves: np.ndarray
    trains: np.ndarray

    @property
    def text(self) -> str:
        """The name with how many runs fail, of one or several lines."""
        failed = (~self.trains).sum()
        name = wrapped(self.name, LETTERS)
        if not failed:
            return name
        more = f"{failed} of {len(self.trains)} fail"
        together = f"{name}, {more}"
        fits = len(together.rpartition("\n")[2]) <= LETTERS
        return together if fits else f"{name},\n{more}"

    @property
    def mean(self) -> np.ndarray:
        """Over the runs that train, if any does, after each epoch."""
        shown: np.ndarray = self.curves[self.trains] if self.trains.any() else self.curves
        return np.asarray(pd.DataFrame(shown).mean())

    @property
    def band(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The lowest and the highest of several runs that train, after each epoch."""
        runs = pd.DataFrame(self.curves[self.trains])
        return (np.asarray(runs.min()), np.asarray(runs.max())) if len(runs) > 1 else None

    @property
    def end(self) -> tuple[float, float]:
        """The last epoch that has a mean, and that."""
        mean = self.mean
        last = int(np.flatnonzero(np.isfinite(mean))[-1])
        return last + 1.0, float(mean[last])


@register_figure(
    "curves",
    "Validation accuracy after each epoch: lines are the means of models over the seeds that "
    "train, with their names where they end, pale bands go from the lowest of these to the "
    "highest; dotted are runs that do not train (these are counted). A panel for each setting, or "
    "for each arm where those are fewer; where one has too many models, the best, the median and "
    "the worst have names, and the others are grey.",
)
def draw(results: StudyResults) -> Canvas | None:
    """Lines for the means, bands for the runs, panels of what belongs together."""
    rows = results.rows
    final = rows[(rows["role"] == FINAL) & (rows["val_accuracy_by_epoch"] != "")]
    if final.empty:
        return None
    panels = {title: _models(runs, names) for title, runs, names in _panels(final)}
    lines, _ = panel_grid(len(panels))
    for most in _MOST_NAMES:
        named = [named_of(models, most) for models in panels.values()]
        texts = [[model.text for model in models] for models in named]
        if (height_of_panels(texts) + BETWEEN) * lines <= _MOST_HEIGHT:
            break
    canvas, grid, height = new_named_panels(len(panels), texts)
    looks = looks_of([model.name for models in named for model in models])
    for axes, shown, (title, models) in zip(grid.flat, named, panels.items(), strict=False):
        for model in models:
            _note(canvas, title, model)
        _draw_panel(axes, models, shown, looks, height)
        axes.set_title(wrapped(title, TITLE_LETTERS), fontsize="small", loc="left")
    canvas.suptitle(f"{rows['dataset'].iloc[0]}: validation accuracy of every final run")
    canvas.supylabel("validation accuracy (%, logit scale)", fontsize="medium")
    _explain(canvas, grid, list(panels.values()), sum(map(len, named)))
    return canvas


def _explain(canvas: Canvas, grid: np.ndarray, panels: list[list[_Model]], named: int) -> None:
    """What is drawn in all panels, as far as it is."""
    models = [model for panel in panels for model in panel]
    handles: list[Any] = [Line2D([], [], color="black", linewidth=1.6, label=MEAN)]
    if any(model.band for model in models):
        handles.append(Patch(color="black", alpha=_FAINT, linewidth=0, label=_BAND))
    if not all(model.trains.all() for model in models):
        look: dict[str, Any] = {"color": "black", "linestyle": ":", "linewidth": _THIN}
        handles.append(Line2D([], [], label=FAILED_RUN, **look))
    if len(models) > named:
        handles.append(unnamed_line(f"mean of one of {len(models) - named} other models"))
    add_legend(canvas, grid, handles)


def _note(canvas: Canvas, title: str, model: _Model) -> None:
    same = {"panel": in_words(title), "model": in_words(model.name)}
    table = pd.DataFrame({"epoch": np.arange(1, model.curves.shape[1] + 1)})
    shown = table.assign(val_accuracy=model.mean)
    if model.band is not None:
        shown = shown.assign(lowest=model.band[0], highest=model.band[1])
    note(canvas, shown[np.isfinite(model.mean)], drawn=MEAN, **same)
    for curve in model.curves[~model.trains]:
        there = np.isfinite(curve)
        note(canvas, table[there].assign(val_accuracy=curve[there]), drawn=FAILED_RUN, **same)


def _panels(final: pd.DataFrame) -> list[tuple[str, pd.DataFrame, pd.Series]]:
    """Title and runs of each panel, and what its models are called, by configuration."""
    settings, arms = final["setting"], _arm_names(final)
    if (fewest := min(settings.nunique(), arms.nunique())) > _MOST_PANELS:
        titles, inside = families(final), settings.where(settings == "", settings + ": ") + arms
    elif settings.nunique() == fewest:
        titles, inside = settings, final["arm"]
    else:
        titles, inside = arms, settings
    names = pd.Series(inside.to_numpy(), final["configuration"])
    return [
        (str(title) or _NO_SETTING, runs, names[~names.index.duplicated()])
        for title, runs in final.groupby(titles, sort=False)
    ]


def _arm_names(final: pd.DataFrame) -> pd.Series:
    """The arm of each run, with what is said of photons where that is so of all its runs."""
    names = arm_names_of(final)
    alike = names.groupby(final["arm"]).transform("nunique") == 1
    return names.where(alike, final["arm"])


def _models(runs: pd.DataFrame, names: pd.Series) -> list[_Model]:
    """The models of a panel, the best at the end first."""
    firsts = {key: representative(group) for key, group in runs.groupby("configuration")}
    called = {key: _name(first, str(names[key])) for key, first in firsts.items()}
    models = []
    for key, group in runs.groupby("configuration"):
        name, epochs = called[key], firsts[key]["epochs"]
        if list(called.values()).count(name) > 1:
            name = f"{name}, {epochs} epochs"
        curves = np.full((len(group), epochs), np.nan)
        for run, text in enumerate(group["val_accuracy_by_epoch"]):
            values = [float(value) for value in text.split()]
            curves[run, : len(values)] = values
        models.append(_Model(name, curves, has_trained(group).to_numpy(dtype=bool)))
    return sorted(models, key=lambda model: (-model.end[1], model.name))


def _name(first: pd.Series, name: str) -> str:
    """What a model is called beside others that have the title in common with it."""
    if is_arm(first.to_frame().T, FINALIST).all() and first["sizes"]:
        return f"{pqcnns_text(sizes_from_text(first['sizes']))} → {first['mapping']}"
    return name if first["setting"] and name else describe(first)


def _draw_panel(
    axes: Axes,
    models: list[_Model],
    named: list[_Model],
    looks: dict[str, dict[str, Any]],
    height: float,
) -> None:
    names = []
    for model in models:
        shown = model in named
        look = looks[model.name] if shown else {"color": GREY, "linestyle": "-"}
        epochs = np.arange(1, model.curves.shape[1] + 1)
        if shown and model.band is not None:
            axes.fill_between(epochs, *model.band, color=look["color"], alpha=_FAINT, linewidth=0)
        for curve in model.curves[~model.trains]:
            thin: dict[str, Any] = {"linestyle": ":", "linewidth": _THIN, "alpha": 0.7}
            axes.plot(epochs, curve, color=look["color"], **thin)
        axes.plot(epochs, model.mean, linewidth=1.6 if shown else 1.0, **look)
        if shown:
            names.append(Name(model.text, model.end, look["color"]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0, max(model.curves.shape[1] for model in models) + 0.5)
    set_accuracy_axis(axes, "", short=True)
    axes.tick_params(labelsize="small")
    axes.set_xlabel("epoch", fontsize="small")
    add_names(axes, names, SIZE, height)
