"""Validation accuracy over the epochs."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator, PercentFormatter

from studies.figures.style import COLOURS, Figure, families, new_canvas
from studies.labels import FINAL


def _draw(rows: pd.DataFrame) -> Canvas | None:
    final = rows[(rows["role"] == FINAL) & (rows["val_accuracy_by_epoch"] != "")]
    if final.empty:
        return None
    final = final.assign(family=families(final))
    points = pd.DataFrame(
        [
            {
                "run": run,
                "epoch": epoch,
                "accuracy": float(value),
                "family": row["family"],
                "trainable parameters": int(row["trainable_parameters"]),
            }
            for run, (_, row) in enumerate(final.iterrows())
            for epoch, value in enumerate(row["val_accuracy_by_epoch"].split(), start=1)
        ]
    )
    canvas = new_canvas()
    axes = canvas.add_subplot()
    sns.lineplot(
        points,
        x="epoch",
        y="accuracy",
        hue="family",
        palette=COLOURS,
        units="run",
        estimator=None,
        alpha=0.5,
        linewidth=0.9,
        ax=axes,
    )
    axes.set(
        xlabel="epoch",
        ylabel="validation accuracy",
        title=f"{rows['dataset'].iloc[0]}: validation accuracy of every final run",
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(title=None, fontsize="small")
    return canvas


CURVES = Figure("curves", "Validation accuracy after each epoch; every final run is a line.", _draw)
