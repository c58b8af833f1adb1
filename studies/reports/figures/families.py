"""The most accurate models of each family at every number of trainable parameters."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.path import Path
from matplotlib.transforms import Bbox

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
#: Where a count may stand beside its model, points, the best first: outside of the line's steps.
_BESIDE = [(-40, 7), (5, -12), (5, 7), (-40, -12)]
_BESIDE += [(x, y) for y in (17, -22, 27, -32) for x in (-18, 5, -40)]
#: Half of the room that a marker takes, pixels.
_MARKER = 4
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
    axes.set(title=f"{final['dataset'].iloc[0]}: the best of each family")
    set_trainable_axis(axes)
    set_accuracy_axis(axes, "test accuracy")
    names = [_name(family, line) for family, line in drawn.items()]
    add_names(axes, names, _NAME_SIZE, _SIZE[1] - 1.0)
    canvas.draw_without_rendering()  # lays it out
    _count_failures(axes, drawn)
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
    """How many seeds fail, beside each model of which some do, where there is room."""
    models = pd.concat(drawn.values())
    places = axes.transData.transform(models[["trainable_parameters", "test_accuracy"]])
    taken = [Bbox.from_extents(*(place - _MARKER), *(place + _MARKER)) for place in places]
    lines = [_steps(axes, line) for line in drawn.values()]
    for model in models[models["failures"] > 0].to_dict("records"):
        text = axes.annotate(
            f"{model['failures']} of {model['seeds'] + model['diverged']} fail",
            (model["trainable_parameters"], model["test_accuracy"]),
            xytext=_BESIDE[0],
            textcoords="offset points",
            fontsize=7,
            color=COLOURS[model["family"]],
            in_layout=False,
        )
        for text.xyann in _BESIDE:
            box = text.get_window_extent()
            over = box.count_overlaps(taken) or any(
                line.intersects_bbox(box, False) for line in lines
            )
            if axes.bbox.count_contains(box.corners()) == 4 and not over:
                break
        taken.append(box)


def _steps(axes: Axes, line: pd.DataFrame) -> Path:
    """A family's line as it is drawn, pixels."""
    ends = axes.transData.transform(line[["trainable_parameters", "test_accuracy"]])
    corners = np.column_stack([ends[1:, 0], ends[:-1, 1]])
    return Path(np.insert(ends, np.arange(1, len(ends)), corners, axis=0))


def _name(family: Family, line: pd.DataFrame) -> Name:
    last = line.iloc[-1]
    end = (float(last["trainable_parameters"]), float(last["test_accuracy"]))
    return Name(_NAMES[family], end, COLOURS[family])
