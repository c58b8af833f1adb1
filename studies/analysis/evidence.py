"""What the rows of a study say to a claim, a sentence for each thing that was measured."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import pandas as pd

from studies.analysis.answers import answer_text, answers
from studies.analysis.judgements import Evidence
from studies.analysis.quoted import beside_quoted
from studies.analysis.results import Better, Result, StudyResults, arm_names, sentence
from studies.analysis.summaries import accuracy_text, pqcnns_text, validation_gaps
from studies.design.arms import Arm, is_arm, labels
from studies.design.configuration import sizes_from_text
from studies.design.roles import FINAL, NEAR_CHANCE, has_trained
from studies.design.statistics import mean_interval, percent_interval, points
from studies.design.study import Contrast, Question


def of_contrasts(chosen: Sequence[Contrast]) -> Evidence:
    """How many of some declared contrasts show a difference, and each as a sentence."""

    def evidence(results: StudyResults) -> list[str]:
        found = [result for result in results.contrasts if result.contrast in chosen]
        return [tally(found), *map(sentence, found)] if found else []

    return evidence


def of_questions(questions: Sequence[Question]) -> Evidence:
    """Some questions of a study, each with its answer in a sentence."""

    def evidence(results: StudyResults) -> list[str]:
        return [
            f"{answer.question.text} {answer_text(answer)}"
            for answer in answers(results)
            if answer.question in questions
        ]

    return evidence


def tally(results: Sequence[Result]) -> str:
    """In how many contrasts the first arm is better, worse or not shown to differ.

    >>> tally([])
    'Of 0 contrasts the first arm is shown to be better in 0 and worse in 0.'
    """
    count = Counter(result.better for result in results)
    text = (
        f"Of {len(results)} contrasts the first arm is shown to be better in "
        f"{count[Better.FIRST]} and worse in {count[Better.SECOND]}"
    )
    if count[Better.EITHER]:
        text += f"; in {count[Better.EITHER]} it is more accurate and fails more, or the reverse"
    unclaimed = [result for result in results if not result.may_claim]
    explored = sum(result.exploratory for result in unclaimed)
    if len(unclaimed) > explored:
        text += f"; {len(unclaimed) - explored} have too few pairs for a claim"
    return f"{text}; {explored} are exploratory so far." if explored else f"{text}."


def both(first: Evidence, second: Evidence) -> Evidence:
    """The sentences of one evidence, then those of another."""
    return lambda results: [*first(results), *second(results)]


def of_arms(chosen: Sequence[Contrast]) -> Evidence:
    """Test accuracy of every arm of some declared contrasts, a sentence for each setting.

    It is that of the longest training that all arms of the setting have had.
    """

    def evidence(results: StudyResults) -> list[str]:
        sentences = []
        for setting, group in groupby(chosen, key=lambda contrast: contrast.setting):
            names = {arm: name for c in group for name, arm in _named_arms(c)}
            alike = _equally_trained(pd.concat([results.runs_of(arm) for arm in names]))
            arms = {name: alike[is_arm(alike, arm)] for arm, name in names.items()}
            texts = [f"{name} {accuracy_text(arm)}" for name, arm in arms.items() if not arm.empty]
            if texts:
                sentences.append(f"{setting}, test accuracy: {'; '.join(texts)}.")
        return sentences

    return evidence


def _equally_trained(final: pd.DataFrame) -> pd.DataFrame:
    """The runs of the longest training that every arm has."""
    words = labels(final)
    arms_with = words.groupby(final["epochs"]).nunique()
    shared = arms_with[arms_with == words.nunique()]
    return final[final["epochs"] == shared.index.max()] if len(shared) else final.iloc[:0]


def _named_arms(contrast: Contrast) -> list[tuple[str, Arm]]:
    """The arms under the names that tell them apart."""
    return list(zip(arm_names(contrast), (contrast.first, contrast.second), strict=True))


def against_quoted(results: StudyResults) -> list[str]:
    """Each arm of the table beside the paper's figure, and what may explain the difference."""
    sentences = []
    for quoted, arms in beside_quoted(results.longest):
        for label, runs in arms.groupby(labels(arms), sort=True):
            sentences.append(
                f"{label} ({int(runs['trainable_parameters'].iloc[0]):,} trainable, "
                f"{runs['epochs'].iloc[0]} epochs, {runs['seed'].nunique()} seeds): validation "
                f"{percent_interval(mean_interval(runs['val_accuracy']))}, test "
                f"{percent_interval(mean_interval(runs['test_accuracy']))}; quoted: "
                f"{quoted.accuracy:.1f} % ± {quoted.deviation:.1f} with "
                f"{quoted.trainable_parameters:,}. {_how_it_trained(runs)}"
            )
    return sentences


def _how_it_trained(runs: pd.DataFrame) -> str:
    """Seeds that stayed near chance, and whether the training was at its end."""
    gains = runs["val_accuracy_by_epoch"].map(_gain_of_last_quarter)
    at_chance = _failed_seeds(runs["val_accuracy"], ~has_trained(runs))
    gain = points(gains.mean(), sign=True)
    return f"{at_chance}The last quarter of the epochs brings {gain} points of validation."


def _failed_seeds(validation: pd.Series, failed: pd.Series) -> str:
    """How many runs failed, and what the others reach; nothing where none did."""
    if not failed.any():
        return ""
    text = f"Seeds that stay below {100 * NEAR_CHANCE:.0f} %: {failed.sum()}"
    if failed.all():
        return f"{text}. "
    others = percent_interval(mean_interval(validation[~failed]))
    return f"{text}; the others reach {others} of the validation images. "


def _gain_of_last_quarter(curve: str) -> float:
    accuracies = [float(value) for value in curve.split()]
    return accuracies[-1] - accuracies[-1 - len(accuracies) // 4]


def counted(results: StudyResults) -> list[str]:
    """Phases that are trained, and how many of them matter."""
    rows = results.rows
    final = rows[(rows["role"] == FINAL) & (rows["phases"] > 0)]
    counts = final.drop_duplicates(["sizes", "mesh", "phases", "effective_phases"])
    return [
        f"{pqcnns_text(sizes_from_text(row['sizes']))}, {row['mesh']} mesh: {int(row['phases'])} "
        f"phases are trained, of which {int(row['effective_phases'])} are effective."
        for _, row in counts.iterrows()
    ]


def validation_against_test(results: StudyResults) -> list[str]:
    """How far a run's accuracy on the 600 images is from that on the 10,000."""
    gaps = validation_gaps(results.final)
    if len(gaps) < 2:
        return []
    return [
        f"Over {len(gaps)} runs above 50 % the accuracy on the 600 validation images differs from "
        f"that on the 10,000 test images by {points(gaps.mean(), sign=True)} points on average, "
        f"with a standard deviation of {points(gaps.std())} points from run to run."
    ]
