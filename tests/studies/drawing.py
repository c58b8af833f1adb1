"""Figures of rows, whatever study these are of."""

import pandas as pd
from matplotlib.figure import Figure as Canvas

from studies.analysis.results import StudyResults
from studies.catalogue import studies_by_name
from studies.reports.figures import named_figure


def draw(name: str, rows: pd.DataFrame) -> Canvas | None:
    """What the figure of a name makes of rows."""
    return named_figure(name).draw(StudyResults(studies_by_name["mode_sweep"], rows))
