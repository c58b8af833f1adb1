"""Forest plot of a study's contrasts."""

import pandas as pd
from matplotlib.figure import Figure as Canvas

from studies.analysis.results import Result, StudyResults, Verdict, arm_names
from studies.design.statistics import points
from studies.reports.figures import register_figure
from studies.reports.figures.parts.data import note
from studies.reports.figures.parts.labelled_lines import labelled_lines
from studies.reports.figures.parts.trained import MEAN
from studies.reports.figures.parts.words import wrapped
from studies.reports.figures.style import new_canvas

#: Points of letters, and how many of a contrast's name before it goes on below: the first that fit.
_LETTERS = ((9.0, 54), (7.5, 65), (6.5, 75))
#: Of a line, inches.
_LEAST = 0.28
#: Of no family: a difference is between two.
_COLOUR = (0.2, 0.2, 0.2)


@register_figure(
    "contrasts",
    "Paired differences in test accuracy: every pair in which both arms train, the mean and its "
    "95 % interval; a mean is filled where a difference is shown. Where seeds fail, their numbers "
    "of the first arm and of the second stand behind it. Contrasts of fewer than two such pairs "
    "are not drawn.",
)
def draw(results: StudyResults) -> Canvas | None:
    """A line for each contrast that has pairs."""
    paired = [result for result in results.contrasts if result.difference.pairs > 1]
    if not paired:
        return None
    for size, width in _LETTERS:
        lines = labelled_lines([wrapped(_name(result), width) for result in paired], size, _LEAST)
        if lines.fit:
            break
    canvas = new_canvas(10.0, 1.2 + lines.height)
    axes = canvas.add_subplot()
    colour = _COLOUR
    for line, result in zip(lines.places, paired, strict=True):
        difference = result.difference
        each = [100 * value for value in difference.each]
        axes.scatter(each, [line] * len(each), s=14, color=colour, alpha=0.4, linewidths=0)
        axes.plot([100 * end for end in difference.shown], [line] * 2, color=colour, linewidth=1.6)
        face = colour if result.verdict is Verdict.SHOWN else "white"
        axes.plot(100 * difference.mean, line, "o", color=colour, markerfacecolor=face)
        _note(canvas, result)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(
        xlabel="difference in test accuracy (percentage points)",
        title=f"{results.rows['dataset'].iloc[0]}: contrasts, paired by seed",
    )
    lines.set_axis(axes)
    lines.set_notes(axes, [_numbers(result) for result in paired])
    return canvas


def _note(canvas: Canvas, result: Result) -> None:
    difference, failures = result.difference, result.failures
    low, high = difference.shown
    mean = {
        "difference": difference.mean,
        "low": low,
        "high": high,
        "failures_of_first": failures.first,
        "failures_of_second": failures.second,
        "shown": result.verdict is Verdict.SHOWN,
    }
    each = pd.DataFrame({"difference": difference.each})
    note(canvas, each, drawn="pair of seeds", contrast=_name(result))
    note(canvas, pd.DataFrame([mean]), drawn=MEAN, contrast=_name(result))


def _name(result: Result) -> str:
    contrast = result.contrast
    return f"{contrast.setting}: {' − '.join(arm_names(contrast))}"


def _numbers(result: Result) -> str:
    difference = result.difference
    low, high = difference.shown
    text = f"{points(difference.mean, sign=True)} [{points(low)}, {points(high)}]"
    failures = result.failures
    return f"{text}, {failures.first} and {failures.second} fail" if failures.any else text
