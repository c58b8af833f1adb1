"""A claim, and what may be said of it: that it holds, does not, or is open, part by part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studies.analysis.results import StudyResults
    from studies.design.study import Study

PAPER = "arXiv:2505.08474"


class Standing(StrEnum):
    """How a claim stands, in the order in which it is said."""

    HOLDS = "holds"
    FAILS = "does not hold"
    OPEN = "open"


@dataclass(frozen=True)
class Judgement:
    """What the rows of a study say of a claim, part by part.

    Attributes:
        found: where it holds, where it does not and where it is open, in words; nothing where the
            rows say nothing yet.
    """

    found: Mapping[Standing, Sequence[str]] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """✓ where it holds in every part, ✗ where it does not in one, ? else."""
        if Standing.FAILS in self.found:
            return "✗"
        return "✓" if set(self.found) == {Standing.HOLDS} else "?"

    @property
    def text(self) -> str:
        """``Holds: …. Does not hold: …. Open: ….``, leaving out what is empty.

        >>> Judgement({Standing.OPEN: ["χ = 2"], Standing.FAILS: ["χ = 4", "χ = 10"]}).text
        'Does not hold: χ = 4; χ = 10. Open: χ = 2.'
        """
        return " ".join(
            f"{standing.capitalize()}: {'; '.join(self.found[standing])}."
            for standing in Standing
            if standing in self.found
        )


#: What the rows of a study say of a claim as a whole.
Judge = Callable[["StudyResults"], Judgement]
#: What they say to it, a sentence each.
Evidence = Callable[["StudyResults"], list[str]]


@dataclass(frozen=True)
class Claim:
    """A statement of the literature, and how it is examined.

    Attributes:
        title: what it is about.
        statement: what is stated, in this project's words.
        examined: how, and why so.
        study: the study whose rows are the evidence.
        judge: says whether it holds, by those rows.
        evidence: sentences from those rows.
        source: where it is stated.
    """

    title: str
    statement: str
    examined: str
    study: "Study"
    judge: Judge
    evidence: Evidence
    source: str = PAPER
