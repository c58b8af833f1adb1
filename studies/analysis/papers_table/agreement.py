"""Whether a mean over seeds agrees with a quoted mean, by a rule that is declared here."""

from collections.abc import Callable
from dataclasses import dataclass

from studies.design.statistics import Interval

#: Fewer seeds agree with anything.
SEEDS_FOR_A_VERDICT = 3
RULE = (
    f"A mean over at least {SEEDS_FOR_A_VERDICT} seeds, failed ones included, agrees where it is "
    "at most one quoted standard deviation away from the quoted mean, is higher or lower where its "
    "whole 95 % interval is further away, and is open else."
)


@dataclass(frozen=True)
class Quoted:
    """A mean of the literature with its standard deviation, in the unit of what is compared."""

    mean: float
    deviation: float


def agreement(found: Interval, quoted: Quoted, number: Callable[[float], str]) -> str:
    """``agrees``, ``higher by …``, ``lower by …``, ``open, … by …`` or ``too few seeds``.

    By :data:`RULE`. The difference is that of the means. How many runs are behind a quoted mean is
    not known.

    Args:
        found: the mean over seeds with its interval.
        quoted: the literature's.
        number: the text of a difference, which is positive.

    >>> agreement(Interval(90.0, 89.5, 90.5, 3), Quoted(93.0, 0.5), "{:.1f}".format)
    'lower by 3.0'
    >>> agreement(Interval(93.4, 89.5, 97.5, 3), Quoted(93.0, 0.5), "{:.1f}".format)
    'agrees'
    """
    if found.seeds < SEEDS_FOR_A_VERDICT:
        return f"too few seeds ({found.seeds})"
    difference = found.mean - quoted.mean
    if abs(difference) <= quoted.deviation:
        return "agrees"
    least, most = quoted.mean - quoted.deviation, quoted.mean + quoted.deviation
    away = found.high < least or found.low > most
    direction = "higher" if difference > 0 else "lower"
    return f"{'' if away else 'open, '}{direction} by {number(abs(difference))}"
