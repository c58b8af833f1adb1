"""The comparison's results file: one row for each thing that was measured.

``comparison.csv`` is the only source of the report and its figure. A run replaces it.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.measure import Timing
from qcnn import InvalidInput
from qcnn.optics.fock import SPACES
from qcnn.registry import check_name
from studies.rows.runs_file import write_text

#: Kinds of rows.
PASS, CALL, BATCH, STEP, QUANTUM, RATE, ABSENT, FAILED = (
    "pass",
    "smallest pass",
    "batch",
    "training step",
    "quantum passes of a training step",
    "multiply-adds",
    "absent",
    "failed",
)
KINDS = (PASS, CALL, BATCH, STEP, QUANTUM, RATE, ABSENT, FAILED)
#: Those of what was not measured.
UNTIMED = (ABSENT, FAILED)
FORWARD, FORWARD_BACKWARD = "forward", "forward+backward"
#: Those of the project, whose batches and training steps are held against each other.
ENGINES = ("fused", "merlin")
#: What was measured of whom; no two rows have the same.
_KEY = ["kind", "engine", "model", "modes", "photons", "space", "batch", "direction"]
#: Where the rows come from: a run replaces the file, so all have the same.
_ORIGIN = ["load", "commit", "platform", "packages"]
#: What the report holds against each other in whole training steps.
_STEPS = [
    (kind, model, engine)
    for kind in (STEP, QUANTUM)
    for model in ("notebook", "paper")
    for engine in ENGINES
]


@dataclass(frozen=True)
class Row:
    """One measurement, or the reason why there is none.

    There is none of a simulator that is not installed (``kind`` is ``ABSENT``), nor of a circuit
    for which it raised an error (``FAILED``).

    Attributes:
        kind: what was measured.
        engine: name of the engine or peer.
        version: of its package.
        precision: of its arithmetic.
        modes, photons, space, outcomes: the circuit; 0 and empty where there is none.
        batch: circuits in a call; images in a training step.
        model: of a training step.
        direction: forward, or forward and backward.
        operations: complex multiply-adds in a call; 0 where they are not counted.
        lower_quartile, median, upper_quartile: seconds per call.
        turns: how many samples the quartiles are of.
        planned: how many were planned; fewer were taken if the time did not suffice.
        cores: processor time over time.
        compilation: seconds of compilation before the first call.
        deviation: largest difference of a probability from the fused engine's, in units
            of the largest probability.
        gradient_deviation: the same for the gradient.
        note: why there is no measurement.
        load: the machine's load average over the minute before the run.
        commit, platform, packages: where the row comes from.
    """

    kind: str
    engine: str
    version: str = ""
    precision: str = ""
    modes: int = 0
    photons: int = 0
    space: str = ""
    outcomes: int = 0
    batch: int = 0
    model: str = ""
    direction: str = ""
    operations: int = 0
    lower_quartile: float = float("nan")
    median: float = float("nan")
    upper_quartile: float = float("nan")
    turns: int = 0
    planned: int = 0
    cores: float = float("nan")
    compilation: float = float("nan")
    deviation: float = float("nan")
    gradient_deviation: float = float("nan")
    note: str = ""
    load: float = float("nan")
    commit: str = ""
    platform: str = ""
    packages: str = ""


_TYPES = {field.name: field.type for field in fields(Row)}
COLUMNS = tuple(_TYPES)


def timing_columns(timing: Timing, planned: int) -> dict[str, Any]:
    """The columns that a timing fills."""
    lower, median, upper = timing.quartiles()
    return {
        "lower_quartile": lower,
        "median": median,
        "upper_quartile": upper,
        "turns": len(timing.samples),
        "planned": planned,
        "cores": timing.cores,
    }


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Replace the results file."""
    frame = pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS))
    write_text(path, frame.to_csv(index=False, lineterminator="\n", float_format="%.6g"))


def read_rows(path: Path) -> pd.DataFrame:
    """The rows of a results file.

    Raises:
        InvalidInput: if there is no such file, or it is none of a comparison.
    """
    if not path.is_file():
        raise InvalidInput(
            f"out is {str(path.parent)!r}; allowed are folders with a {path.name} as "
            "`python -m bench.compare` writes it"
        )
    try:
        rows = pd.read_csv(path, dtype=_dtypes(), keep_default_na=False, na_values=_na_values())
        rows = rows[list(COLUMNS)]
        _check(rows)
        return rows
    except (ValueError, KeyError, OverflowError, pd.errors.ParserError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidInput(
            f"{path} is not a results file of a comparison ({reason}); allowed is a file as "
            "`python -m bench.compare` writes it"
        ) from None


def rows_in(frame: pd.DataFrame) -> list[Row]:
    """The rows of a frame that :func:`read_rows` has returned."""
    return [
        Row(**{str(name): value for name, value in row.items()}) for row in frame.to_dict("records")
    ]


def _dtypes() -> dict[str, str]:
    names = {str: "str", int: "int64", float: "float64"}
    return {name: names[kind] for name, kind in _TYPES.items() if isinstance(kind, type)}


def _check(rows: pd.DataFrame) -> None:
    """Raises ValueError for rows that no run writes: a report of them would be wrong in silence."""
    # What every run measures and every report holds the others against.
    missing = {RATE, CALL} - set(rows["kind"])
    if missing:
        raise ValueError(f"no row of the kind {min(missing)!r}")
    _check_values(rows)
    timed = rows[~rows["kind"].isin(UNTIMED)]
    _check_times(timed)
    found = list(zip(timed["kind"], timed["model"], timed["engine"], strict=True))
    absent = [step for step in _STEPS if step not in found]
    if absent and any(kind in (STEP, QUANTUM) for kind, *_ in found):
        raise ValueError(f"no row of {', '.join(absent[0])}")
    repeated = rows[rows.duplicated(_KEY)]
    if not repeated.empty:
        raise ValueError(f"two rows of {', '.join(map(str, repeated.iloc[0][_KEY]))}")
    if len(rows[_ORIGIN].drop_duplicates()) > 1:
        raise ValueError(f"rows that differ in {', '.join(_ORIGIN)}: those of more than one run")


def _check_values(rows: pd.DataFrame) -> None:
    for name, allowed in (
        ("kind", KINDS),
        ("space", ("", *SPACES)),
        ("direction", ("", FORWARD, FORWARD_BACKWARD)),
    ):
        unknown = set(rows[name]) - set(allowed)
        if unknown:
            raise ValueError(f"{name} is {min(unknown)!r}")
    for name in set(rows[rows["kind"] != RATE]["engine"]):
        check_name("engine", name)
    if (rows[rows["kind"].isin((PASS, BATCH, FAILED))]["space"] == "").any():
        raise ValueError("a circuit without space")
    if (rows[rows["kind"] == PASS]["direction"] == "").any():
        raise ValueError("a pass without direction")
    for name, kinds in (
        ("operations", (RATE, PASS)),
        ("outcomes", (PASS, BATCH)),
        ("batch", (BATCH, STEP)),
    ):
        if (rows[rows["kind"].isin(kinds)][name] < 1).any():
            raise ValueError(f"{name} below 1")


def _check_times(timed: pd.DataFrame) -> None:
    quartiles = timed[["lower_quartile", "median", "upper_quartile"]].to_numpy()
    # Not the other way round: nan is no time.
    if not (np.isfinite(quartiles) & (quartiles > 0)).all() or (np.diff(quartiles) < 0).any():
        raise ValueError("quartiles that are not positive and in their order")


def _na_values() -> dict[str, list[str]]:
    return {name: [""] for name, kind in _TYPES.items() if kind is float}
