"""The page of the break-even: the answer, the assumptions, the table and the figure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.break_even.devices import Device, Reading, Use, device_seconds
from bench.break_even.figure import draw
from bench.break_even.measured import FITTED_FROM, Growth, fit_growth, read_rows
from studies.reports.escape import in_markdown
from studies.reports.figures.style import store
from studies.rows.runs_file import write_text

ROWS, PAGE, TABLE, FIGURE = (f"break_even.{suffix}" for suffix in ("csv", "md", "table.csv", "png"))
#: Sizes that are looked at: photons, and modes by them.
MOST_PHOTONS = 60
MODES: Mapping[str, Callable[[int], int]] = {
    "modes = 2 · photons": lambda photons: 2 * photons,
    "modes = photons²": lambda photons: photons * photons,
}
#: The size that the answer at the top speaks of.
_ANSWERED = next(iter(MODES))
_ENDS = (0.975, 0.025)
_NEVER = f"none up to {MOST_PHOTONS}"


@dataclass(frozen=True)
class Assumptions:
    """What a reader can change.

    Attributes:
        devices: of the table.
        accuracy: relative standard error of what is read.
    """

    devices: Sequence[Device]
    accuracy: float


def build_page(rows: Path, out: Path, assumptions: Assumptions) -> Path:
    """Write page, table and figure; the same rows and assumptions give the same bytes.

    Args:
        rows: the file of measured times.
        out: the folder to write to.
        assumptions: those of the page.

    Returns:
        the path of the page.

    Raises:
        InvalidInput: if the rows cannot be read.
    """
    times = read_rows(rows)
    growths = {use: fit_growth(times, use) for use in Use}
    table = tabulate(growths, assumptions)
    write_text(out / TABLE, table.to_csv(index=False, lineterminator="\n"))
    store(draw(times, growths, assumptions.devices, assumptions.accuracy), out / FIGURE)
    parts = [
        "# When would a device be faster than its simulation?\n",
        _answer(table, assumptions, _most_measured(times)),
        f"![Time of the simulation and of devices]({FIGURE})\n",
        _figure_text(assumptions),
        "## From how many photons on a device is faster\n",
        _table_text(table),
        _assumptions(assumptions),
        _growth_text(growths, times),
        _measured_text(times),
    ]
    write_text(out / PAGE, "\n".join(parts))
    return out / PAGE


def tabulate(growths: Mapping[Use, Growth], assumptions: Assumptions) -> pd.DataFrame:
    """The fewest photons from which on each device is faster, as text."""
    return pd.DataFrame(
        [
            {
                "device": device.name,
                "read": str(reading),
                "for": str(use),
                **{
                    name: _from_photons(growths[use], modes, device, reading, assumptions.accuracy)
                    for name, modes in MODES.items()
                },
            }
            for use in Use
            for reading in Reading
            for device in assumptions.devices
        ]
    )


def _from_photons(
    growth: Growth, modes: Callable[[int], int], device: Device, reading: Reading, accuracy: float
) -> str:
    """The number, and those at the ends of the interval of the simulation's time."""
    middle, *ends = (
        faster_from(growth, modes, device, reading, accuracy, level) for level in (0.5, *_ENDS)
    )
    if middle is None:
        return _NEVER if ends[0] is None else f"{_NEVER} [{ends[0]}, –]"
    return f"{middle} [{', '.join('–' if end is None else str(end) for end in ends)}]"


def faster_from(
    growth: Growth,
    modes: Callable[[int], int],
    device: Device,
    reading: Reading,
    accuracy: float,
    level: float = 0.5,
) -> int | None:
    """The fewest photons from which on, to ``MOST_PHOTONS``, a device is faster; None for none.

    Args:
        growth: of the simulation's time, for the use that it is.
        modes: by the photons.
        device, reading, accuracy: what is counted, by whom and how well.
        level: of the simulation's time (:meth:`Growth.seconds`).
    """
    found = None
    for photons in range(MOST_PHOTONS, 1, -1):
        size = modes(photons), photons
        if device_seconds(*size, device, reading, growth.use, accuracy) >= growth.seconds(
            *size, level
        ):
            break
        found = photons
    return found


def _most_measured(times: pd.DataFrame) -> int:
    """The most photons that were measured in the modes of the answer."""
    modes_of = MODES[_ANSWERED]
    measured = [
        photons
        for modes, photons in zip(times["modes"], times["photons"], strict=True)
        if modes == modes_of(photons)
    ]
    return max(measured, default=0)


def _answer(table: pd.DataFrame, assumptions: Assumptions, most_measured: int) -> str:
    """A line for each thing that is read."""
    names = [in_markdown(device.name) for device in assumptions.devices]
    lines = []
    for reading in Reading:
        said = []
        for use in Use:
            part = table[(table["read"] == str(reading)) & (table["for"] == str(use))]
            won = ", ".join(
                f"from {fewest} photons on ({name})"
                for fewest, name in zip(part[_ANSWERED], names, strict=True)
                if not fewest.startswith(_NEVER)
            )
            said.append(f"{use} {won or 'by none of them'}")
        lines.append(f"- **{str(reading).capitalize()}**: {'; '.join(said)}.\n")
    return (
        f"In twice as many modes as photons, up to {MOST_PHOTONS} photons, read to a relative "
        f"error of {assumptions.accuracy:g}, devices ({'; '.join(names)}) are faster than the "
        f"fused engine on one core:\n\n{''.join(lines)}\n"
        f"The engine was measured up to {most_measured} photons there; beyond, its time is "
        "extrapolated by the fitted law. In brackets the numbers at the ends of the 95 % "
        "prediction interval of that time; – is none.\n\n"
        "Before a win is believed: the engine computes every outcome, also where marginals alone "
        "are read, and those of few modes are known to be computable in polynomial time "
        "(arXiv:2603.02272, abstract, quoted; without the post-selection of this project). There a "
        "device leads over this engine, not over the best algorithm. The table of assumptions says "
        "which of them favour the device: most do.\n"
    )


def _figure_text(assumptions: Assumptions) -> str:
    return (
        "*Time over the number of photons, in twice as many modes: black, the simulation (points "
        "measured; line and band: the fitted law with its 95 % prediction interval, far beyond "
        "them); coloured, devices. A device is faster where its line is below the black one. "
        f"Relative error {assumptions.accuracy:g}.*\n"
    )


def _table_text(table: pd.DataFrame) -> str:
    text: str = table.map(in_markdown).to_markdown(index=False, disable_numparse=True)
    return f"{text}\n"


def _assumptions(assumptions: Assumptions) -> str:
    lines = [("relative standard error of what is read", f"{assumptions.accuracy:g}", "chosen")]
    for device in assumptions.devices:
        name = in_markdown(device.name)
        lines += [
            (f"{name}: photons asked for each second", f"{device.rate:g}", device.rate_source),
            (
                f"{name}: probability that one is detected",
                f"{device.transmittance:g}",
                device.transmittance_source,
            ),
        ]
    for text, value, source in _FIXED:
        lines.append((text, value, source))
    frame = pd.DataFrame(lines, columns=["assumption", "value", "source"])
    frame["source"] = frame["source"].map(in_markdown)
    return (
        "## Assumptions\n\nFigures with an arXiv number are quoted. Efficiencies of a source "
        "of light that stand for the whole device are optimistic: of arXiv:2409.08982 the fibre "
        "holds 53 %, and the detectors click at 1.5 % of the pulses; an interferometer takes its "
        "part as well. Others are tried by `python -m "
        "bench.break_even --rate HZ --transmittance T --accuracy E`, which writes a page of its "
        f"own.\n\n{frame.to_markdown(index=False, disable_numparse=True)}\n"
    )


#: What no option changes.
_FIXED = (
    ("pulses of the source for a shot", "photons", "one source, demultiplexed without loss"),
    (
        "shots without a collision",
        "C(m, n) / C(m + n − 1, n)",
        "mean over random interferometers, which make all Fock states equally probable",
    ),
    (
        "accepted shots to read an event of probability p",
        "(1 − p) / (p · error²)",
        "binomial; p the mean over events: 1/C(m, n), n/m and n(n − 1)/(m(m − 1)). Rarer ones "
        "need more",
    ),
    (
        "circuits for a gradient",
        "2n · min(2mn − n² − n − m + 1, C(m, k) − 1)",
        "parameter-shift rules linear in the photons, for every effective phase, of which there "
        "are no more than independent probabilities of events of k modes: "
        "arXiv:2410.02726, arXiv:2409.16369; each read to the same error",
    ),
    ("time to set phases, to switch and to transfer", "0", "favours the device"),
    ("cores of the simulation", "1", "favours the device"),
    ("memory of the simulation", "as much as it takes", "favours the simulation"),
)


def _growth_text(growths: Mapping[Use, Growth], rows: pd.DataFrame) -> str:
    laws = " ".join(
        f"For {use}: {growth.factor:.3g} s · operations^{growth.exponent:.3f} (± "
        f"{1.96 * growth.exponent_error:.3f}), {growth.sizes} sizes."
        for use, growth in growths.items()
    )
    largest = rows.loc[rows["outcomes"].idxmax()]
    return (
        "## The simulation's time\n\nThe law is fitted to the sizes with at least "
        f"{FITTED_FROM:,} outcomes, by the number of complex multiply-adds that a pass is "
        f"(`bench/arithmetic.py`), which is known for every size. {laws} Beyond "
        f"({largest['modes']},{largest['photons']}), {largest['outcomes']:,} outcomes, it is "
        "extrapolated.\n"
    )


def _measured_text(rows: pd.DataFrame) -> str:
    shown = rows.sort_values(["use", "outcomes"], ascending=[False, True])
    frame = pd.DataFrame(
        {
            "modes, photons": [
                f"({m},{n})" for m, n in zip(shown["modes"], shown["photons"], strict=True)
            ],
            "outcomes": shown["outcomes"].map("{:,}".format).to_numpy(),
            "for": shown["use"].to_numpy(),
            "ms, median (quartiles)": [
                f"{1e3 * median:.3g} ({1e3 * low:.3g}–{1e3 * high:.3g})"
                for low, median, high in shown[
                    ["lower_quartile", "median", "upper_quartile"]
                ].itertuples(index=False)
            ],
            "turns": shown["turns"].to_numpy(),
            "cores": np.round(shown["cores"].to_numpy(), 2),
        }
    )
    origins = "; ".join(
        in_markdown(" ".join(filter(None, origin)))
        for origin in dict.fromkeys(
            rows[["commit", "platform", "packages"]].itertuples(index=False, name=None)
        )
    )
    return (
        f"{frame.to_markdown(index=False, disable_numparse=True)}\n\nMeasured by `python -m "
        f"bench.break_even --measure` ({origins}), from `{ROWS}`.\n"
    )
