"""The finding of a study: its own, or what its contrasts say, in a sentence."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from studies.contrasts import LEVEL, PAIRS_FOR_A_CLAIM, evaluate_contrasts, sentence
from studies.study import Contrast, Study


def finding_of(study: Study, rows: pd.DataFrame) -> str:
    """What a study found, from its rows of one dataset."""
    if study.finding is not None:
        return study.finding(rows)
    return contrasts_in_a_sentence(rows, study.contrasts)


def contrasts_in_a_sentence(rows: pd.DataFrame, contrasts: Sequence[Contrast]) -> str:
    """How many contrasts show a difference, and the largest of these.

    Where none does, it is the largest of all. One whose interval excludes 0 comes first: a few
    seeds at chance make a large mean of which little is certain.
    """
    results = evaluate_contrasts(rows, contrasts)
    if not results:
        return "No declared contrast has paired runs yet."
    testable = [r for r in results if not np.isnan(r.adjusted_p)]
    shown = [r for r in testable if r.adjusted_p < LEVEL]
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
