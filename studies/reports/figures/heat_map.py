"""Validation accuracy over modes and photons."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure as Canvas

from studies.analysis.results import StudyResults
from studies.design.configuration import sizes_from_text
from studies.design.roles import SEARCH, completed
from studies.reports.figures import register_figure
from studies.reports.figures.style import in_figure, new_canvas


@register_figure(
    "heat_map",
    "Best validation accuracy of the searched settings in which some PQCNN has this size; "
    "one seed each.",
)
def draw(results: StudyResults) -> Canvas | None:
    """Of the largest search."""
    searched = completed(results.rows, SEARCH)
    if searched.empty:
        return None
    # Searches under other axes are not comparable: the largest one is drawn.
    largest = searched[searched["search"] == searched["search"].value_counts().index[0]]
    pairs = [
        {"modes": modes, "photons": photons, "accuracy": 100 * accuracy}
        for sizes, accuracy in zip(largest["sizes"], largest["val_accuracy"], strict=True)
        for modes, photons in set(sizes_from_text(sizes))
    ]
    if not pairs:
        return None
    best = pd.DataFrame(pairs).pivot_table(
        index="photons", columns="modes", values="accuracy", aggfunc="max"
    )
    first = largest.iloc[0]
    canvas = new_canvas(8.0, 4.5)
    axes = canvas.add_subplot()
    sns.heatmap(
        best.sort_index(ascending=False),
        annot=True,
        fmt=".1f",
        cmap="viridis",
        cbar_kws={"label": "validation accuracy (%)"},
        ax=axes,
    )
    axes.grid(visible=False)
    axes.set(
        xlabel="modes",
        ylabel="photons",
        title=f"{first['dataset']}: best of the searched settings with a PQCNN of this size\n"
        f"{in_figure(first['mapping'])} → {in_figure(first['target'])}, {first['epochs']} epochs, "
        f"{len(largest)} settings",
    )
    return canvas
