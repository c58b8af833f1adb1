"""Validation accuracy over the epochs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
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
from studies.reports.figures.parts.names import Name, add_names, height_of
from studies.reports.figures.parts.words import wrapped
from studies.reports.figures.style import (
    LINE_COLOURS,
    PALETTE,
    new_canvas,
    new_panels,
    panel_grid,
    set_accuracy_axis,
)

#: More panels than this nobody takes in; what has one is as few as it takes.
_MOST_PANELS = 12
#: Of so many models in a panel each has a name; of more, the best, the median and the worst. The
#: first with which the figure is not too high.
_MOST_NAMES = (16, 8)
#: In inches, without the title.
_MOST_HEIGHT = 11.5
#: Of a name, letters, and of these, points.
_WIDTH, _SIZE = 30, 7.5
#: Of a panel without its names, and of its title and labels, inches.
_PANEL_WIDTH, _NAMES_WIDTH, _PANEL_HEIGHT, _AROUND = 2.9, 1.9, 2.2, 0.7
_LINE_STYLES = ("-", "--", ":", "-.")
_UNNAMED = PALETTE[7]
_COLOURS = tuple(colour for colour in LINE_COLOURS if colour != _UNNAMED)
#: Of models that have no setting in common with others.
_NO_SETTING = "other models"


@dataclass(frozen=True)
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
        name = wrapped(self.name, _WIDTH)
        if not failed:
            return name
        more = f"{failed} of {len(self.trains)} fail"
        together = f"{name}, {more}"
        fits = len(together.rpartition("\n")[2]) <= _WIDTH
        return together if fits else f"{name},\n{more}"

    @property
    def mean(self) -> np.ndarray:
        """Over the runs that train, if any does, after each epoch."""
        shown: np.ndarray = self.curves[self.trains] if self.trains.any() else self.curves
        return np.asarray(pd.DataFrame(shown).mean())

    @property
    def end(self) -> tuple[float, float]:
        """The last epoch that has a mean, and that."""
        mean = self.mean
        last = int(np.flatnonzero(np.isfinite(mean))[-1])
        return last + 1.0, float(mean[last])


@register_figure(
    "curves",
    "Validation accuracy after each epoch: thick lines are the means of models over the seeds that "
    "train, with their names where they end, thin lines are runs, dotted where they do not train "
    "(these are counted). A panel for each setting, or for each arm where those are fewer; where "
    "one has too many models, the best, the median and the worst have names, and the others are "
    "grey.",
)
def draw(results: StudyResults) -> Canvas | None:
    """Thin lines for the runs, thick ones for the means, panels of what belongs together."""
    rows = results.rows
    final = rows[(rows["role"] == FINAL) & (rows["val_accuracy_by_epoch"] != "")]
    if final.empty:
        return None
    panels = {title: _models(runs, names) for title, runs, names in _panels(final)}
    lines, columns = panel_grid(len(panels))
    for most in _MOST_NAMES:
        named = [_named(models, most) for models in panels.values()]
        texts = [[model.text for model in models] for models in named]
        height = max(_PANEL_HEIGHT, *(height_of(names, _SIZE) for names in texts))
        if (all_lines := (height + _AROUND) * lines) <= _MOST_HEIGHT:
            break
    canvas = new_canvas(0.6 + (_PANEL_WIDTH + _NAMES_WIDTH) * columns, 0.5 + all_lines)
    grid = new_panels(canvas, len(panels))
    looks = _looks([model.name for models in named for model in models])
    for axes, shown, (title, models) in zip(grid.flat, named, panels.items(), strict=False):
        _draw_panel(axes, models, shown, looks, height)
        axes.set_title(title, fontsize="medium")
    canvas.suptitle(f"{rows['dataset'].iloc[0]}: validation accuracy of every final run")
    canvas.supxlabel("epoch", fontsize="medium")
    canvas.supylabel("validation accuracy (%, logit scale)", fontsize="medium")
    return canvas


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
        (wrapped(str(title) or _NO_SETTING, 2 * _WIDTH), runs, names[~names.index.duplicated()])
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


def _named(models: list[_Model], most: int) -> list[_Model]:
    """Those of a panel whose names are shown."""
    if len(models) <= most:
        return models
    return [models[0], models[len(models) // 2], models[-1]]


def _looks(names: list[str]) -> dict[str, dict[str, Any]]:
    """A colour and a line style for each name, the same in every panel."""
    every = list(dict.fromkeys(names))
    return {
        name: {
            "color": _COLOURS[place % len(_COLOURS)],
            "linestyle": _LINE_STYLES[place // len(_COLOURS) % len(_LINE_STYLES)],
        }
        for place, name in enumerate(every)
    }


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
        look = looks[model.name] if shown else {"color": _UNNAMED, "linestyle": "-"}
        epochs = np.arange(1, model.curves.shape[1] + 1)
        for curve, trains in zip(model.curves, model.trains, strict=True):
            alpha, line = (0.25, "-") if trains else (0.7, ":")
            axes.plot(
                epochs, curve, color=look["color"], alpha=alpha, linewidth=0.6, linestyle=line
            )
        axes.plot(epochs, model.mean, linewidth=1.6 if shown else 1.0, **look)
        if shown:
            names.append(Name(model.text, model.end, look["color"]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0, max(model.curves.shape[1] for model in models) + 0.5)
    set_accuracy_axis(axes, "", short=True)
    axes.tick_params(labelsize="small")
    add_names(axes, names, _SIZE, height)
