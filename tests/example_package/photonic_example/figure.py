"""How many runs there are."""

from matplotlib.figure import Figure as Canvas

from studies.analysis.results import StudyResults
from studies.reports.figures import register_figure
from studies.reports.figures.style import new_canvas


@register_figure("example-figure", "How many runs there are.")
def draw(results: StudyResults) -> Canvas:
    """A bar for each arm."""
    canvas = new_canvas()
    counts = results.final["arm"].value_counts()
    canvas.add_subplot().bar(counts.index, counts)
    return canvas
