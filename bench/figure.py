"""The log-log figure of the comparison."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bench.growth import Growth
from bench.rows import FORWARD
from bench.summary import in_order
from bench.task import SPACE_NAMES
from studies.reports.figures.style import PALETTE, Canvas, Styles, new_canvas, own_style

_STYLES = Styles(
    {
        name: {"color": PALETTE[place], "marker": marker}
        for place, (name, marker) in enumerate(
            {
                "fused": "o",
                "merlin": "s",
                "perceval": "^",
                "piquasso": "D",
                "deepquantum": "v",
                "torch": "P",
            }.items()
        )
    }
)
_ARITHMETIC = (0.45, 0.45, 0.45)


@own_style()
def draw(rows: pd.DataFrame, fits: list[Growth], label: Callable[[str], str]) -> Canvas:
    """Draw the time of a pass against the number of outcomes.

    Args:
        rows: one for each engine, circuit and space, with the time to draw in ``median``
            and ``arithmetic``, seconds.
        fits: power laws of the engines.
        label: of an engine by its name.
    """
    spaces = [space for space in SPACE_NAMES if space in set(rows["space"])]
    canvas = new_canvas(width=1 + 4.5 * len(spaces), height=5)
    panels = canvas.subplots(1, len(spaces), sharey=True, squeeze=False)[0]
    for panel, space in zip(panels, spaces, strict=True):
        part = rows[rows["space"] == space]
        for engine in in_order(part["engine"]):
            points = part[part["engine"] == engine].sort_values("outcomes")
            medians = points["median"].to_numpy()
            spread = np.abs(points[["lower_quartile", "upper_quartile"]].to_numpy().T - medians)
            panel.errorbar(
                points["outcomes"],
                1e3 * medians,
                yerr=1e3 * spread,
                linestyle="",
                **_STYLES[engine],
                markersize=5,
                label=label(engine) + _what(points),
            )
        for fit in fits:
            if fit.space == space:
                ends = np.array([fit.fewest, fit.most])
                colour = _STYLES[fit.engine]["color"]
                panel.plot(ends, 1e3 * fit.seconds(ends), color=colour, linewidth=0.9, alpha=0.7)
        floor = part.drop_duplicates("outcomes").sort_values("outcomes")
        panel.plot(
            floor["outcomes"],
            1e3 * floor["arithmetic"],
            "x",
            color=_ARITHMETIC,
            label="arithmetic alone",
        )
        panel.set(xscale="log", yscale="log", title=SPACE_NAMES[space], xlabel="outcomes")
    panels[0].set_ylabel("forward and backward / ms")
    _legend(canvas, panels)
    return canvas


def _what(points: pd.DataFrame) -> str:
    return ", forward alone" if (points["direction"] == FORWARD).all() else ""


def _legend(canvas: Canvas, panels: np.ndarray) -> None:
    found: dict[str, Any] = {}
    for panel in panels:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    canvas.legend(
        list(found.values()), list(found), loc="outside lower center", ncols=3, frameon=False
    )
