"""What the comparison measures: the pass, a batch, training steps, the machine's rate."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.arithmetic import MultiplyAdd, count_forward, count_forward_backward
from bench.benchmarks._models import SETTINGS, TrainingStep
from bench.measure import interleave
from bench.peers import FUSED, Peer, Prepared, registered
from bench.rows import (
    BATCH,
    CALL,
    ENGINES,
    FAILED,
    FORWARD,
    FORWARD_BACKWARD,
    PASS,
    QUANTUM,
    RATE,
    STEP,
    Row,
    timing_columns,
)
from bench.task import Task
from qcnn import PQCNN
from studies.rows.schema import printable

BATCH_SIZE = 64
BATCH_TASK = (9, 4)
# Single precision; a wrong convention or order is off by about 1.
LARGEST_DEVIATION = 1e-4
LARGEST_GRADIENT_DEVIATION = 1e-3
_LONGEST_REASON = 200


class Disagreement(Exception):
    """A peer's results differ from those of the fused engine; the message says by how much."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch works with one thread inside."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class Contestant:
    """A simulator that is ready, and how far its results are from the fused engine's."""

    peer: Peer
    prepared: Prepared
    deviation: float
    gradient_deviation: float


def compare_passes(task: Task, peers: Mapping[str, Peer], repeats: int, budget: float) -> list[Row]:
    """Forward, and forward and backward, of the fused engine and the peers.

    A peer that raises an error gets a row that says so, and the others go on.

    Raises:
        Disagreement: if a peer's probabilities or gradient are not the fused engine's.
    """
    suited = {name: peer for name, peer in peers.items() if task.space in peer.spaces}
    ready, reasons = _prepare_all(task, suited)
    counts = {FORWARD: count_forward(task), FORWARD_BACKWARD: count_forward_backward(task)}
    timed = [
        Row(
            PASS,
            name,
            version=ready[name].peer.version() or "",
            precision=ready[name].peer.precision,
            direction=direction,
            batch=1,
            operations=counts[direction],
            compilation=ready[name].prepared.compilation,
            deviation=ready[name].deviation,
            gradient_deviation=ready[name].gradient_deviation,
            **_circuit(task),
            **timing_columns(timing, repeats),
        )
        for (name, direction), timing in interleave(_computations(ready), repeats, budget).items()
    ]
    failed = [
        Row(FAILED, name, note=reason, planned=repeats, **_circuit(task))
        for name, reason in reasons.items()
    ]
    return timed + failed


def _prepare_all(
    task: Task, peers: Mapping[str, Peer]
) -> tuple[dict[str, Contestant], dict[str, str]]:
    """Who is ready, the fused engine first, and why the others are not."""
    fused = registered[FUSED]()
    prepared = fused.prepare(task)
    expected = results_of(prepared)
    agreement = check_agreement(FUSED, task, expected, expected)
    ready, reasons = {FUSED: Contestant(fused, prepared, *agreement)}, {}
    for name, peer in peers.items():
        try:
            prepared = peer.prepare(task)
            found = results_of(prepared)
        except Exception as error:  # another project's code, which may raise whatever it likes
            reasons[name] = _reason(error)
        else:
            ready[name] = Contestant(peer, prepared, *check_agreement(name, task, found, expected))
    return ready, reasons


def _computations(ready: Mapping[str, Contestant]) -> dict[tuple[str, str], Callable[[], Any]]:
    computations: dict[tuple[str, str], Callable[[], Any]] = {}
    for name, contestant in ready.items():
        computations[name, FORWARD] = contestant.prepared.forward
        if contestant.prepared.forward_backward is not None:
            computations[name, FORWARD_BACKWARD] = contestant.prepared.forward_backward
    return computations


@dataclass(frozen=True)
class Results:
    """What a simulator computes of a task; no gradient where it has none."""

    probabilities: NDArray[np.float64]
    gradient: NDArray[np.float64] | None


def results_of(ready: Prepared) -> Results:
    """What it computes, once."""
    probabilities = ready.read(ready.forward())
    if ready.forward_backward is None:
        return Results(probabilities, None)
    return Results(probabilities, np.asarray(ready.forward_backward()))


def _reason(error: Exception) -> str:
    return printable(f"{type(error).__name__}: {error}".removesuffix(": "), _LONGEST_REASON)


def check_agreement(
    name: str, task: Task, found: Results, expected: Results
) -> tuple[float, float]:
    """Largest differences of probabilities and gradient from the fused engine's.

    Returns:
        both in units of the largest value; nan without a gradient.

    Raises:
        Disagreement: if one is larger than single precision explains.
    """
    deviation = _deviation(found.probabilities, expected.probabilities)
    _check(name, task, "probability", deviation, LARGEST_DEVIATION)
    if found.gradient is None or expected.gradient is None:
        return deviation, float("nan")
    gradient_deviation = _deviation(found.gradient, expected.gradient)
    _check(name, task, "gradient component", gradient_deviation, LARGEST_GRADIENT_DEVIATION)
    return deviation, gradient_deviation


def compare_batches(space: str, repeats: int, budget: float) -> list[Row]:
    """Forward and backward of 64 circuits in one call, both engines of the project."""
    task = Task(*BATCH_TASK, space)
    computations = {engine: _batch(task, engine) for engine in ENGINES}
    return [
        Row(
            BATCH,
            engine,
            batch=BATCH_SIZE,
            direction=FORWARD_BACKWARD,
            operations=BATCH_SIZE * count_forward_backward(task),
            **_circuit(task),
            **timing_columns(timing, repeats),
        )
        for engine, timing in interleave(computations, repeats, budget).items()
    ]


def compare_training_steps(repeats: int, budget: float) -> list[Row]:
    """Whole training steps and the quantum passes in them, both engines of the project."""
    steps = {
        (model, engine): TrainingStep(model, engine) for model in SETTINGS for engine in ENGINES
    }
    computations: dict[tuple[str, str, str], Callable[[], Any]] = {}
    for (model, engine), step in steps.items():
        computations[STEP, model, engine] = step
        computations[QUANTUM, model, engine] = step.quantum_pass
    return [
        Row(
            kind,
            engine,
            model=model,
            batch=SETTINGS[model].batch,
            direction=FORWARD_BACKWARD,
            **timing_columns(timing, repeats),
        )
        for (kind, model, engine), timing in interleave(computations, repeats, budget).items()
    ]


def measure_rate(repeats: int, budget: float) -> Row:
    """How long the machine takes for complex multiply-adds."""
    loop = MultiplyAdd()
    loop()
    timing = interleave({RATE: loop}, repeats, budget)[RATE]
    return Row(RATE, "compiled loop", operations=loop.operations, **timing_columns(timing, repeats))


def measure_call(repeats: int, budget: float) -> Row:
    """The fused pass of one photon in two modes, which is little else than the call."""
    task = Task(2, 1, "fock")
    compute = registered[FUSED]().prepare(task).forward_backward
    assert compute is not None
    timing = interleave({CALL: compute}, repeats, budget)[CALL]
    return Row(
        CALL,
        FUSED,
        batch=1,
        direction=FORWARD_BACKWARD,
        operations=count_forward_backward(task),
        **_circuit(task),
        **timing_columns(timing, repeats),
    )


def load_average() -> float:
    """The machine's load over the last minute; nan where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def _circuit(task: Task) -> dict[str, Any]:
    return {
        "modes": task.modes,
        "photons": task.photons,
        "space": task.space,
        "outcomes": task.outcomes,
    }


def _batch(task: Task, engine: str) -> Callable[[], Any]:
    sampler = PQCNN(
        task.modes,
        task.photons,
        space=task.space,
        input_state=task.input_state,
        engine=engine,
    )
    random = torch.Generator().manual_seed(task.seed)
    shape = (BATCH_SIZE, task.mesh.phases)
    phases = (2 * torch.pi * torch.rand(shape, generator=random)).requires_grad_()
    cotangent = torch.randn(BATCH_SIZE, task.outcomes, generator=random)
    return lambda: torch.autograd.grad(sampler(phases), phases, cotangent)


def _deviation(found: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def _check(name: str, task: Task, what: str, deviation: float, allowed: float) -> None:
    # Not the other way round: nan is no agreement.
    if not deviation <= allowed:
        raise Disagreement(
            f"{name} deviates from the fused engine at {task} by {deviation:.2g} of the largest "
            f"{what}; allowed is {allowed:g}"
        )
