"""Forest plot of a study's contrasts."""

from textwrap import fill

from matplotlib.figure import Figure as Canvas

from studies.analysis.results import Result, StudyResults, Verdict, arm_names
from studies.design.statistics import points
from studies.reports.figures import register_figure
from studies.reports.figures.style import in_figure, new_canvas

#: Characters of a contrast's name before it goes on below.
_WIDTH = 48
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
    names = [fill(in_figure(_name(result)), _WIDTH) for result in paired]
    lines = range(len(paired))
    height = 0.36 if any("\n" in name for name in names) else 0.3
    canvas = new_canvas(10.0, 1.2 + height * len(paired))
    axes = canvas.add_subplot()
    colour = _COLOUR
    for line, result in enumerate(paired):
        difference = result.difference
        each = [100 * value for value in difference.each]
        axes.scatter(each, [line] * len(each), s=14, color=colour, alpha=0.4, linewidths=0)
        axes.plot([100 * end for end in difference.shown], [line] * 2, color=colour, linewidth=1.6)
        face = colour if result.verdict is Verdict.SHOWN else "white"
        axes.plot(100 * difference.mean, line, "o", color=colour, markerfacecolor=face)
    axes.axvline(0, color="black", linewidth=0.8)
    limits = (len(paired) - 0.4, -0.6)
    axes.set(
        yticks=lines,
        yticklabels=names,
        ylim=limits,
        xlabel="difference in test accuracy (percentage points)",
        title=f"{results.rows['dataset'].iloc[0]}: contrasts, paired by seed",
    )
    numbers = axes.twinx()
    numbers.set(yticks=lines, yticklabels=[_numbers(result) for result in paired], ylim=limits)
    numbers.grid(visible=False)
    for side in (axes, numbers):
        side.tick_params(axis="y", length=0)
    return canvas


def _name(result: Result) -> str:
    contrast = result.contrast
    return f"{contrast.setting}: {' − '.join(arm_names(contrast))}"


def _numbers(result: Result) -> str:
    difference = result.difference
    low, high = difference.shown
    text = f"{points(difference.mean, sign=True)} [{points(low)}, {points(high)}]"
    failures = result.failures
    return f"{text}, {failures.first} and {failures.second} fail" if failures.any else text
