"""The sentences and tables of the comparison's report, one function for each section."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bench.growth import Growth
from bench.peers import registered
from bench.rows import ABSENT, FAILED, FORWARD, FORWARD_BACKWARD, PASS, UNTIMED
from bench.summary import (
    SHARE_AIM,
    STEP_AIM,
    Circuit,
    batch_ratios,
    by_circuit,
    in_order,
    pass_ratios,
    seconds_of_a_call,
    seconds_per_operation,
    training_steps,
)
from bench.task import SPACE_NAMES
from studies.reports.escape import in_markdown

#: Processor time over time that no single thread reaches.
_SEVERAL_CORES = 1.1
#: Columns of words; those of numbers are on the right.
_WORDS = ("outcomes of", "(m,n)", "simulator", "precision", "model", "engine", "")


def label_of(engine: str) -> str:
    """Of an engine, or the name of one that is no peer here."""
    return registered[engine].label if engine in registered else engine


def answer(rows: pd.DataFrame, passes: pd.DataFrame) -> str:
    """How many times faster the fused engine makes a training step, and a pass alone."""
    said = [text for text in (_faster_steps(rows), _faster_passes(passes)) if text]
    return " ".join(said) + "\n" if said else ""


def _faster_steps(rows: pd.DataFrame) -> str:
    steps = training_steps(rows)
    if not steps:
        return ""
    merlin, fused = (steps["notebook", name].whole["median"] for name in ("merlin", "fused"))
    return (
        f"A whole training step of the notebook's model takes {_three_digits(1e3 * fused)} ms with "
        f"the fused engine and {_three_digits(1e3 * merlin)} ms with MerLin; in a step of the "
        f"paper's model the photonic passes take {steps['paper', 'fused'].share:.1f} % of the time."
    )


def _faster_passes(passes: pd.DataFrame) -> str:
    both = passes[passes["direction"] == FORWARD_BACKWARD]
    medians = both.pivot_table(
        index=["space", "modes", "photons"], columns="engine", values="median"
    )
    others = [name for name in in_order(both["engine"]) if name != "fused"]
    found = []
    for name in others if "fused" in medians else ():
        ratios = (medians[name] / medians["fused"]).dropna()
        if len(ratios):
            found.append(
                f"{_three_digits(ratios.min())} to {_three_digits(ratios.max())} times as fast as "
                f"{label_of(name)}"
            )
    return f"A pass alone, forward and backward, is {', '.join(found)}." if found else ""


def introduction(rows: pd.DataFrame) -> str:
    """What was compared, how and where."""
    first = rows.iloc[0]
    versions = rows[rows["version"] != ""].drop_duplicates("engine")
    contestants = ", ".join(
        f"{label_of(row.engine)} {in_markdown(row.version)} ({in_markdown(row.precision)})"
        for row in versions.itertuples()
    )
    origin = [in_markdown(first[name]) for name in ("commit", "platform", "packages")]
    waited = rows["cores"].dropna()
    return (
        "The same circuits in every simulator that is installed: the rectangular mesh of "
        "`qcnn.meshes`, the same random phases, one photon in each mode ⌊i·m/n⌋; the "
        "probabilities of the outcomes, and the gradient of a fixed random combination of them "
        "with respect to all m(m−1) phases. One process, one thread asked of everybody, the "
        "simulators in turns"
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
        peer.label for name, peer in registered.items() if peer.slows_others and name in engines
    )
    if not names:
        return ""
    return (
        f" (but for {names}: as others are slower where it has worked, its turns come after all "
        "of theirs and alternate with the fused engine alone)"
    )


def times(passes: pd.DataFrame, direction: str) -> str:
    """Every simulator's time for every circuit."""
    part = passes[passes["direction"] == direction]
    lines = []
    for circuit, group in by_circuit(part):
        cells = {row["engine"]: _milliseconds(row) for row in group.to_dict("records")}
        by_label = {label_of(name): cells.get(name, "–") for name in in_order(part["engine"])}
        lines.append(_circuit(circuit) | _outcomes(circuit) | by_label)
    title = "Forward and backward" if direction == FORWARD_BACKWARD else "Forward alone"
    return _section(f"### {title}, ms\n\n", lines)


def growth(fits: list[Growth], compared: pd.DataFrame) -> str:
    """The exponents of the power laws."""
    lines = [
        {
            "simulator": label_of(fit.engine),
            "outcomes of": SPACE_NAMES[fit.space],
            "exponent": f"{fit.exponent:.2f}",
            "circuits": str(fit.sizes),
            "outcomes from": f"{fit.fewest:,}",
            "to": f"{fit.most:,}",
        }
        for fit in fits
    ]
    alone = in_order(compared[compared["direction"] == FORWARD]["engine"])
    without = f", for {', '.join(map(label_of, alone))} forward alone" if alone else ""
    return _section(
        "### Growth with the number of outcomes\n\n"
        "Time ∝ outcomes^exponent, fitted to the logarithms by least squares (the lines in the "
        f"figure); forward and backward{without}. The exponent describes these circuits: modes "
        "and photons change together with the outcomes.\n\n",
        lines,
    )


def against_merlin(passes: pd.DataFrame) -> str:
    """The fused engine's ratio to MerLin, and what the arithmetic would leave of it."""
    lines = [
        _circuit(found.circuit)
        | _outcomes(found.circuit)
        | {
            "MerLin / fused": f"{found.fused:.1f}",
            "aim": f"≥ {found.aim}" if found.aim else "",
            "": _verdict(found.fused >= found.aim) if found.aim else "",
            "MerLin / arithmetic alone": f"{found.arithmetic:.0f}",
        }
        for found in pass_ratios(passes)
    ]
    return _section(
        "## Against MerLin\n\n"
        "Ratios of the medians, forward and backward. The last column is the ratio that would be "
        "left if the fused pass were nothing but its arithmetic at the measured rate.\n\n",
        lines,
    )


def batches(rows: pd.DataFrame) -> str:
    """Many circuits in one call, with both engines of the project."""
    lines = [
        _circuit(found.circuit)
        | {
            "batch": str(found.batch),
            "fused, ms per sample": f"{1e3 * found.fused / found.batch:.3g}",
            "merlin, ms per sample": f"{1e3 * found.merlin / found.batch:.3g}",
            "ratio": f"{found.ratio:.1f}",
            "aim": f"≥ {found.aim}",
            "": _verdict(found.ratio >= found.aim),
        }
        for found in batch_ratios(rows)
    ]
    return _section(
        '## A batch of circuits\n\nForward and backward in one call, `engine="fused"` and '
        '`engine="merlin"`.\n\n',
        lines,
    )


def whole_steps(rows: pd.DataFrame) -> str:
    """Training steps, and the share of the quantum passes in them."""
    steps = training_steps(rows)
    if not steps:
        return ""
    lines = [
        {
            "model": step.model,
            "engine": step.engine,
            "batch": str(step.whole["batch"]),
            "step, ms": _milliseconds(step.whole),
            "quantum passes, ms": _milliseconds(step.passes),
            "share": f"{step.share:.1f} %",
        }
        for step in steps.values()
    ]
    merlin, fused = steps["notebook", "merlin"], steps["notebook", "fused"]
    ratio = merlin.whole["median"] / fused.whole["median"]
    share = steps["paper", "fused"].share
    return (
        "## Training steps\n\n"
        "Whole steps (loss, gradient, clipping, Adam) on random images. *notebook*: 978 weights, "
        "(9,4) and (8,4), all Fock outcomes, `logit_tanh`. *paper*: 6,690 weights, (9,4) and "
        "(8,4), collision-free outcomes, MPS with bond dimension 10.\n\n"
        f"{_table(lines)}\n"
        f'- notebook: the step is {ratio:.1f} times faster than with `engine="merlin"`; aim '
        f"≥ {STEP_AIM}: {_verdict(ratio >= STEP_AIM)}. With no quantum pass at all it would "
        f"be {merlin.whole['median'] / fused.rest:.1f} times faster.\n"
        f"- paper: the quantum passes are {share:.1f} % of the step; aim < {SHARE_AIM} %: "
        f"{_verdict(share < SHARE_AIM)}.\n"
    )


def arithmetic(rows: pd.DataFrame, passes: pd.DataFrame) -> str:
    """How far the fused pass is from its multiply-adds alone."""
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
        f"{1e9 * seconds_per_operation(rows):.3g} ns for each on this machine. The rest is sines "
        "and cosines, the reading of tables, scattered memory, and the call through torch: "
        f"{1e6 * seconds_of_a_call(rows):.3g} µs for forward and backward of one photon in two "
        "modes, which is little else.\n\n" + (_table(lines) if lines else "")
    )


def agreement(passes: pd.DataFrame) -> str:
    """The largest differences from the fused engine."""
    others = passes[passes["engine"] != "fused"]
    lines = [
        {
            "simulator": label_of(str(engine)),
            "precision": in_markdown(part["precision"].iloc[0]),
            "probabilities": f"{part['deviation'].max():.1e}",
            "gradient": "–"
            if part["gradient_deviation"].isna().all()
            else f"{part['gradient_deviation'].max():.1e}",
        }
        for engine, part in others.groupby("engine", sort=False)
    ]
    return _section(
        "## Agreement\n\nLargest difference from the fused engine over all circuits, in units of "
        "the largest probability and of the largest gradient component. (The fused engine "
        "returns float32 here.)\n\n",
        lines,
    )


def remarks(rows: pd.DataFrame) -> str:
    """Whatever was otherwise than asked: who is missing, failed, was cut short, took more cores."""
    absent = [
        f"- {label_of(row.engine)}: {in_markdown(row.note)}."
        for row in rows[rows["kind"] == ABSENT].itertuples()
    ]
    failed = [
        f"- {_pass(row)}: failed, {in_markdown(row.note)}."
        for row in rows[rows["kind"] == FAILED].itertuples()
    ]
    timed = rows[~rows["kind"].isin(UNTIMED)]
    cut_short = [
        f"- {_pass(row)}, {row.direction}: {row.turns} of {row.planned} turns, as its time was "
        "used up."
        for row in timed[(timed["kind"] == PASS) & (timed["turns"] < timed["planned"])].itertuples()
    ]
    busiest = timed.groupby("engine", sort=False)["cores"].max()
    busy = [
        f"- {label_of(str(engine))}: up to {cores:.2f} cores busy, more than the one that was "
        "asked."
        for engine, cores in busiest[busiest > _SEVERAL_CORES].items()
    ]
    compiled = [
        f"- {_pass(row)}: {row.compilation:.0f} s of compilation before the first call, not part "
        "of the times."
        for row in rows[rows["compilation"] > 0]
        .drop_duplicates(["engine", "modes", "photons", "space"])
        .itertuples()
    ]
    lines = [*absent, *failed, *cut_short, *busy, *compiled]
    return "## Remarks\n\n" + "\n".join(lines) + "\n" if lines else ""


def _pass(row: Any) -> str:
    return f"{label_of(row.engine)}, ({row.modes},{row.photons}), {SPACE_NAMES[row.space]}"


def _circuit(circuit: Circuit) -> dict[str, str]:
    return {
        "outcomes of": SPACE_NAMES[circuit.space],
        "(m,n)": f"({circuit.modes},{circuit.photons})",
    }


def _outcomes(circuit: Circuit) -> dict[str, str]:
    return {"outcomes": f"{circuit.outcomes:,}"}


def _milliseconds(row: Mapping[Any, Any] | pd.Series) -> str:
    lower, median, upper = (
        _three_digits(1e3 * row[name]) for name in ("lower_quartile", "median", "upper_quartile")
    )
    return f"{median} ({lower}–{upper})"


def _three_digits(value: float) -> str:
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


def _verdict(met: bool) -> str:
    return "met" if met else "missed"


def _section(text: str, lines: list[dict[str, str]]) -> str:
    """The text with its table; nothing where there are no lines."""
    return text + _table(lines) if lines else ""


def _table(lines: list[dict[str, str]]) -> str:
    frame = pd.DataFrame(lines).fillna("–")
    alignment = ["left" if name in _WORDS else "right" for name in frame.columns]
    return f"{frame.to_markdown(index=False, colalign=alignment, disable_numparse=True)}\n"
