"""Timing several computations fairly in one process."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

TURN_SECONDS = 0.02

Name = TypeVar("Name")


@dataclass
class Timing:
    """What was measured of one computation.

    Attributes:
        samples: seconds per call, the average of one turn each.
        wall: seconds in all turns together.
        processor: seconds of processor time in all turns together.
    """

    samples: list[float] = field(default_factory=list)
    wall: float = 0.0
    processor: float = 0.0

    @property
    def cores(self) -> float:
        """Processor time over time: above 1 if several threads worked, below 1 if it waited."""
        return self.processor / self.wall

    def quartiles(self) -> tuple[float, float, float]:
        """Lower quartile, median and upper quartile of the samples, seconds."""
        lower, median, upper = np.quantile(self.samples, [0.25, 0.5, 0.75])
        return float(lower), float(median), float(upper)


def interleave(
    computations: Mapping[Name, Callable[[], Any]], repeats: int, budget: float
) -> dict[Name, Timing]:
    """Let the computations take turns, so that a change of the machine meets all of them.

    In its turn a computation is called once without being timed, because the others have
    filled the caches with their data, then as often as fits into 20 ms. A call that takes
    longer than that gains nothing from warm caches: its first call is the one that is timed.

    Args:
        computations: by name.
        repeats: turns of each computation.
        budget: seconds; a computation whose turns took that long gets no more of them.
    """
    timings = {name: Timing() for name in computations}
    order = list(computations)
    # The garbage collector would go through the objects of all simulators whenever one of
    # them makes many new ones.
    gc.collect()
    gc.freeze()
    try:
        for repeat in range(repeats):
            # Nobody always follows the same neighbour.
            shift = repeat % len(order)
            for name in order[shift:] + order[:shift]:
                if timings[name].wall < budget:
                    _take_turn(computations[name], timings[name])
    finally:
        gc.unfreeze()
    return timings


def _take_turn(compute: Callable[[], Any], timing: Timing) -> None:
    calls = 1
    wall, processor = _clock(compute, calls)
    if wall < TURN_SECONDS:
        calls = int(TURN_SECONDS / wall) + 1
        wall, processor = _clock(compute, calls)
    timing.wall += wall
    timing.processor += processor
    timing.samples.append(wall / calls)


def _clock(compute: Callable[[], Any], calls: int) -> tuple[float, float]:
    """Seconds and seconds of processor time of so many calls."""
    processor, start = time.process_time(), time.perf_counter()
    for _ in range(calls):
        compute()
    return time.perf_counter() - start, time.process_time() - processor
