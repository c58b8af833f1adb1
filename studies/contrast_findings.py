"""The finding of a study: its own, or what its contrasts say, in two sentences."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from studies.contrasts import LEVEL, PAIRS_FOR_A_CLAIM, Result, evaluate_contrasts, sentence
from studies.study import Contrast, Study


def finding_of(study: Study, rows: pd.DataFrame) -> str:
    """What a study found, from its rows of one dataset."""
    if study.finding is not None:
        return study.finding(rows)
    return contrasts_in_two_sentences(rows, study.contrasts)


def contrasts_in_two_sentences(rows: pd.DataFrame, contrasts: Sequence[Contrast]) -> str:
    """How many contrasts show a difference, and the largest of them in size."""
    results = evaluate_contrasts(rows, contrasts)
    if not results:
        return "No declared contrast has paired runs yet."
    testable = [r for r in results if not np.isnan(r.adjusted_p)]
    largest = max(results, key=lambda result: abs(result.difference.mean))
    return f"{_count(results, testable)} The largest: {sentence(largest)}"


def _count(results: list[Result], testable: list[Result]) -> str:
    if not testable:
        return (
            f"{len(results)} contrasts have paired runs, none of them the {PAIRS_FOR_A_CLAIM} "
            "pairs that a claim needs; intervals only."
        )
    shown = sum(result.adjusted_p < LEVEL for result in testable)
    verb = "shows" if shown == 1 else "show"
    return (
        f"Of {len(testable)} contrasts with enough pairs for a claim, {shown} {verb} a difference."
    )
