"""What the choice of the learning rate looked like."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from studies.analysis.results import StudyResults
from studies.analysis.summaries import method_names
from studies.design.roles import SEARCH, completed
from studies.reports.figures import register_figure
from studies.reports.figures.parts.words import in_words
from studies.reports.figures.style import (
    TRAINABLE_LABEL,
    new_canvas,
    new_panels,
    panel_grid,
    set_accuracy_axis,
    set_count_ticks,
)


@register_figure(
    "rates",
    "Validation accuracy at the highest learning rates that were tried, a panel for each mapping "
    "or baseline and a line for each model; darker lines are models with more trainable "
    "parameters. Runs that diverged have no point.",
)
def draw(results: StudyResults) -> Canvas | None:
    """A panel for each mapping or baseline."""
    tried = completed(results.rows, SEARCH)
    if tried.empty:
        return None
    methods = list(tried.groupby(method_names(tried)))
    lines, columns = panel_grid(len(methods))
    canvas = new_canvas(2.0 + 3.0 * columns, 1.2 + 2.6 * lines)
    grid = new_panels(canvas, len(methods))
    rates = tried["learning_rate"]
    counts = tried["trainable_parameters"]
    # Its ends must differ, and all arms may have the same count.
    scale = LogNorm(0.9 * counts.min(), 1.1 * counts.max())
    colours = ScalarMappable(scale, sns.color_palette("crest", as_cmap=True))
    for axes, (method, runs) in zip(grid.flat, methods, strict=False):
        _draw_method(axes, runs, colours)
        axes.set(title=in_words(str(method)), xscale="log")
        axes.set_xlim(rates.min() / 1.5, 1.5 * rates.max())
        axes.xaxis.set_major_locator(LogLocator())
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        set_accuracy_axis(axes, "", short=True)
        axes.tick_params(labelsize="small")
    bar = canvas.colorbar(colours, ax=grid, label=TRAINABLE_LABEL)
    set_count_ticks(bar.ax.yaxis)
    seeds = tried["seed"].nunique()
    over = "one seed" if seeds == 1 else f"mean of {seeds} seeds"
    canvas.supxlabel("highest learning rate (log scale)", fontsize="medium")
    canvas.supylabel("validation accuracy (%, logit scale)", fontsize="medium")
    canvas.suptitle(f"{tried['dataset'].iloc[0]}: rates tried for every arm, {over}")
    return canvas


def _draw_method(axes: Axes, tried: pd.DataFrame, colours: ScalarMappable) -> None:
    """A line for each model that the rates were tried on."""
    for _, model in tried.groupby(["setting", "arm", "target", "mapping", "epochs"]):
        count = model["trainable_parameters"].iloc[0]
        means = model.groupby("learning_rate")["val_accuracy"].mean()
        axes.plot(
            means.index,
            means,
            color=colours.to_rgba(count),
            marker="o",
            markersize=3,
            linewidth=1,
        )
