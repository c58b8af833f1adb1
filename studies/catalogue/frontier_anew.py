"""Does the frontier change where it is tuned on the images that it is for?

The frontier has chosen its configurations on MNIST. Here the same candidates are tried on
Fashion-MNIST, under the same tuning seeds, and the best ones get the frontier's own fresh seeds,
so that each arm is paired with the one that was chosen on MNIST and is run on Fashion-MNIST
unchanged. Those are runs of the study ``frontier`` (``python -m studies.transfer frontier
--dataset fashion-mnist``), and are looked up there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from studies.analysis.goals import accuracies_at_budgets
from studies.analysis.results import StudyResults
from studies.analysis.summaries import accuracy_text, describe_configuration
from studies.catalogue import frontier, register_study
from studies.design.arms import Arm, budget_of, is_arm
from studies.design.configuration import Configuration
from studies.design.datasets import PUBLISHED_DATASET, TRANSFER_DATASET
from studies.design.statistics import points
from studies.design.study import Contrast, Options, Question, Study

_CHOSEN_ON, _TUNED_ON = PUBLISHED_DATASET, TRANSFER_DATASET


def tuned(options: Options) -> Mapping[Arm, Sequence[Configuration]]:
    """The frontier's candidates for each of its arms."""
    return {anew(arm): candidates for arm, candidates in frontier.tuned(options).items()}


def anew(arm: Arm) -> Arm:
    """The arm that is tuned anew in the place of one of the frontier's."""
    return Arm(arm.setting, f"{arm.name}, tuned anew", arm.family)


def what_tuning_brings(results: StudyResults) -> pd.DataFrame:
    """Each arm as it was chosen on MNIST and as it is tuned anew, as text."""
    lines = []
    for result in results.contrasts:
        if result.contrast not in ANEW:
            continue
        after, before = result.contrast.first, result.contrast.second
        runs = results.runs_of(after)
        transferred = results.beside[is_arm(results.beside, before)]
        low, high = result.difference.shown
        interval = f" [{points(low)}, {points(high)}]" if result.difference.pairs > 1 else ""
        lines.append(
            {
                "at most": f"{budget_of(after.setting):,}",
                "arm": before.name,
                f"chosen on {_CHOSEN_ON}": accuracy_text(transferred),
                "tuned anew": accuracy_text(runs),
                "points": f"{points(result.difference.mean, sign=True)}{interval}",
                "what is chosen": _choice(runs, transferred),
            }
        )
    return pd.DataFrame(lines)


def _choice(runs: pd.DataFrame, transferred: pd.DataFrame) -> str:
    """The configuration that tuning has found, unless it is that of MNIST."""
    first = runs.iloc[0]
    if set(runs["configuration"]) == set(transferred["configuration"]):
        return "the same"
    return f"{describe_configuration(first)}, rate {first['learning_rate']:g}"


_AT_HEADLINES = [c for c in frontier.CONTRASTS if budget_of(c.setting) in frontier.HEADLINES]
#: Every arm tuned anew minus the frontier's own.
ANEW = tuple(
    Contrast(anew(arm), arm)
    for arm in dict.fromkeys(arm for c in _AT_HEADLINES for arm in (c.first, c.second))
)


def _tuned_anew(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """The frontier's contrasts between arms that are tuned anew."""
    return [Contrast(anew(c.first), anew(c.second)) for c in contrasts if c in _AT_HEADLINES]


STUDY = Study(
    name="frontier_anew",
    question="Does the frontier change where it is tuned on the images that it is for?",
    axes=tuple(
        replace(axis, default=frontier.HEADLINES) if axis.name == "budget" else axis
        for axis in frontier.STUDY.axes
    ),
    # Of equal seeds, so that arms of both studies are paired.
    presets=frontier.STUDY.presets,
    check=frontier.check,
    cells=lambda _: [],
    tuned=tuned,
    finding=accuracies_at_budgets,
    overview=what_tuning_brings,
    figures=("accuracy", "seeds", "methods", "rates", "curves"),
    questions=(
        Question(
            f"Is what is tuned anew on {_TUNED_ON} better there than what was chosen on "
            f"{_CHOSEN_ON}?",
            ANEW,
        ),
        *(
            replace(question, contrasts=_tuned_anew(question.contrasts))
            for question in frontier.STUDY.questions
        ),
    ),
    contrasts=(*ANEW, *_tuned_anew(frontier.CONTRASTS)),
    looks=frontier.STUDY.looks,
    confirmed=frontier.STUDY.confirmed,
    dataset=_TUNED_ON,
    beside=frontier.STUDY.name,
)
register_study(STUDY)
