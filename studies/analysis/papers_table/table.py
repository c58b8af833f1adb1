"""The table: each bond dimension's quoted line, and those of the arms beside it."""

import pandas as pd

from studies.analysis.papers_table.progress import losses
from studies.analysis.papers_table.quantities import (
    ERROR,
    QUANTITIES,
    TRAINING,
    VALIDATION,
    verdict,
)
from studies.analysis.quoted import QUOTED_DATASETS, QuotedRow, beside_quoted
from studies.analysis.results import StudyResults
from studies.analysis.summaries import failures_of
from studies.design.roles import FINAL
from studies.design.statistics import mean_interval, percent_interval

TEST = "test"
_LOSSES, _VERDICT = "training loss after a tenth → at the end", "verdict"
_COLUMNS = (
    *("χ", "model", "trainable", "epochs", "seeds", "failures"),
    *(TRAINING, VALIDATION, TEST, ERROR, _LOSSES, _VERDICT),
)


def papers_table(results: StudyResults) -> pd.DataFrame:
    """Every line of the paper's table that has runs, and these beneath it, as text.

    Seeds that fail are part of the means, as the paper says of none that it left out. Other images
    than the paper's have no such table.
    """
    if results.final.empty or results.final["dataset"].iloc[0] not in QUOTED_DATASETS:
        return pd.DataFrame()
    lines = []
    for quoted, arms in beside_quoted(results.longest):
        lines.append(_quoted_line(quoted))
        lines += [
            _line(results, quoted, str(name), runs) for name, runs in arms.groupby("arm", sort=True)
        ]
    return pd.DataFrame(lines, columns=list(_COLUMNS)).fillna("")


def _quoted_line(row: QuotedRow) -> dict[str, str]:
    return {
        "χ": str(row.bond_dimension),
        "model": "quoted: the paper",
        "trainable": f"{row.trainable_parameters:,}",
        **{each.name: each.quoted_text(each.quoted(row)) for each in QUANTITIES},
    }


def _line(
    results: StudyResults, quoted: QuotedRow, name: str, runs: pd.DataFrame
) -> dict[str, str]:
    rows = results.rows
    of_arm = rows[(rows["setting"] == runs["setting"].iloc[0]) & (rows["arm"] == name)]
    failures = failures_of(of_arm[of_arm["role"] == FINAL])
    measured = {each.name: mean_interval(each.of_runs(runs)) for each in QUANTITIES}
    return {
        "χ": str(quoted.bond_dimension),
        "model": name,
        "trainable": f"{int(runs['trainable_parameters'].iloc[0]):,}",
        "epochs": str(runs["epochs"].iloc[0]),
        "seeds": str(runs["seed"].nunique()),
        "failures": str(failures.count),
        **{each.name: each.text(measured[each.name]) for each in QUANTITIES},
        TEST: percent_interval(mean_interval(runs["test_accuracy"])),
        _LOSSES: " → ".join(losses(runs)),
        _VERDICT: verdict(measured, quoted),
    }
