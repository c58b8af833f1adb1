"""Test accuracy over the level of each kind of noise."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import PercentFormatter

from qcnn.noise import Noise, noise_from_text
from studies.figures.style import MAPPING_COLOURS, Figure, new_canvas
from studies.labels import FINAL
from studies.noise_kinds import KINDS, Kind
from studies.quoted import NOISE_COSTS
from studies.statistics import mean_interval

#: Axis of a row that says which noise it was under, line and marker.
_WAYS = {
    "trained without noise": ("evaluated_under", "-", "o"),
    "trained under the noise": ("noise", "--", "s"),
}


def _draw(rows: pd.DataFrame) -> Canvas | None:
    final = rows[(rows["role"] == FINAL) & (rows["status"] == "complete")]
    final = final[final["epochs"] == final["epochs"].max()]
    if not (final["evaluated_under"] + final["noise"]).any():
        return None
    columns = 3
    canvas = new_canvas(11.0, 7.0)
    panels = canvas.subplots(-(-len(KINDS) // columns), columns, sharey=True).flatten()
    for axes, kind in zip(panels, KINDS, strict=True):
        for mapping, group in final.groupby("mapping"):
            _draw_mapping(axes, kind, str(mapping), group)
        axes.set(xlabel=kind.axis, xscale="log" if kind.logarithmic else "linear")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    for axes in panels[::columns]:
        axes.set_ylabel("test accuracy")
    handles, names = panels[0].get_legend_handles_labels()
    canvas.legend(handles, names, loc="outside lower center", ncols=2, fontsize="small")
    canvas.suptitle(f"{rows['dataset'].iloc[0]}: test accuracy under noise")
    return canvas


def _draw_mapping(axes: Axes, kind: Kind, mapping: str, rows: pd.DataFrame) -> None:
    colour = MAPPING_COLOURS[mapping.partition(":")[0]]
    clean = rows[(rows["noise"] == "") & (rows["evaluated_under"] == "")]
    axes.axhline(clean["test_accuracy"].mean(), color=colour, linestyle=":", linewidth=1)
    for way, (axis, line, marker) in _WAYS.items():
        other = "noise" if axis == "evaluated_under" else "evaluated_under"
        noises = rows[rows[other] == ""][axis].map(noise_from_text)
        levels = noises.map(kind.level_of)
        # On a logarithmic axis no noise has no place.
        shown = levels[levels.notna() & ((levels != 0) | (not kind.logarithmic))]
        if axis == "noise":
            shown = shown[noises[shown.index] != Noise()]
        accuracies = rows.loc[shown.index, "test_accuracy"]
        axes.scatter(shown, accuracies, s=10, alpha=0.4, color=colour, marker=marker)
        intervals = {level: mean_interval(part) for level, part in accuracies.groupby(shown)}
        axes.errorbar(
            list(intervals),
            [i.mean for i in intervals.values()],
            yerr=[
                [i.mean - i.low for i in intervals.values()],
                [i.high - i.mean for i in intervals.values()],
            ],
            color=colour,
            linestyle=line,
            marker=marker,
            markersize=5,
            capsize=3,
            label=f"{mapping}, {way}",
        )


NOISE = Figure(
    "noise",
    "Test accuracy over the level of each kind of noise: every run, means and 95 % intervals "
    f"over seeds; dotted: no noise. {NOISE_COSTS}",
    _draw,
)
