"""The project's own look of figures."""

from functools import cache
from typing import Any

from qcnn.plotting import import_matplotlib


@cache
def own_look() -> dict[str, Any]:
    """Settings on top of matplotlib's defaults, for ``matplotlib.style.context(["default", …])``.

    They are the same however matplotlib is set by the user.
    """
    import_matplotlib()
    import seaborn as sns

    return {
        **sns.axes_style("whitegrid"),
        **sns.plotting_context("notebook", 0.9),
        # Which comes with matplotlib: others may be installed or not.
        "font.sans-serif": ["DejaVu Sans"],
    }
