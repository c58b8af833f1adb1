"""The test accuracy of every seed of every model that was run with fresh seeds."""

from textwrap import fill

from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from studies.analysis.results import StudyResults
from studies.analysis.summaries import describe, families, summarise
from studies.reports.figures import register_figure
from studies.reports.figures.style import (
    COLOURS,
    in_figure,
    interval_bars,
    new_canvas,
    set_accuracy_axis,
)

#: Means are drawn this far below the runs, in lines.
_BELOW = 0.25
#: Of a model's name, letters; longer ones take two lines.
_WIDTH = 56


@register_figure(
    "seeds",
    "Test accuracy of every fresh seed, a point each, with the mean and its 95 % interval below; "
    "models in the order of their trainable parameters.",
)
def draw(results: StudyResults) -> Canvas | None:
    """A line for each model, of its runs and below them of their mean."""
    final = results.final
    if final.empty:
        return None
    models = summarise(final)
    models = models.assign(family=families(models), name=models.apply(describe, axis=1))
    models = models.sort_values(["trainable_parameters", "name", "epochs"], ignore_index=True)
    repeated = models.duplicated(["trainable_parameters", "name"], keep=False)
    names = models["name"].where(
        ~repeated, models["name"] + ", " + models["epochs"].astype(str) + " epochs"
    )
    canvas = new_canvas(10.0, max(3.0, 1.6 + 0.27 * len(models)))
    axes = canvas.add_subplot()
    down, up = interval_bars(models["test_accuracy"], models["test_low"], models["test_high"])
    for line, model in models.iterrows():
        colour = COLOURS[model["family"]]
        runs = final[final["configuration"] == model["configuration"]]["test_accuracy"]
        axes.scatter(runs, [line] * len(runs), color=colour, alpha=0.45, s=16, linewidths=0)
        axes.errorbar(
            [model["test_accuracy"]],
            [line + _BELOW],
            xerr=[[down[line]], [up[line]]],
            fmt="D",
            markersize=4,
            elinewidth=1.4,
            color=colour,
        )
    axes.set(
        yticks=range(len(models)),
        yticklabels=[
            f"{fill(in_figure(name), _WIDTH)}  {count:,}"
            for name, count in zip(names, models["trainable_parameters"], strict=True)
        ],
        ylim=(len(models) - 0.3, -0.7),
        ylabel="model, trainable parameters",
        title=f"{final['dataset'].iloc[0]}: test accuracy of every seed",
    )
    set_accuracy_axis(axes, "test accuracy", "x")
    axes.tick_params(axis="y", labelsize="x-small")
    present = [name for name in COLOURS if name in set(models["family"])]
    canvas.legend(
        handles=[
            *(Line2D([], [], marker="o", linestyle="", color=COLOURS[n], label=n) for n in present),
            Line2D([], [], marker="D", color="grey", markersize=4, label="mean, 95 % interval"),
        ],
        loc="outside lower center",
        ncols=len(present) + 1,
        fontsize="small",
    )
    return canvas
