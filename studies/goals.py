"""What accuracy this project aims at with each of the paper's counts, and what is reached."""

import pandas as pd

from studies.quoted import QUOTED, QUOTED_COLUMN
from studies.statistics import mean_interval, percent_interval, points
from studies.tables import longest_trainings

#: Mean accuracy on the 10,000 test images of MNIST, by the most trainable parameters allowed.
GOALS = {
    223: 0.89,
    316: 0.92,
    471: 0.945,
    688: 0.96,
    967: 0.965,
    1308: 0.969,
    1711: 0.971,
    2176: 0.972,
    2703: 0.973,
    3292: 0.975,
}
#: Fewer fresh seeds do not decide whether a goal is met.
SEEDS_FOR_A_GOAL = 10
LABEL = r"^(?P<budget>\d{1,15}) parameters: (?P<arm>.*)$"


def split_labels(rows: pd.DataFrame) -> pd.DataFrame:
    """Longest complete final runs of labels such as ``688 parameters: photonic``, with both parts.

    Runs of one label that were trained for fewer epochs are another arm's, not more seeds of it.
    """
    final = longest_trainings(rows)
    parts = final["label"].str.extract(LABEL)
    found = final.assign(budget=parts["budget"].astype(float), arm=parts["arm"])
    return found[found["budget"].notna()].astype({"budget": "int64"})


def goals_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Each budget's arms beside the goal and the paper's figure, as text."""
    runs = split_labels(rows)
    quoted = {row.trainable_parameters: row for row in QUOTED if "χ" in row.model}
    lines = []
    for budget in sorted(runs["budget"].unique()):
        group = runs[runs["budget"] == budget]
        arms = {
            str(arm): percent_interval(mean_interval(part["test_accuracy"]))
            for arm, part in group.groupby("arm", sort=False)
        }
        paper = quoted.get(budget)
        lines.append(
            {
                "at most": f"{budget:,}",
                **{arm: arms.get(arm, "") for arm in runs["arm"].unique()},
                "goal": _goal(budget, group),
                QUOTED_COLUMN: f"*{paper.accuracy:.1f} % ± {paper.deviation:.1f}*" if paper else "",
            }
        )
    return pd.DataFrame(lines)


def _goal(budget: int, runs: pd.DataFrame) -> str:
    """Whether the photonic arm meets its goal, and by how much."""
    if budget not in GOALS or runs["dataset"].iloc[0] != "mnist":
        return ""
    photonic = runs[(runs["arm"] == "photonic") & (runs["epochs"] == runs["epochs"].max())]
    text = f"{100 * GOALS[budget]:.1f} %"
    if len(photonic) < SEEDS_FOR_A_GOAL:
        return f"{text}: open, {len(photonic)} of {SEEDS_FOR_A_GOAL} seeds"
    margin = photonic["test_accuracy"].mean() - GOALS[budget]
    return f"{text}: {'met' if margin >= 0 else 'missed'}, {points(margin, sign=True)}"
