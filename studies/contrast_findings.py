"""The finding of a study: its own, or what its contrasts say, in a sentence."""

from collections.abc import Sequence

import numpy as np

from studies.contrasts import PAIRS_FOR_A_CLAIM, Result, Verdict, sentence
from studies.results import StudyResults


def finding_of(results: StudyResults) -> str:
    """What a study found on one dataset."""
    if results.study.finding is not None:
        return results.study.finding(results)
    return contrasts_in_a_sentence(results.contrasts)


def contrasts_in_a_sentence(results: Sequence[Result]) -> str:
    """How many contrasts show a difference, and the largest of these.

    Where none does, it is the largest of all. One whose interval excludes 0 comes first: a few
    seeds at chance make a large mean of which little is certain.
    """
    if not results:
        return "No declared contrast has paired runs yet."
    testable = [r for r in results if not np.isnan(r.adjusted_p)]
    shown = [r for r in results if r.verdict is Verdict.SHOWN]
    candidates = shown or results
    clear = [r for r in candidates if r.difference.low > 0 or r.difference.high < 0]
    kind = " whose interval excludes 0" if 0 < len(clear) < len(candidates) else ""
    largest = max(clear or candidates, key=lambda result: abs(result.difference.mean))
    alone = len(results) == 1 or len(shown) == 1
    link = ":" if alone else f"; the largest{kind}:"
    return f"{_count(len(results), len(testable), len(shown))}{link} {sentence(largest)}"


def _count(compared: int, testable: int, shown: int) -> str:
    if not testable:
        return (
            f"{_contrasts(compared)} compared so far, none with the {PAIRS_FOR_A_CLAIM} pairs of "
            "seeds that a claim needs"
        )
    verb = "show" if shown > 1 else "shows"
    return (
        f"Of {_contrasts(testable)} with enough pairs for a claim, {shown or 'none'} {verb} a "
        "difference"
    )


def _contrasts(count: int) -> str:
    return f"{count} contrast" + ("s" if count != 1 else "")
