"""``python -m bench.compare``: the photonic pass in every simulator that is installed."""

if __name__ == "__main__":  # before the imports, which take their time
    from studies.interrupts import end_silently

    end_silently()

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from bench.contest import (
    Disagreement,
    compare_batches,
    compare_passes,
    compare_training_steps,
    load_average,
    measure_call,
    measure_rate,
    one_thread,
)
from bench.peers import FUSED, Peer, find_peers
from bench.report import DEFAULT_OUT, ROWS, build_report
from bench.rows import ABSENT, Row, write_rows
from bench.summary import in_order
from bench.task import Task
from qcnn import InvalidInput
from qcnn.optics.fock import SPACES
from studies.design.arguments import MOST_MODES, Names, PositiveNumber, WholeNumber
from studies.design.configuration import shortened
from studies.sentences import one_sentence_errors
from studies.store.provenance import git_commit, package_versions, platform_text

DEFAULT_SIZES = "8x4,9x4,10x5,12x4,12x6,16x4,14x7"
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
        modes, photons = map(int, text.split("x"))
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
    type=click.Path(path_type=Path),
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
    """Measure, check that all agree, then write rows, figure and report to ``out``."""
    if out.exists() and not out.is_dir():
        raise InvalidInput(f"out is {str(out)!r}; allowed is a folder, there or to be made")
    load = load_average()
    rows: list[Row] = []
    present: dict[str, Peer] = {}
    for name in peers:
        if _PEERS[name].version() is None:
            rows.append(Row(ABSENT, name, note="not installed"))
            click.echo(f"{name}: not installed, left out")
        else:
            present[name] = _PEERS[name]
    with one_thread():
        rows += [measure_rate(repeats, budget), measure_call(repeats, budget)]
        tasks = [Task(modes, photons, space) for space in spaces for modes, photons in sizes]
        gentle = {name: peer for name, peer in present.items() if not peer.slows_others}
        rows += _compare_all(tasks, gentle, repeats, budget)
        click.echo("batches and training steps")
        rows += compare_batches(repeats, budget, spaces)
        rows += compare_training_steps(repeats, budget)
        for name in present.keys() - gentle.keys():
            suited = [task for task in tasks if task.space in present[name].spaces]
            found = _compare_all(suited, {name: present[name]}, repeats, budget)
            rows += [row for row in found if row.engine == name]
    origin: dict[str, Any] = {
        "load": load,
        "commit": git_commit(),
        "platform": platform_text(),
        "packages": package_versions(),
    }
    write_rows(out / ROWS, [replace(row, **origin) for row in rows])
    click.echo(f"report: {build_report(out)}")


def _compare_all(
    tasks: list[Task], peers: dict[str, Peer], repeats: int, budget: float
) -> list[Row]:
    rows = []
    for task in tasks:
        suited = (name for name, peer in peers.items() if task.space in peer.spaces)
        names = ", ".join([FUSED, *suited])
        click.echo(f"{task}, {task.outcomes} outcomes: {names}")
        try:
            rows += compare_passes(task, peers, repeats, budget)
        except Disagreement as error:
            sys.exit(f"error: {error}")
    return rows


if __name__ == "__main__":
    with one_sentence_errors():
        main(standalone_mode=False)
