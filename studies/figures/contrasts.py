"""Forest plot of a study's contrasts."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure as Canvas

from studies.contrasts import arm_name, evaluate_contrasts
from studies.figures.style import COLOURS, PHOTONIC, new_canvas
from studies.study import Contrast


def draw_contrasts(rows: pd.DataFrame, contrasts: Sequence[Contrast]) -> Canvas | None:
    """Paired differences, their mean and its 95 % interval, one line each; None without pairs."""
    results = [r for r in evaluate_contrasts(rows, contrasts) if r.difference.pairs > 1]
    if not results:
        return None
    canvas = new_canvas(11.0, 1.2 + 0.32 * len(results))
    axes = canvas.add_subplot()
    for line, result in enumerate(reversed(results)):
        difference = result.difference
        axes.scatter(
            [100 * value for value in difference.each],
            [line] * difference.pairs,
            s=14,
            color=COLOURS[PHOTONIC],
            alpha=0.4,
        )
        axes.errorbar(
            100 * difference.mean,
            line,
            xerr=[
                [100 * (difference.mean - difference.low)],
                [100 * (difference.high - difference.mean)],
            ],
            fmt="o",
            color=COLOURS[PHOTONIC],
            capsize=3,
        )
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(
        yticks=range(len(results)),
        yticklabels=[
            f"{r.contrast.setting}: {arm_name(r.contrast.first)} − {arm_name(r.contrast.second)}"
            for r in reversed(results)
        ],
        xlabel="difference in test accuracy (points)",
        title=f"{rows['dataset'].iloc[0]}: contrasts, paired by seed",
    )
    return canvas
