"""How long the fused engine takes: measured, stored as rows, and extrapolated."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import comb, exp, log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import stats

from bench.arithmetic import BACKWARD_PER_FORWARD, PER_CELL_AND_COLUMN, count_photons
from bench.break_even.devices import Use
from bench.contest import one_thread
from bench.measure import interleave
from qcnn import PQCNN, InvalidInput
from studies.rows.runs_file import write_text

#: Twice as many modes as photons, and as many as their square: outcomes without a collision.
SIZES = (*((2 * n, n) for n in range(2, 12)), *((n * n, n) for n in range(3, 6)))
#: Below this many outcomes the call itself takes most of the time.
FITTED_FROM = 1_000
_SEED = 0


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        modes, photons, outcomes: the circuit, with collision-free outcomes.
        use: a pass forward, or forward and backward for a gradient.
        lower_quartile, median, upper_quartile: seconds.
        turns: how many samples these are of.
        cores: processor time over time.
        commit, platform, packages: where the row comes from.
    """

    modes: int
    photons: int
    outcomes: int
    use: str
    lower_quartile: float
    median: float
    upper_quartile: float
    turns: int
    cores: float
    commit: str = ""
    platform: str = ""
    packages: str = ""


_TYPES: dict[str, Any] = {field.name: field.type for field in fields(Row)}


def measure(
    sizes: Sequence[tuple[int, int]], repeats: int, budget: float, origin: Mapping[str, Any]
) -> list[Row]:
    """Time the pass of each size, in turns with its gradient.

    Args:
        sizes: modes and photons.
        repeats: turns of each.
        budget: seconds after which there are no more turns of a computation.
        origin: where the rows come from, as columns.
    """
    rows = []
    with one_thread():
        for modes, photons in sizes:
            sampler = PQCNN(modes, photons, dtype=torch.float64, seed=_SEED)
            weights = torch.randn(sampler.outcomes, dtype=torch.float64)

            def forward(sampler: PQCNN = sampler) -> None:
                with torch.no_grad():
                    sampler()

            def gradient(sampler: PQCNN = sampler, weights: torch.Tensor = weights) -> None:
                torch.autograd.grad(sampler() @ weights, sampler.trained_phases)

            timings = interleave({Use.READING: forward, Use.GRADIENT: gradient}, repeats, budget)
            rows += [
                Row(
                    modes,
                    photons,
                    sampler.outcomes,
                    str(use),
                    *timing.quartiles(),
                    len(timing.samples),
                    timing.cores,
                    **origin,
                )
                for use, timing in timings.items()
            ]
    return rows


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Replace the file of rows."""
    frame = pd.DataFrame([asdict(row) for row in rows], columns=list(_TYPES))
    write_text(path, frame.to_csv(index=False, lineterminator="\n", float_format="%.6g"))


def read_rows(path: Path) -> pd.DataFrame:
    """The rows of a file.

    Raises:
        InvalidInput: if there is none, or it is none of measured times.
    """
    if not path.is_file():
        raise InvalidInput(
            f"rows is {str(path)!r}, which is no file; allowed is one as "
            "`python -m bench.break_even --measure` writes it"
        )
    names = {str: "str", int: "int64", float: "float64"}
    try:
        rows = pd.read_csv(
            path, dtype={n: names[t] for n, t in _TYPES.items()}, keep_default_na=False
        )[list(_TYPES)]
        _check(rows)
    except (ValueError, KeyError, OverflowError, pd.errors.ParserError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidInput(
            f"{path} holds no times of the fused engine ({reason}); allowed is a file as "
            "`python -m bench.break_even --measure` writes it"
        ) from None
    return rows


def _check(rows: pd.DataFrame) -> None:
    """Raises ValueError for rows from which nothing can be extrapolated."""
    if set(rows["use"]) != set(map(str, Use)):
        raise ValueError(f"use is none of {', '.join(Use)}, or one of them is missing")
    if ((rows["photons"] < 1) | (rows["photons"] > rows["modes"]) | (rows["modes"] > 1000)).any():
        raise ValueError("photons below 1, or more than modes")
    expected = [comb(m, n) for m, n in zip(rows["modes"], rows["photons"], strict=True)]
    if rows["outcomes"].tolist() != expected:
        raise ValueError("outcomes that the modes and photons do not have")
    times = rows[["lower_quartile", "median", "upper_quartile"]].to_numpy()
    if not (np.isfinite(times) & (times > 0)).all() or (np.diff(times) < 0).any():
        raise ValueError("quartiles that are not positive and in their order")
    if rows.duplicated(["modes", "photons", "use"]).any():
        raise ValueError("two rows of one size")
    counts = rows[rows["outcomes"] >= FITTED_FROM].groupby("use").size()
    if counts.reindex(list(map(str, Use)), fill_value=0).min() < 3:
        raise ValueError(f"fewer than three sizes from {FITTED_FROM} outcomes on")


def operations(modes: int, photons: int, use: Use) -> int:
    """Complex multiply-adds of a pass over all collision-free outcomes (``bench.arithmetic``)."""
    mesh = PER_CELL_AND_COLUMN * (modes * (modes - 1) // 2) * photons
    forward = mesh + count_photons(modes, photons, "unbunched") + comb(modes, photons)
    return forward if use is Use.READING else (1 + BACKWARD_PER_FORWARD) * forward


@dataclass(frozen=True)
class Growth:
    """seconds = factor · operations^exponent, by least squares of the logarithms.

    Attributes:
        use: of which passes.
        exponent, factor: of the law.
        exponent_error: standard error.
        spread: residual standard deviation, of the logarithm.
        sizes, centre, width: how many it was fitted to; mean and sum of squares around it of the
            logarithms of their operations.
    """

    use: Use
    exponent: float
    factor: float
    exponent_error: float
    spread: float
    sizes: int
    centre: float
    width: float

    def seconds(self, modes: int, photons: int, level: float = 0.5) -> float:
        """The time at a size.

        Args:
            modes, photons: the size.
            level: quantile of what another measurement there would give: 0.025 and 0.975 are
                the ends of the 95 % prediction interval.
        """
        x = log(operations(modes, photons, self.use))
        error = self.spread * sqrt(1 + 1 / self.sizes + (x - self.centre) ** 2 / self.width)
        away = float(stats.t.ppf(level, self.sizes - 2)) * error
        return exp(log(self.factor) + self.exponent * x + away)


def fit_growth(rows: pd.DataFrame, use: Use) -> Growth:
    """The law of the passes of one use with outcomes enough."""
    part = rows[(rows["use"] == str(use)) & (rows["outcomes"] >= FITTED_FROM)]
    sizes = zip(part["modes"], part["photons"], strict=True)
    x = np.array([log(operations(int(m), int(n), use)) for m, n in sizes])
    y = np.log(part["median"].to_numpy())
    found = stats.linregress(x, y)
    residuals = y - found.intercept - found.slope * x
    return Growth(
        use,
        float(found.slope),
        float(np.exp(found.intercept)),
        float(found.stderr),
        float(np.sqrt((residuals**2).sum() / (len(x) - 2))),
        len(x),
        float(x.mean()),
        float(((x - x.mean()) ** 2).sum()),
    )
