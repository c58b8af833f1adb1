"""The most accurate models of each family at every number of trainable parameters."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from studies.analysis.results import StudyResults
from studies.analysis.summaries import describe, families, summarise
from studies.design.arms import Family
from studies.design.roles import FINAL, completed, only_evaluated
from studies.design.statistics import non_dominated
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.parts.names import Name, add_names
from studies.reports.figures.style import (
    COLOURS,
    FAMILY_MARKERS,
    new_canvas,
    own_style,
    set_accuracy_axis,
    set_trainable_axis,
)

#: Those that are drawn, each with its name on the figure.
_NAMES = {
    Family.PROBABILITIES: "photons,\nread as probabilities",
    Family.LINEARISED: "photons, linearised\n(a random subspace)",
    Family.TRAINED: "CNNs trained directly",
    Family.COMPRESSED: "classical compression",
    Family.CLASSICAL: "classical generators",
    Family.CONTROL: "controls of the ablation",
}
_NOTED = ["trainable_parameters", "test_accuracy", "test_low", "test_high", "seeds", "failures"]
#: At most one model of a family in each of so many equal parts of a factor of ten.
_PARTS_OF_A_DECADE = 6
_SIZE, _NAME_SIZE = (8.0, 4.8), 9.0


@register_figure(
    "families",
    "The most accurate models of each family: mean test accuracy over fresh seeds with its 95 % "
    "interval. Each line joins the means that no other of its family reaches with at most as many "
    "trainable parameters, at most six to a factor of ten; it is the best of many settings, and "
    "so a little too high. Hollow, with the failed seeds beside it, and without an interval, "
    "where seeds do not train.",
)
def draw(results: StudyResults) -> Canvas | None:
    """Of the runs of one study."""
    return draw_families(results.rows)


@own_style()
def draw_families(rows: pd.DataFrame) -> Canvas | None:
    """Of runs on one dataset, whatever studies they are of."""
    # Those that diverged or failed as well, which count among the seeds that do not train.
    final = rows[(rows["role"] == FINAL) & ~only_evaluated(rows)]
    if completed(final, FINAL).empty:
        return None
    means = summarise(final)
    means = means[means["seeds"] > 0].assign(family=families(means))
    canvas = new_canvas(*_SIZE)
    axes = canvas.add_subplot()
    lines = {family: _few(means[means["family"] == family]) for family in _NAMES}
    drawn = {family: line for family, line in lines.items() if not line.empty}
    for family, line in drawn.items():
        _draw_line(axes, family, line)
        called = line.apply(describe, axis="columns")
        note(canvas, line[_NOTED], drawn="mean", family=str(family), model=called)
    _count_failures(axes, drawn)
    axes.set(title=f"{final['dataset'].iloc[0]}: the best of each family")
    set_trainable_axis(axes)
    set_accuracy_axis(axes, "test accuracy")
    names = [_name(family, line) for family, line in drawn.items()]
    add_names(axes, names, _NAME_SIZE, _SIZE[1] - 1.0)
    return canvas


def _few(models: pd.DataFrame) -> pd.DataFrame:
    """The models of one family's line, by their sizes."""
    best = models[non_dominated(models["test_accuracy"], models["trainable_parameters"])]
    part = np.floor(np.log10(best["trainable_parameters"]) * _PARTS_OF_A_DECADE)
    return best.loc[best.groupby(part)["test_accuracy"].idxmax()].sort_values(
        "trainable_parameters"
    )


def _draw_line(axes: Axes, family: Family, line: pd.DataFrame) -> None:
    colour, marker = COLOURS[family], FAMILY_MARKERS[family]
    counts, trains = line["trainable_parameters"], line["failures"] == 0
    axes.step(counts, line["test_accuracy"], where="post", color=colour, linewidth=1.6)
    sure = line[trains]
    axes.fill_between(
        sure["trainable_parameters"],
        sure["test_low"].clip(lower=0.0),
        sure["test_high"].clip(upper=1.0),
        color=colour,
        step="post",
        alpha=0.18,
        linewidth=0,
    )
    for shown, inside in ((trains, colour), (~trains, "white")):
        axes.plot(
            counts[shown],
            line["test_accuracy"][shown],
            marker,
            color=colour,
            markerfacecolor=inside,
            markersize=5.5,
        )


def _count_failures(axes: Axes, drawn: dict[Family, pd.DataFrame]) -> None:
    """How many seeds fail, beside each model of which some do."""
    models = pd.concat(line[line["failures"] > 0] for line in drawn.values())
    ordered = models.sort_values("trainable_parameters").to_dict("records")
    for place, model in enumerate(ordered):
        axes.annotate(
            f"{model['failures']} of {model['seeds'] + model['diverged']} fail",
            (model["trainable_parameters"], model["test_accuracy"]),
            # Of two that are near each other one stands above, the other below; left of the first
            # there is only the axis.
            xytext=(5, -11) if place % 2 else (-40 if place else 4, 7),
            textcoords="offset points",
            fontsize=7,
            color=COLOURS[model["family"]],
        )


def _name(family: Family, line: pd.DataFrame) -> Name:
    last = line.iloc[-1]
    end = (float(last["trainable_parameters"]), float(last["test_accuracy"]))
    return Name(_NAMES[family], end, COLOURS[family])
