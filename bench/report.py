"""``python -m bench.report``: rebuild the comparison's report from ``comparison.csv`` alone."""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import pandas as pd

from bench.figure import draw
from bench.growth import Growth, fit_growth
from bench.peers import FUSED, PEERS
from bench.rows import (
    ABSENT,
    BATCH,
    CALL,
    FORWARD,
    FORWARD_BACKWARD,
    PASS,
    QUANTUM,
    RATE,
    STEP,
    read_rows,
)
from studies.reports.escape import in_markdown
from studies.reports.figures.style import store
from studies.sentences import one_sentence_errors
from studies.store.rows import write_text

ROWS, REPORT, FIGURE = "comparison.csv", "report.md", "time-against-outcomes.png"
DEFAULT_OUT = Path("results") / "bench"
LABELS = {peer.name: peer.label for peer in (FUSED, *PEERS.values())}
SPACE_NAMES = {"unbunched": "collision-free outcomes", "fock": "all Fock outcomes"}

#: How many times faster than MerLin the pass is meant to be.
TARGETS = {
    ("unbunched", modes, photons): 100
    for modes, photons in ((8, 4), (9, 4), (10, 5), (12, 4), (12, 6), (16, 4), (14, 7))
} | {
    ("fock", 8, 4): 100,
    ("fock", 9, 4): 100,
    ("fock", 12, 4): 100,
    ("fock", 16, 4): 100,
    ("fock", 12, 6): 30,
    ("fock", 14, 7): 10,
}
BATCH_TARGET = 10
#: Processor time over time that no single thread reaches.
SEVERAL_CORES = 1.1
#: Of the notebook's model: whole steps with ``engine="merlin"`` and ``engine="fused"``.
STEP_TARGET = 10
#: Of the paper's model: percent of a step.
SHARE_TARGET = 5


def build_report(folder: Path) -> Path:
    """Write the figure and the report of the comparison in ``folder``.

    The same rows give the same text, byte for byte.

    Returns:
        the path of the report.

    Raises:
        InvalidInput: if there are no rows, or the file is none of a comparison.
    """
    rows = read_rows(folder / ROWS)
    passes = _passes_with_arithmetic(rows)
    shown = _to_show(passes)
    fits = fit_growth(shown)
    sections = ["# The photonic pass, side by side\n", _introduction(rows)]
    if not passes.empty:
        store(draw(shown, fits, _label), folder / FIGURE)
        sections += [
            "## Time of a pass\n",
            *(_times(passes, direction) for direction in (FORWARD_BACKWARD, FORWARD)),
            f"![Time of forward and backward against the number of outcomes]({FIGURE})\n",
            _growth(fits, shown),
            _against_merlin(passes),
        ]
    sections += [_batches(rows), _training_steps(rows), _arithmetic(rows, passes)]
    sections += [_agreement(passes), _remarks(rows)]
    write_text(folder / REPORT, "\n".join(section for section in sections if section))
    return folder / REPORT


def _passes_with_arithmetic(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of passes, with the seconds that their arithmetic takes."""
    passes = rows[rows["kind"] == PASS].copy()
    rate = rows[rows["kind"] == RATE].iloc[0]
    passes["arithmetic"] = passes["operations"] * (rate["median"] / rate["operations"])
    return passes


def _to_show(passes: pd.DataFrame) -> pd.DataFrame:
    """Forward and backward; forward alone for peers that have no gradient."""
    both = passes[passes["direction"] == FORWARD_BACKWARD]
    without = passes[~passes["engine"].isin(both["engine"])]
    return pd.concat([both, without])


def _label(engine: str) -> str:
    """Of an engine, or the name of one that is no peer here."""
    return LABELS.get(engine, engine)


def _engines(names: Iterable[str]) -> list[str]:
    """Each of them once, in the order of the peers; others follow."""
    found = set(names)
    return [*(name for name in LABELS if name in found), *sorted(found - set(LABELS))]


def _introduction(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    versions = rows[rows["version"] != ""].drop_duplicates("engine")
    contestants = ", ".join(
        f"{_label(row.engine)} {in_markdown(row.version)} ({in_markdown(row.precision)})"
        for row in versions.itertuples()
    )
    origin = [in_markdown(first[name]) for name in ("commit", "platform", "packages")]
    waited = rows["cores"].dropna()
    return (
        "The same circuits in every simulator that is installed: the rectangular mesh of "
        "`qcnn.mesh`, the same random phases, one photon in each mode ⌊i·m/n⌋; the probabilities "
        "of the outcomes, and the gradient of a fixed random combination of them with respect to "
        "all m(m−1) phases. One process, one thread asked of everybody, the simulators in turns"
        f"{_exception(set(rows[rows['kind'] == PASS]['engine']))}; a sample is the "
        "average over a turn of 20 ms, or one call where that takes longer. Times are medians in "
        "milliseconds with the quartiles in brackets.\n\n"
        f"Compared: {contestants}.\n\n"
        f"Commit {origin[0] or 'unknown'}; {origin[1]}; {origin[2]}. Load average of the "
        f"machine before the run: {first['load']:.2f}; processor time over time in the turns: "
        f"{waited.min():.2f} to {waited.max():.2f}.\n"
    )


def _exception(engines: set[str]) -> str:
    names = ", ".join(
        peer.label for name, peer in PEERS.items() if peer.slows_others and name in engines
    )
    if not names:
        return ""
    return (
        f" (but for {names}: as others are slower where it has worked, its turns come after all "
        "of theirs and alternate with the fused engine alone)"
    )


def _times(passes: pd.DataFrame, direction: str) -> str:
    part = passes[passes["direction"] == direction]
    lines = []
    for (space, modes, photons, outcomes), group in _circuits(part):
        cells = {row["engine"]: _milliseconds(row) for row in group.to_dict("records")}
        circuit = {"outcomes of": SPACE_NAMES[space], "(m,n)": f"({modes},{photons})"}
        times = {_label(name): cells.get(name, "–") for name in _engines(part["engine"])}
        lines.append(circuit | {"outcomes": f"{outcomes:,}"} | times)
    if not lines:
        return ""
    title = "Forward and backward" if direction == FORWARD_BACKWARD else "Forward alone"
    return f"### {title}, ms\n\n{_table(lines)}"


def _growth(fits: list[Growth], shown: pd.DataFrame) -> str:
    lines = [
        {
            "simulator": _label(fit.engine),
            "outcomes of": SPACE_NAMES[fit.space],
            "exponent": f"{fit.exponent:.2f}",
            "circuits": str(fit.sizes),
            "outcomes from": f"{fit.fewest:,}",
            "to": f"{fit.most:,}",
        }
        for fit in fits
    ]
    if not lines:
        return ""
    alone = _engines(shown[shown["direction"] == FORWARD]["engine"])
    without = f", for {', '.join(map(_label, alone))} forward alone" if alone else ""
    return (
        "### Growth with the number of outcomes\n\n"
        "Time ∝ outcomes^exponent, fitted to the logarithms by least squares (the lines in the "
        f"figure); forward and backward{without}. The exponent describes these circuits: modes "
        "and photons change together with the outcomes.\n\n" + _table(lines)
    )


def _against_merlin(passes: pd.DataFrame) -> str:
    both = passes[passes["direction"] == FORWARD_BACKWARD]
    lines = []
    for (space, modes, photons, outcomes), group in _circuits(both):
        by_engine = group.set_index("engine")
        if not {"fused", "merlin"} <= set(by_engine.index):
            continue
        merlin, fused = by_engine.loc["merlin"], by_engine.loc["fused"]
        ratio = merlin["median"] / fused["median"]
        target = TARGETS.get((space, modes, photons))
        lines.append(
            {
                "outcomes of": SPACE_NAMES[space],
                "(m,n)": f"({modes},{photons})",
                "outcomes": f"{outcomes:,}",
                "MerLin / fused": f"{ratio:.1f}",
                "aim": f"≥ {target}" if target else "",
                "": _verdict(ratio >= target) if target else "",
                "MerLin / arithmetic alone": f"{merlin['median'] / fused['arithmetic']:.0f}",
            }
        )
    if not lines:
        return ""
    return (
        "## Against MerLin\n\n"
        "Ratios of the medians, forward and backward. The last column is the ratio that would be "
        "left if the fused pass were nothing but its arithmetic at the measured rate.\n\n"
        + _table(lines)
    )


def _batches(rows: pd.DataFrame) -> str:
    part = rows[rows["kind"] == BATCH]
    lines = []
    for (space, modes, photons, _), group in _circuits(part):
        medians = group.set_index("engine")["median"]
        if not {"fused", "merlin"} <= set(medians.index):
            continue
        ratio = medians["merlin"] / medians["fused"]
        size = int(group["batch"].iloc[0])
        lines.append(
            {
                "outcomes of": SPACE_NAMES[space],
                "(m,n)": f"({modes},{photons})",
                "batch": str(size),
                **{
                    f"{engine}, ms per sample": f"{1e3 * medians[engine] / size:.3g}"
                    for engine in ("fused", "merlin")
                },
                "ratio": f"{ratio:.1f}",
                "aim": f"≥ {BATCH_TARGET}",
                "": _verdict(ratio >= BATCH_TARGET),
            }
        )
    if not lines:
        return ""
    return (
        '## A batch of circuits\n\nForward and backward in one call, `engine="fused"` and '
        '`engine="merlin"`.\n\n' + _table(lines)
    )


def _training_steps(rows: pd.DataFrame) -> str:
    steps = rows[rows["kind"] == STEP].set_index(["model", "engine"])
    passes = rows[rows["kind"] == QUANTUM].set_index(["model", "engine"])
    if steps.empty:
        return ""
    lines = [
        {
            "model": model,
            "engine": engine,
            "batch": str(step["batch"]),
            "step, ms": _milliseconds(step),
            "quantum passes, ms": _milliseconds(passes.loc[(model, engine)]),
            "share": f"{_share(steps, passes, model, engine):.1f} %",
        }
        for (model, engine), step in steps.iterrows()
    ]
    ratio = steps.loc[("notebook", "merlin"), "median"] / steps.loc[("notebook", "fused"), "median"]
    share = _share(steps, passes, "paper", "fused")
    return (
        "## Training steps\n\n"
        "Whole steps (loss, gradient, clipping, Adam) on random images. *notebook*: 978 weights, "
        "(9,4) and (8,4), all Fock outcomes, `logit_tanh`. *paper*: 6,690 weights, (9,4) and "
        "(8,4), collision-free outcomes, MPS with bond dimension 10.\n\n"
        f"{_table(lines)}\n"
        f'- notebook: the step is {ratio:.1f} times faster than with `engine="merlin"`; aim '
        f"≥ {STEP_TARGET}: {_verdict(ratio >= STEP_TARGET)}. With no quantum pass at all it would "
        f"be {_ratio_without_passes(steps, passes):.1f} times faster.\n"
        f"- paper: the quantum passes are {share:.1f} % of the step; aim < {SHARE_TARGET} %: "
        f"{_verdict(share < SHARE_TARGET)}.\n"
    )


def _share(steps: pd.DataFrame, passes: pd.DataFrame, model: str, engine: str) -> float:
    key = (model, engine)
    return float(100 * passes.loc[key, "median"] / steps.loc[key, "median"])


def _ratio_without_passes(steps: pd.DataFrame, passes: pd.DataFrame) -> float:
    fused = ("notebook", "fused")
    rest = steps.loc[fused, "median"] - passes.loc[fused, "median"]
    return float(steps.loc[("notebook", "merlin"), "median"] / rest)


def _arithmetic(rows: pd.DataFrame, passes: pd.DataFrame) -> str:
    rate = rows[rows["kind"] == RATE].iloc[0]
    nanoseconds = 1e9 * rate["median"] / rate["operations"]
    call = 1e6 * rows[rows["kind"] == CALL].iloc[0]["median"]
    lines = [
        {
            "outcomes of": SPACE_NAMES[row.space],
            "(m,n)": f"({row.modes},{row.photons})",
            "multiply-adds": f"{row.operations:,}",
            "arithmetic, µs": _three_digits(1e6 * row.arithmetic),
            "fused, µs": _three_digits(1e6 * row.median),
            "fused / arithmetic": f"{row.median / row.arithmetic:.2f}",
        }
        for row in passes.sort_values(["space", "outcomes"], ascending=[False, True]).itertuples()
        if row.engine == "fused" and row.direction == FORWARD_BACKWARD
    ]
    return (
        "## The gap to the arithmetic itself\n\n"
        "Complex multiply-adds of forward and backward: four for each cell and occupied input "
        "column, those of the recursion over photons (Σ k·C(m,k) for collision-free outcomes, "
        "Σ m·C(m+k−2,k−1) for all, k = 2 … n), one for each outcome; backward counts twice. "
        f"A compiled loop of such operations on arrays in the fastest cache takes "
        f"{nanoseconds:.3g} ns for each on this machine. The rest is sines and cosines, the "
        f"reading of tables, scattered memory, and the call through torch: {call:.3g} µs for "
        "forward and backward of one photon in two modes, which is little else.\n\n"
        + (_table(lines) if lines else "")
    )


def _agreement(passes: pd.DataFrame) -> str:
    others = passes[passes["engine"] != "fused"]
    if others.empty:
        return ""
    lines = [
        {
            "simulator": _label(str(engine)),
            "precision": in_markdown(part["precision"].iloc[0]),
            "probabilities": f"{part['deviation'].max():.1e}",
            "gradient": "–"
            if part["gradient_deviation"].isna().all()
            else f"{part['gradient_deviation'].max():.1e}",
        }
        for engine, part in others.groupby("engine", sort=False)
    ]
    return (
        "## Agreement\n\nLargest difference from the fused engine over all circuits, in units of "
        "the largest probability and of the largest gradient component. (The fused engine "
        "returns float32 here.)\n\n" + _table(lines)
    )


def _remarks(rows: pd.DataFrame) -> str:
    remarks = [
        f"- {_label(row.engine)}: {in_markdown(row.note)}."
        for row in rows[rows["kind"] == ABSENT].itertuples()
    ]
    timed = rows[rows["kind"] != ABSENT]
    remarks += [
        f"- {_label(row.engine)}, ({row.modes},{row.photons}), {SPACE_NAMES[row.space]}, "
        f"{row.direction}: {row.turns} of {row.planned} turns, as its time was used up."
        for row in timed[(timed["kind"] == PASS) & (timed["turns"] < timed["planned"])].itertuples()
    ]
    busiest = timed.groupby("engine", sort=False)["cores"].max()
    remarks += [
        f"- {_label(str(engine))}: up to {cores:.2f} cores busy, more than the one that was asked."
        for engine, cores in busiest[busiest > SEVERAL_CORES].items()
    ]
    circuit = ["engine", "modes", "photons", "space"]
    compiled = rows[rows["compilation"] > 0].drop_duplicates(circuit)
    remarks += [
        f"- {_label(row.engine)}, ({row.modes},{row.photons}), {SPACE_NAMES[row.space]}: "
        f"{row.compilation:.0f} s of compilation before the first call, not part of the times."
        for row in compiled.itertuples()
    ]
    return "## Remarks\n\n" + "\n".join(remarks) + "\n" if remarks else ""


def _circuits(rows: pd.DataFrame) -> "pd.api.typing.DataFrameGroupBy":
    ordered = rows.sort_values(["space", "outcomes", "modes"], ascending=[False, True, True])
    return ordered.groupby(["space", "modes", "photons", "outcomes"], sort=False)


def _milliseconds(row: Mapping[Any, Any] | pd.Series) -> str:
    lower, median, upper = (
        _three_digits(1e3 * row[name]) for name in ("lower_quartile", "median", "upper_quartile")
    )
    return f"{median} ({lower}–{upper})"


def _three_digits(value: float) -> str:
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


def _verdict(met: bool) -> str:
    return "met" if met else "missed"


def _table(lines: list[dict[str, str]]) -> str:
    frame = pd.DataFrame(lines).fillna("–")
    alignment = ["left" if name in _LEFT else "right" for name in frame.columns]
    return f"{frame.to_markdown(index=False, colalign=alignment, disable_numparse=True)}\n"


_LEFT = ("outcomes of", "(m,n)", "simulator", "precision", "model", "engine", "")


@click.command(help="Rebuild the comparison's report and figure from its rows.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=DEFAULT_OUT,
    show_default=True,
    help="folder of the comparison",
)
def main(out: Path) -> None:
    """Rebuild the report in ``out``."""
    click.echo(f"report: {build_report(out)}")


if __name__ == "__main__":
    with one_sentence_errors():
        main(standalone_mode=False)
