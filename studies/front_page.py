"""``results/README.md``: the answer of every study, and one table over all of them."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from studies.contrast_findings import finding_of
from studies.labels import FINAL
from studies.rows import write_text
from studies.study import Study
from studies.tables import accuracy_table, markdown


def write_front_page(folder: Path, studies: Sequence[tuple[Study, pd.DataFrame]]) -> Path:
    """Write the front page of a results folder from the rows of its studies.

    Args:
        folder: the results folder.
        studies: every study that has rows, with them.

    Returns:
        the path of the page.
    """
    lines = [
        "# Results",
        "",
        "What a study found, then one table of accuracy against trainable parameters over all "
        "of them. Everything here is generated from the rows in `*/runs.csv` by "
        "`python -m studies.report`; figures marked *quoted* are those of arXiv:2505.08474, not "
        "obtained here.",
        "",
    ]
    for study, rows in studies:
        lines += [f"## [{study.name}]({study.name}/report.md): {study.question}", ""]
        lines += [
            f"*{dataset}.* {finding_of(study, part)}\n"
            for dataset, part in rows.groupby("dataset", sort=True)
        ]
    final = pd.concat([rows[rows["role"] == FINAL] for _, rows in studies], ignore_index=True)
    # Studies share reference runs: one configuration and seed is one run.
    final = final.drop_duplicates(["configuration", "seed"])
    # Accuracies under noise are the noise study's: here they would be many to a model.
    final = final[(final["noise"] == "") & (final["evaluated_under"] == "")]
    for dataset in sorted(set(final["dataset"])):
        lines += [
            f"## Accuracy against trainable parameters: {dataset}",
            "",
            "Means over fresh seeds at the last epoch, with 95 % t-intervals over seeds.",
            "",
            markdown(accuracy_table(final, dataset)),
            "",
        ]
    write_text(folder / "README.md", "\n".join(lines))
    return folder / "README.md"
