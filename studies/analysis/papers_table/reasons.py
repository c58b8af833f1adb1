"""Why a line of the table stands as it does, as far as rows can show it."""

from collections.abc import Callable

import pandas as pd

from studies.analysis.papers_table.agreement import RULE
from studies.analysis.papers_table.progress import losses, still_falls
from studies.analysis.papers_table.quantities import QUANTITIES, verdict
from studies.analysis.quoted import QuotedRow, beside_quoted, quoted_beside
from studies.analysis.results import StudyResults
from studies.design.roles import has_trained
from studies.design.statistics import mean_interval, percent_interval, points


def verdicts_and_reasons(schedule: str, alone: str) -> Callable[[StudyResults], str]:
    """A finding: at each bond dimension how the paper's schedule stands to its table, and why.

    Args:
        schedule: the arm that trains as the paper does.
        alone: the one that differs from it in nothing but that Adam trains the phases.
    """

    def finding(results: StudyResults) -> str:
        sentences, notes = [], ""
        for quoted, arms in beside_quoted(results.longest):
            runs, others = (arms[arms["arm"] == name] for name in (schedule, alone))
            if runs.empty:
                continue
            measured = {each.name: mean_interval(each.of_runs(runs)) for each in QUANTITIES}
            said = quoted_beside(runs["dataset"], f"{verdict(measured, quoted)}; ")
            notes = quoted_beside(runs["dataset"], f" {_counts(runs, quoted)} {RULE}")
            reasons = "; ".join([*_failures(runs), _progress(runs), *_beside(runs, others)])
            sentences.append(f"{runs['setting'].iloc[0]}, {schedule}: {said}{reasons}.")
        return f"{' '.join(sentences)}{notes}"

    return finding


def _counts(runs: pd.DataFrame, quoted: QuotedRow) -> str:
    """Why the counts differ, where the mapping is the same."""
    first = runs.iloc[0]
    counted = quoted.trainable_parameters - int(first["mapping_parameters"])
    return f"The paper counts {counted} phases, of which {int(first['phases'])} are trained here."


def _failures(runs: pd.DataFrame) -> list[str]:
    failed = int((~has_trained(runs)).sum())
    return [f"{failed} of {len(runs)} seeds did not train"] if failed else []


def _progress(runs: pd.DataFrame) -> str:
    falls = "is still falling" if still_falls(runs) else "no longer falls"
    early, late = losses(runs)
    return f"its training loss {falls}, {early} after a tenth of the epochs and {late} at the end"


def _beside(runs: pd.DataFrame, others: pd.DataFrame) -> list[str]:
    """What the same form reaches by Adam alone, which says what is the form's and what COBYLA's."""
    if others.empty:
        return []
    ours, theirs = (mean_interval(each["val_accuracy"]) for each in (runs, others))
    text = (
        f"Adam alone reaches {percent_interval(theirs)} of the validation images with as many "
        f"epochs, {points(theirs.mean - ours.mean, sign=True)} points"
    )
    failed = _failures(others)
    return [f"{text} ({failed[0]})" if failed else text]
