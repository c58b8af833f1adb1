"""Validation accuracy over the epochs."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from studies.analysis.results import StudyResults
from studies.analysis.summaries import families
from studies.design.roles import FINAL
from studies.reports.figures import register_figure
from studies.reports.figures.style import COLOURS, new_canvas, set_accuracy_axis


@register_figure(
    "curves",
    "Validation accuracy after each epoch: thin lines are final runs, thick ones the means of the "
    "models over their seeds.",
)
def draw(results: StudyResults) -> Canvas | None:
    """Thin lines for the runs, thick ones for the means, a panel for each family."""
    rows = results.rows
    final = rows[(rows["role"] == FINAL) & (rows["val_accuracy_by_epoch"] != "")]
    if final.empty:
        return None
    points = _points(final)
    names = [name for name in COLOURS if name in set(points["family"])]
    canvas = new_canvas(max(5.0, 3.4 * len(names)), 4.5)
    panels = canvas.subplots(1, len(names), sharex=True, sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        of_family = points[points["family"] == name]
        means = of_family.groupby(["model", "epoch"], as_index=False)["accuracy"].mean()
        shared = {"x": "epoch", "y": "accuracy", "color": COLOURS[name], "ax": axes}
        sns.lineplot(of_family, units="run", estimator=None, alpha=0.25, linewidth=0.6, **shared)
        sns.lineplot(means, units="model", estimator=None, linewidth=1.6, **shared)
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        set_accuracy_axis(axes, "validation accuracy")
    canvas.suptitle(f"{rows['dataset'].iloc[0]}: validation accuracy of every final run")
    return canvas


def _points(final: pd.DataFrame) -> pd.DataFrame:
    """One row for each epoch of each run."""
    return pd.DataFrame(
        [
            {
                "run": run,
                "model": row["configuration"],
                "family": row["family"],
                "epoch": epoch,
                "accuracy": float(value),
            }
            for run, (_, row) in enumerate(final.assign(family=families(final)).iterrows())
            for epoch, value in enumerate(row["val_accuracy_by_epoch"].split(), start=1)
        ]
    )
