"""What a mapping makes of the probabilities, and what reaches the phases."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import StrMethodFormatter, SymmetricalLogLocator

from studies.analysis.results import StudyResults
from studies.design.arms import labels
from studies.design.measures import END, START, measured_moments
from studies.design.roles import FINAL
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.parts.words import in_words
from studies.reports.figures.style import new_canvas

_MOMENTS = {START: "before the training", END: "after it"}
_OUTER, _INNER, _MIDDLE = ("0.01", "0.99"), ("0.25", "0.75"), "0.5"
_LEVELS = (_OUTER[0], _INNER[0], _MIDDLE, _INNER[1], _OUTER[1])
#: Quantities, their axis, and below what they are drawn on a linear scale: an exact 0 has
#: no place on a logarithmic one.
_PANELS = (
    ("weights", "generated weight", 1.0),
    ("response", "change of a weight per phase (1/radian)", 1e-7),
    ("gradients", "|∂loss/∂phase| (1/radian)", 1e-5),
)
_NAMES = tuple(name for name, *_ in _PANELS)


@register_figure(
    "signals",
    "What each mapping makes of the probabilities (left), how far a weight follows a phase, and "
    "what reaches the phases (right), for one seed: median, quartiles, 1 % to 99 %; from the first "
    "tick to 0 the scale is linear.",
)
def draw(results: StudyResults) -> Canvas | None:
    """Three panels, a line for each arm, before the training and after it."""
    rows = results.rows
    final = rows[(rows["role"] == FINAL) & (rows["measured"] != "")]
    firsts = final["measured"].groupby(labels(final), sort=False).first()
    found = [
        (str(label), moment, measured)
        for label, text in firsts.items()
        for moment, measured in measured_moments(text, *_NAMES).items()
    ]
    if not found:
        return None
    words = list(dict.fromkeys(label for label, _, _ in found))
    canvas = new_canvas(12.0, 1.8 + 0.45 * len(words))
    panels = canvas.subplots(1, len(_PANELS), sharey=True)
    colours = dict(zip(_MOMENTS, sns.color_palette("colorblind")[7::-7], strict=True))
    for axes, (name, axis, linear) in zip(panels, _PANELS, strict=True):
        for label, moment, measured in found:
            line = words.index(label) + (0.14 if moment == END else -0.14)
            called = {"quantity": name, "arm": in_words(label), "moment": _MOMENTS[moment]}
            shown = {f"quantile_{level}": measured[name][level] for level in _LEVELS}
            note(canvas, pd.DataFrame([shown]), drawn="quantiles", **called)
            _draw_quantiles(axes, measured[name], line, colours[moment])
        axes.set_xscale("symlog", linthresh=linear)
        axes.set(xlabel=axis)
        if name == "weights":
            axes.set_xticks((-1, -0.5, 0, 0.5, 1))
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        else:
            axes.set_xlim(left=-linear / 4)  # 0 has a place on it
            axes.xaxis.set_major_locator(SymmetricalLogLocator(linthresh=10 * linear, base=100))
    panels[0].set(yticks=range(len(words)), yticklabels=[in_words(text) for text in words])
    panels[0].invert_yaxis()
    handles = [Line2D([], [], color=colours[m], lw=4, label=text) for m, text in _MOMENTS.items()]
    canvas.legend(handles=handles, loc="outside lower center", ncols=2, fontsize="small")
    title = f"{rows['dataset'].iloc[0]}: weights, their response and gradients, one seed each"
    canvas.suptitle(title)
    return canvas


def _draw_quantiles(
    axes: Axes, quantiles: dict[str, float], line: float, colour: tuple[float, float, float]
) -> None:
    for levels, width in ((_OUTER, 1.5), (_INNER, 5.0)):
        axes.plot([quantiles[level] for level in levels], [line] * 2, color=colour, lw=width)
    axes.plot(quantiles[_MIDDLE], line, "o", color=colour, markersize=7, markeredgecolor="white")
