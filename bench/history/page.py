"""The page of the history: what became faster and slower, as a text, a figure and a table."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bench.history.measured import LARGER_IS_BETTER, read_rows
from studies.reports.escape import in_markdown
from studies.reports.figures.style import PALETTE, Canvas, in_figure, new_canvas, own_style, store
from studies.rows.runs_file import write_text

ROWS, PAGE, FIGURE = "history.csv", "history.md", "history.png"
#: A change below this is within what a busy machine does to a time.
_NOTABLE = 1.1
_SCALES = {"seconds": (1e3, "ms"), "bytes": (2.0**-20, "MiB")}


def build_page(folder: Path) -> Path:
    """Write page and figure from the rows in ``folder``; the same rows give the same bytes.

    Raises:
        InvalidInput: if there are no rows, or the file is none of a history.
    """
    rows = read_rows(folder / ROWS)
    revisions = list(rows["revision"].unique())
    changes = _changes(rows, revisions)
    parts = ["# The asv suite over the project's commits\n", _answer(changes, revisions)]
    if not changes.empty:
        store(draw(changes, revisions), folder / FIGURE)
        parts.append(f"![Change of each benchmark]({FIGURE})\n")
    parts += [_revisions(rows), _table(rows, revisions)]
    write_text(folder / PAGE, "\n".join(parts))
    return folder / PAGE


def _changes(rows: pd.DataFrame, revisions: list[str]) -> pd.DataFrame:
    """What was measured at the first and the last revision, and by what factor it is better."""
    index = ["benchmark", "parameters", "unit"]
    table = rows.pivot_table(index=index, columns="revision", values="value", sort=False)
    table = table.reset_index()
    if len(revisions) < 2:
        return table.iloc[:0]
    both = table.dropna(subset=[revisions[0], revisions[-1]])
    better = both[revisions[0]] / both[revisions[-1]]
    larger = both["unit"].isin(LARGER_IS_BETTER)
    return both.assign(better=better.where(~larger, 1 / better))


def _answer(changes: pd.DataFrame, revisions: list[str]) -> str:
    if changes.empty:
        return f"Measured at {', '.join(map(in_markdown, revisions))}; nothing to compare with.\n"
    gained = changes[changes["better"] > _NOTABLE]
    lost = changes[changes["better"] < 1 / _NOTABLE]
    within = len(changes) - len(gained) - len(lost)
    text = (
        f"From {in_markdown(revisions[0])} to {in_markdown(revisions[-1])}, of {len(changes)} "
        f"measurements {len(gained)} became better by more than 10 %, {len(lost)} worse, {within} "
        "neither."
    )
    for part, place, word in ((gained, "idxmax", "gain"), (lost, "idxmin", "loss")):
        if len(part):
            found = part.loc[getattr(part["better"], place)()]
            factor = max(found["better"], 1 / found["better"])
            text += f" The largest {word} is {factor:.3g} times: {_name(found)}."
    return f"{text}\n"


def _name(row: Mapping[str, str] | pd.Series) -> str:
    words = [row["benchmark"], row["parameters"]]
    return in_markdown(" · ".join(word for word in words if word))


@own_style()
def draw(changes: pd.DataFrame, revisions: list[str]) -> Canvas:
    """Draw by what factor each measurement is better at the last revision than at the first."""
    names = sorted(changes["benchmark"].unique(), reverse=True)
    canvas = new_canvas(width=9, height=1.5 + 0.22 * len(names))
    axes = canvas.subplots()
    place = {name: number for number, name in enumerate(names)}
    axes.axvline(1, color="0.4", linewidth=1)
    axes.scatter(changes["better"], changes["benchmark"].map(place), color=PALETTE[0], s=18)
    axes.set_yticks(range(len(names)), [in_figure(name) for name in names], fontsize=8)
    label = f"times better at {revisions[-1]} than at {revisions[0]}"
    axes.set(xscale="log", xlabel=in_figure(label))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    return canvas


def _revisions(rows: pd.DataFrame) -> str:
    first = rows.drop_duplicates("revision")[["revision", "commit", "date"]]
    counts = rows.groupby("revision", sort=False).size()
    lines = first.assign(measurements=first["revision"].map(counts)).map(
        lambda value: in_markdown(str(value))
    )
    return f"## Revisions\n\n{lines.to_markdown(index=False, disable_numparse=True)}\n"


def _table(rows: pd.DataFrame, revisions: list[str]) -> str:
    lines = []
    for (benchmark, parameters), group in rows.groupby(["benchmark", "parameters"], sort=True):
        cells = {row.revision: _cell(row) for row in group.itertuples()}
        scale = _SCALES.get(group["unit"].iloc[0], (1.0, group["unit"].iloc[0]))
        lines.append(
            {
                "benchmark": in_markdown(benchmark),
                "parameters": in_markdown(parameters),
                "unit": in_markdown(scale[1]),
                **{in_markdown(name): cells.get(name, "–") for name in revisions},
            }
        )
    table = pd.DataFrame(lines).to_markdown(index=False, disable_numparse=True)
    return (
        "## Every measurement\n\nTimes are medians with the quartiles in brackets; – is what a "
        f"commit does not have.\n\n{table}\n"
    )


def _cell(row: object) -> str:
    factor = _SCALES.get(row.unit, (1.0, ""))[0]  # type: ignore[attr-defined]
    value, lower, upper = (
        factor * number
        for number in (row.value, row.lower, row.upper)  # type: ignore[attr-defined]
    )
    text = f"{value:.3g}"
    return text if lower != lower else f"{text} ({lower:.3g}–{upper:.3g})"
