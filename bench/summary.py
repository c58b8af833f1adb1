"""What the rows of a comparison say in numbers: ratios and shares, and the aims for them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from bench.rows import BATCH, CALL, FORWARD_BACKWARD, PASS, QUANTUM, RATE, STEP

#: How many times faster than MerLin the pass is meant to be.
_PASS_AIMS = {
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
_BATCH_AIM = 10
#: The order of simulators in tables and legends; others follow by their names.
_ORDER = ("fused", "torch", "merlin", "perceval", "piquasso", "deepquantum")
#: Of the notebook's model: whole steps with ``engine="merlin"`` and ``engine="fused"``.
STEP_AIM = 10
#: Of the paper's model: percent of a step.
SHARE_AIM = 5


@dataclass(frozen=True)
class Circuit:
    """What is common to the rows of one circuit."""

    space: str
    modes: int
    photons: int
    outcomes: int


@dataclass(frozen=True)
class PassRatio:
    """MerLin's time over the fused engine's, and over that of the arithmetic alone."""

    circuit: Circuit
    fused: float
    arithmetic: float

    @property
    def aim(self) -> int | None:
        """What the first is meant to be at least; None where nothing is."""
        return _PASS_AIMS.get((self.circuit.space, self.circuit.modes, self.circuit.photons))


@dataclass(frozen=True)
class BatchRatio:
    """A batch of circuits with both engines of the project; seconds of a call."""

    circuit: Circuit
    batch: int
    fused: float
    merlin: float

    @property
    def ratio(self) -> float:
        """How many times faster the fused engine is."""
        return self.merlin / self.fused

    @property
    def aim(self) -> int:
        """What that is meant to be at least."""
        return _BATCH_AIM


@dataclass(frozen=True)
class Step:
    """A model's training step with one engine; the rows of it and of its quantum passes."""

    model: str
    engine: str
    whole: pd.Series
    passes: pd.Series

    @property
    def share(self) -> float:
        """Percent of the step that its quantum passes are."""
        return float(100 * self.passes["median"] / self.whole["median"])

    @property
    def rest(self) -> float:
        """Seconds of the step without its quantum passes."""
        return float(self.whole["median"] - self.passes["median"])


def in_order(engines: Iterable[str]) -> list[str]:
    """Each of them once, as they stand in every table and legend.

    >>> in_order(["own", "merlin", "fused", "another", "own"])
    ['fused', 'merlin', 'another', 'own']
    """
    found = set(engines)
    return [*(name for name in _ORDER if name in found), *sorted(found - set(_ORDER))]


def passes_of(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of passes, with the seconds that their arithmetic takes."""
    passes = rows[rows["kind"] == PASS].copy()
    passes["arithmetic"] = passes["operations"] * seconds_per_operation(rows)
    return passes


def seconds_per_operation(rows: pd.DataFrame) -> float:
    """Of a multiply-add on the machine of these rows."""
    rate = rows[rows["kind"] == RATE].iloc[0]
    return float(rate["median"] / rate["operations"])


def seconds_of_a_call(rows: pd.DataFrame) -> float:
    """Of the smallest pass, which is little but the call."""
    return float(rows[rows["kind"] == CALL].iloc[0]["median"])


def to_compare(passes: pd.DataFrame) -> pd.DataFrame:
    """Forward and backward; forward alone for peers that have no gradient."""
    both = passes[passes["direction"] == FORWARD_BACKWARD]
    without = passes[~passes["engine"].isin(both["engine"])]
    return pd.concat([both, without])


def by_circuit(rows: pd.DataFrame) -> Iterator[tuple[Circuit, pd.DataFrame]]:
    """The rows of each circuit: collision-free outcomes first, then by their number."""
    ordered = rows.sort_values(["space", "outcomes", "modes"], ascending=[False, True, True])
    groups = ordered.groupby(["space", "modes", "photons", "outcomes"], sort=False)
    for (space, modes, photons, outcomes), group in groups:
        yield Circuit(space, modes, photons, outcomes), group


def pass_ratios(passes: pd.DataFrame) -> list[PassRatio]:
    """Of the circuits that both engines have done forward and backward."""
    both = passes[passes["direction"] == FORWARD_BACKWARD]
    ratios = []
    for circuit, group in _with_both_engines(both):
        merlin, fused = group.loc["merlin"], group.loc["fused"]
        left = merlin["median"] / fused["arithmetic"]
        ratios.append(PassRatio(circuit, merlin["median"] / fused["median"], left))
    return ratios


def batch_ratios(rows: pd.DataFrame) -> list[BatchRatio]:
    """Of the batches that both engines have done."""
    return [
        BatchRatio(
            circuit,
            int(group["batch"].iloc[0]),
            group.loc["fused", "median"],
            group.loc["merlin", "median"],
        )
        for circuit, group in _with_both_engines(rows[rows["kind"] == BATCH])
    ]


def _with_both_engines(rows: pd.DataFrame) -> Iterator[tuple[Circuit, pd.DataFrame]]:
    for circuit, group in by_circuit(rows):
        if {"fused", "merlin"} <= set(group["engine"]):
            yield circuit, group.set_index("engine")


def training_steps(rows: pd.DataFrame) -> dict[tuple[str, str], Step]:
    """By model and engine, in the order of the rows; empty where none were measured."""
    wholes = rows[rows["kind"] == STEP].set_index(["model", "engine"])
    passes = rows[rows["kind"] == QUANTUM].set_index(["model", "engine"])
    return {
        (model, engine): Step(model, engine, whole, passes.loc[(model, engine)])
        for (model, engine), whole in wholes.iterrows()
    }
