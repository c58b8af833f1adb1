"""The figure of the break-even: time of the simulation and of devices over the photons."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bench.break_even.devices import Device, Reading, Use, device_seconds
from bench.break_even.measured import Growth
from studies.reports.figures.style import LINE_COLOURS, Canvas, new_canvas, own_style

#: What each panel is of.
_PANELS = (
    ("read every outcome", Reading.OUTCOMES, Use.READING),
    ("read which pairs of modes hold photons", Reading.TWO_MODES, Use.READING),
    ("a gradient, from such pairs", Reading.TWO_MODES, Use.GRADIENT),
)
_MOST_PHOTONS = 30
_LIMITS = (1e-7, 1e12)
_DURATIONS = {1e-3: "1 ms", 1.0: "1 s", 3600.0: "1 h", 3.15e7: "1 year", 3.15e10: "1,000 years"}


@own_style()
def draw(
    rows: pd.DataFrame, growths: Mapping[Use, Growth], devices: Sequence[Device], accuracy: float
) -> Canvas:
    """A panel for each thing that is read, with a line for each device and the simulation.

    Args:
        rows: measured times.
        growths: their laws.
        devices: those that are drawn.
        accuracy: relative standard error of what is read.
    """
    canvas = new_canvas(12.0, 4.8)
    panels = canvas.subplots(1, len(_PANELS), sharey=True)
    photons = np.arange(2, _MOST_PHOTONS + 1)
    for axes, (title, reading, use) in zip(panels, _PANELS, strict=True):
        _draw_simulation(axes, rows, growths[use], photons)
        for place, device in enumerate(devices):
            seconds = [
                device_seconds(2 * n, n, device, reading, use, accuracy) for n in photons.tolist()
            ]
            axes.plot(photons, seconds, color=LINE_COLOURS[place], linewidth=1.6, label=device.name)
        axes.set(title=title, yscale="log", ylim=_LIMITS, xlabel="photons, in twice as many modes")
        axes.set_xlim(2, _MOST_PHOTONS)
        axes.set_yticks(list(_DURATIONS), list(_DURATIONS.values()))
        axes.minorticks_off()
    panels[0].set_ylabel("time (log scale)")
    handles, labels = panels[0].get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize="small")
    canvas.suptitle("A device is faster where its line is below the black one")
    return canvas


def _draw_simulation(axes: Axes, rows: pd.DataFrame, growth: Growth, photons: np.ndarray) -> None:
    low, middle, high = (
        [growth.seconds(2 * n, n, level) for n in photons.tolist()] for level in (0.025, 0.5, 0.975)
    )
    axes.plot(photons, middle, color="black", linewidth=1.6, label="simulation, one core")
    axes.fill_between(photons, low, high, color="black", alpha=0.12, linewidth=0)
    part = rows[(rows["use"] == str(growth.use)) & (rows["modes"] == 2 * rows["photons"])]
    axes.plot(part["photons"], part["median"], "o", color="black", markersize=4)
