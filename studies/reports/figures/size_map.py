"""Test accuracy over modes and photons at equal cost."""

import seaborn as sns
from matplotlib.figure import Figure as Canvas

from studies.analysis.results import StudyResults
from studies.analysis.sizes import runs_of_map
from studies.reports.figures import register_figure
from studies.reports.figures.style import in_figure, new_canvas


@register_figure(
    "size_map",
    "Test accuracy (%) of as many equal PQCNNs of each size as come nearest to one number of "
    "effective parameters, each at its best rate: mean ± standard deviation over fresh seeds, and "
    "how many PQCNNs that are.",
)
def draw(results: StudyResults) -> Canvas | None:
    """A cell for each size."""
    runs = runs_of_map(results)
    runs = runs[runs["of_a_size"]]
    if runs.empty:
        return None
    cells = runs.groupby(["photons", "modes"]).agg(
        mean=("test_accuracy", "mean"),
        spread=("test_accuracy", "std"),
        sizes=("sizes", "first"),
        seeds=("seed", "nunique"),
    )
    cells["text"] = [
        f"{100 * cell.mean:.1f}{'' if cell.seeds < 2 else f' ± {100 * cell.spread:.1f}'}\n"
        f"{cell.sizes.count('+') + 1} PQCNN{'s' if '+' in cell.sizes else ''}"
        for cell in cells.itertuples()
    ]
    first = runs.iloc[0]
    canvas = new_canvas(8.0, 1.5 + 0.7 * cells.index.levels[0].size)
    axes = canvas.add_subplot()
    sns.heatmap(
        100 * cells["mean"].unstack().sort_index(ascending=False),
        annot=cells["text"].unstack().sort_index(ascending=False).fillna(""),
        fmt="",
        cmap="viridis",
        annot_kws={"size": "x-small"},
        cbar_kws={"label": "test accuracy (%)"},
        ax=axes,
    )
    axes.grid(visible=False)
    axes.set(
        xlabel="modes",
        ylabel="photons",
        title=f"{first['dataset']}: equal PQCNNs of each size at equal cost\n"
        f"{in_figure(first['mapping'])} → {in_figure(first['target'])}, {first['epochs']} epochs, "
        f"{cells['seeds'].min()} seeds",
    )
    return canvas
