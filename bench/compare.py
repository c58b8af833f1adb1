"""``python -m bench.compare``: the photonic pass in every simulator that is installed."""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

import sys
from pathlib import Path
from typing import Any

import click

from bench.contest import Disagreement, load_average, one_thread
from bench.peers import find_peers
from bench.plan import carry_out, plan
from bench.report import DEFAULT_OUT, ROWS, build_report
from bench.rows import ABSENT, Row
from bench.summary import in_order
from qcnn import InvalidInput
from qcnn.optics.fock import SPACES
from studies.design.arguments import (
    MOST_MODES,
    Folder,
    Names,
    PositiveNumber,
    WholeNumber,
    is_plain,
)
from studies.design.configuration import shortened
from studies.interrupts import INTERRUPTED
from studies.sentences import command_line
from studies.store.provenance import git_commit, package_versions, platform_text

DEFAULT_SIZES = "8x4,9x4,10x5,12x4,12x6,16x4,14x7"
#: The rows of a comparison that has not come to its end.
UNFINISHED = "comparison-unfinished.csv"
_PEERS = find_peers()


class Sizes(click.ParamType):
    """Circuits such as ``8x4,9x4``: modes and photons; becomes a tuple of pairs."""

    name = "modes x photons"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[tuple[int, int], ...]:
        if isinstance(value, tuple):
            return value
        return tuple(dict.fromkeys(_size(text) for text in str(value).split(",")))


def _size(text: str) -> tuple[int, int]:
    try:
        modes, photons = map(int, text.split("x")) if is_plain(text) else (0, 0)
    except ValueError:
        modes, photons = 0, 0
    if not 1 <= photons <= modes <= MOST_MODES:
        raise InvalidInput(
            f"sizes holds {shortened(text)}; allowed are modes x photons such as 8x4,9x4, with at "
            f"least one photon, at most one in each mode, and at most {MOST_MODES} modes"
        )
    return modes, photons


@click.command(help="Time the photonic pass in every simulator that is installed.")
@click.option(
    "--peers",
    type=Names(in_order(_PEERS)),
    default=",".join(in_order(_PEERS)),
    show_default=True,
    help="simulators beside the fused engine",
)
@click.option(
    "--sizes", type=Sizes(), default=DEFAULT_SIZES, show_default=True, help="modes x photons"
)
@click.option(
    "--spaces",
    type=Names(SPACES),
    default=",".join(SPACES),
    show_default=True,
    help="sets of outcomes",
)
@click.option(
    "--repeats",
    type=WholeNumber(1, 1_000_000),
    default=30,
    show_default=True,
    help="turns of each simulator",
)
@click.option(
    "--budget",
    type=PositiveNumber(),
    default=5.0,
    show_default=True,
    help="seconds after which a simulator gets no more turns for a circuit",
)
@click.option(
    "--out",
    type=Folder(),
    default=DEFAULT_OUT,
    show_default=True,
    help="folder whose rows, figure and report are replaced",
)
def main(
    peers: tuple[str, ...],
    sizes: tuple[tuple[int, int], ...],
    spaces: tuple[str, ...],
    repeats: int,
    budget: float,
    out: Path,
) -> None:
    """Measure, check that all agree, then write rows, figure and report to ``out``.

    Interrupted and repeated it goes on from where it was; what a finished comparison has left
    in ``out`` stays until the next one is finished.
    """
    origin: dict[str, Any] = {
        "load": load_average(),
        "commit": git_commit(),
        "platform": platform_text(),
        "packages": package_versions(),
    }
    present = {name: _PEERS[name] for name in peers if _PEERS[name].version() is not None}
    parts = plan(present, sizes, spaces, repeats, budget)
    absent = [Row(ABSENT, name, note="not installed") for name in peers if name not in present]
    for row in absent:
        click.echo(f"{row.engine}: not installed, left out")
    try:
        with one_thread():
            carry_out(parts, out / UNFINISHED, absent, origin, click.echo)
    except KeyboardInterrupt:
        click.echo(f"interrupted: the same command goes on from {out / UNFINISHED}")
        sys.exit(INTERRUPTED)
    except Disagreement as error:
        sys.exit(f"error: {error}")
    (out / UNFINISHED).replace(out / ROWS)
    click.echo(f"report: {build_report(out)}")


if __name__ == "__main__":
    command_line(main)
