"""What accuracy this project aims at with each of the paper's counts, and what is reached."""

import pandas as pd

from studies.analysis.quoted import QUOTED, QUOTED_COLUMN, QUOTED_DATASETS
from studies.analysis.results import StudyResults
from studies.analysis.summaries import accuracy_text, arm_names_of, families, seeds_text
from studies.design.arms import PHOTONIC, budget_of
from studies.design.statistics import mean_interval, percent_interval, points

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


def runs_at_budgets(results: StudyResults) -> dict[int, pd.DataFrame]:
    """The final runs of arms at a number of parameters, by that number, in ascending order.

    Runs of an arm that were trained for fewer epochs are not more seeds of it.
    """
    final = results.longest
    budgets = {setting: budget_of(setting) for setting in final["setting"].unique()}
    found = sorted((budget, setting) for setting, budget in budgets.items() if budget is not None)
    return {budget: final[final["setting"] == setting] for budget, setting in found}


def accuracies_at_budgets(results: StudyResults) -> str:
    """What every arm reaches at the smallest, the middle and the largest budget."""
    at_budgets = runs_at_budgets(results)
    budgets = list(at_budgets)
    if not budgets:
        return "No budget has been run with fresh seeds yet."
    sentences = []
    for budget in sorted({budgets[0], budgets[len(budgets) // 2], budgets[-1]}):
        runs = at_budgets[budget]
        arms = runs.groupby(arm_names_of(runs), sort=False)
        reached = ", ".join(
            f"{arm} {accuracy_text(part)} ({seeds_text(part)})" for arm, part in arms
        )
        sentences.append(f"With at most {budget:,} trainable parameters: {reached}.")
    return " ".join(sentences)


def goals_table(results: StudyResults) -> pd.DataFrame:
    """Each budget's arms, on the paper's images beside the goal and the paper's figure, as text."""
    at_budgets = runs_at_budgets(results)
    names = list(dict.fromkeys(n for runs in at_budgets.values() for n in arm_names_of(runs)))
    lines = []
    for budget, runs in at_budgets.items():
        arms = {
            str(arm): percent_interval(mean_interval(part["test_accuracy"]))
            for arm, part in runs.groupby(arm_names_of(runs), sort=False)
        }
        lines.append(
            {
                "at most": f"{budget:,}",
                **{name: arms.get(name, "") for name in names},
                **_aims(budget, runs),
            }
        )
    return pd.DataFrame(lines)


def _aims(budget: int, runs: pd.DataFrame) -> dict[str, str]:
    """The goal and the paper's figure; of other images there is neither."""
    if runs["dataset"].iloc[0] not in QUOTED_DATASETS:
        return {}
    quoted = {row.trainable_parameters: row for row in QUOTED if row.bond_dimension}
    paper = quoted.get(budget)
    return {
        "goal": _goal(budget, runs),
        QUOTED_COLUMN: f"*{paper.accuracy:.1f} % ± {paper.deviation:.1f}*" if paper else "",
    }


def _goal(budget: int, runs: pd.DataFrame) -> str:
    """Whether the best photonic arm meets the goal, by how much, and of which family it is."""
    if budget not in GOALS or runs["dataset"].iloc[0] != "mnist":
        return ""
    photonic = best_photonic(runs)
    text = f"{100 * GOALS[budget]:.1f} %"
    if len(photonic) < SEEDS_FOR_A_GOAL:
        return f"{text}: open, {len(photonic)} of {SEEDS_FOR_A_GOAL} seeds"
    margin = photonic["test_accuracy"].mean() - GOALS[budget]
    verdict = "met" if margin >= 0 else "missed"
    return f"{text}: {verdict}, {points(margin, sign=True)} ({families(photonic).iloc[0]})"


def best_photonic(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of the photonic arm that is best on the validation images, if there is any.

    Of these images, so that the test images choose nothing. Arms that were trained for fewer
    epochs than any other at the same budget are none.
    """
    longest = runs["epochs"] == runs["epochs"].max()
    photonic = runs[longest & families(runs).isin(PHOTONIC)]
    means = photonic.groupby("arm")["val_accuracy"].mean()
    return photonic[photonic["arm"] == means.idxmax()] if len(means) else photonic
