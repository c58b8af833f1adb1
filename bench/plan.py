"""What a comparison consists of: parts that are measured, and stored, one after another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.contest import (
    BATCH_TASK,
    compare_batches,
    compare_passes,
    compare_training_steps,
    measure_call,
    measure_rate,
)
from bench.peers import FUSED, Peer
from bench.rows import (
    BATCH,
    CALL,
    ENGINES,
    FAILED,
    PASS,
    QUANTUM,
    RATE,
    STEP,
    Row,
    read_rows,
    rows_in,
    write_rows,
)
from bench.task import Task

#: What a row is of: its kind, engine and circuit, without modes where there is none.
Subject = tuple[str, str, int, int, str]


@dataclass(frozen=True)
class Part:
    """Measurements that are made, and stored, together.

    Attributes:
        title: what is printed when it begins.
        subjects: of the rows that it makes where no peer fails.
        turns: that are planned for each computation.
        measure: makes the rows.
    """

    title: str
    subjects: frozenset[Subject]
    turns: int
    measure: Callable[[], list[Row]]


def plan(
    peers: Mapping[str, Peer],
    sizes: Sequence[tuple[int, int]],
    spaces: Sequence[str],
    repeats: int,
    budget: float,
) -> list[Part]:
    """The parts in their order: peers that slow the others come last.

    Raises:
        InvalidInput: for a circuit that no memory holds.
    """
    tasks = [Task(modes, photons, space) for space in spaces for modes, photons in sizes]
    for task in tasks:
        task.check_memory()
    gentle = {name: peer for name, peer in peers.items() if not peer.slows_others}
    slowing = {name: peer for name, peer in peers.items() if peer.slows_others}
    return [
        Part(
            "the machine",
            frozenset({(RATE, "compiled loop", 0, 0, ""), (CALL, FUSED, 2, 1, "fock")}),
            repeats,
            lambda: [measure_rate(repeats, budget), measure_call(repeats, budget)],
        ),
        *(_passes(task, gentle, repeats, budget) for task in tasks),
        *(
            Part(
                f"batches, {space}",
                frozenset((BATCH, engine, *BATCH_TASK, space) for engine in ENGINES),
                repeats,
                partial(compare_batches, space, repeats, budget),
            )
            for space in spaces
        ),
        Part(
            "training steps",
            frozenset((kind, engine, 0, 0, "") for kind in (STEP, QUANTUM) for engine in ENGINES),
            repeats,
            partial(compare_training_steps, repeats, budget),
        ),
        *(
            _of_one_peer(task, name, peer, repeats, budget)
            for name, peer in slowing.items()
            for task in tasks
            if task.space in peer.spaces
        ),
    ]


def _passes(task: Task, peers: Mapping[str, Peer], repeats: int, budget: float) -> Part:
    suited = [FUSED, *(name for name, peer in peers.items() if task.space in peer.spaces)]
    return Part(
        f"{task}, {task.outcomes} outcomes: {', '.join(suited)}",
        frozenset((PASS, name, task.modes, task.photons, task.space) for name in suited),
        repeats,
        partial(compare_passes, task, peers, repeats, budget),
    )


def _of_one_peer(task: Task, name: str, peer: Peer, repeats: int, budget: float) -> Part:
    """A peer in turns with the fused engine, which has rows from its turns with the others."""
    both = _passes(task, {name: peer}, repeats, budget)
    own = frozenset(subject for subject in both.subjects if subject[1] == name)
    return replace(
        both,
        subjects=own,
        measure=lambda: [row for row in both.measure() if row.engine == name],
    )


def carry_out(
    parts: Sequence[Part],
    path: Path,
    absent: Sequence[Row],
    origin: Mapping[str, Any],
    say: Callable[[str], None],
) -> None:
    """Measure the parts that a file does not hold yet; each is stored once it is measured.

    Args:
        parts: of the comparison.
        path: the file of rows. Parts of which it has all rows stay as they are; all else in it
            is dropped.
        absent: rows of who takes no part.
        origin: where the rows come from, as columns.
        say: called with what is measured next, and with what has failed.
    """
    before = _rows_of_origin(path, origin)
    # All rows of a file have the load before the first of them.
    origin = {**origin, "load": before[0].load} if before else origin
    measured = [_rows_of(part, before) for part in parts]
    if kept := sum(map(bool, measured)):
        say(f"{kept} of {len(parts)} parts are in {path} already")
    elif path.is_file():
        say(f"{path} holds no part of this command under this code and is replaced")

    def write() -> None:
        rows = [*absent, *(row for each in measured for row in each)]
        write_rows(path, [replace(row, **origin) for row in rows])

    for number, part in enumerate(parts):
        if measured[number]:
            continue
        say(part.title)
        measured[number] = part.measure()
        write()
        for row in measured[number]:
            if row.kind == FAILED:
                say(f"{row.engine} failed: {row.note}")
    write()


def _rows_of_origin(path: Path, origin: Mapping[str, Any]) -> list[Row]:
    """The rows of a file if they are of this machine and state of the code, else none.

    None either while the code differs from its commit: who knows how it differed before.
    """
    if not path.is_file() or origin["commit"].endswith("-dirty"):
        return []
    names = origin.keys() - {"load"}
    return [
        row
        for row in rows_in(read_rows(path))
        if all(getattr(row, name) == origin[name] for name in names)
    ]


def _rows_of(part: Part, rows: Sequence[Row]) -> list[Row]:
    """The rows of a part, none unless all of it was measured: what failed is tried again."""
    own = [row for row in rows if _subject_of(row) in part.subjects and row.planned == part.turns]
    return own if {_subject_of(row) for row in own} == part.subjects else []


def _subject_of(row: Row) -> Subject:
    return row.kind, row.engine, row.modes, row.photons, row.space
