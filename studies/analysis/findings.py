"""The finding of a study in two sentences: its own, or what its contrasts say."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from studies.analysis.results import StudyResults, chances_to_claim
from studies.analysis.summaries import accuracy_text, seeds_text
from studies.design.arms import DIRECT, NOTEBOOK, NOTEBOOK_DIRECT, Arm, is_arm, labels
from studies.design.configuration import AXES
from studies.design.measures import START, measured_moments
from studies.design.roles import FINAL, SEARCH
from studies.design.statistics import mean_interval, percent_interval

#: More values of an axis would make a sentence that nobody reads.
_ALONG = 4


def mappings_and_collapse(results: StudyResults) -> str:
    """The most accurate mapping by validation, and what becomes of ``logit_tanh``."""
    references = [is_arm(results.final, arm) for arm in (DIRECT, NOTEBOOK, NOTEBOOK_DIRECT)]
    mapped = results.final[~np.logical_or.reduce(references)]
    if mapped.empty:
        return "No mapping has been run with fresh seeds yet."
    means = mapped["val_accuracy"].groupby(labels(mapped)).mean()
    best = mapped[labels(mapped) == means.idxmax()]
    text = (
        f"The most accurate of {len(means)} mappings by validation is {means.idxmax()} "
        f"({int(best['trainable_parameters'].iloc[0])} trainable): "
        f"{percent_interval(mean_interval(best['test_accuracy']))} on the test images "
        f"({seeds_text(best)}, 95 % interval)."
    )
    collapsed = mapped[mapped["mapping"] == "logit_tanh"]
    return text if collapsed.empty else f"{text} {_collapse(collapsed)}"


def _collapse(rows: pd.DataFrame) -> str:
    """Why ``logit_tanh`` stays where it is, measured before the training."""
    moments = [measured_moments(text, "saturated", "response") for text in rows["measured"]]
    start = [found[START] for found in moments if START in found]
    reached = f"logit_tanh stays at {percent_interval(mean_interval(rows['test_accuracy']))}"
    if not start:
        return f"{reached}."
    saturated = sum(found["saturated"] for found in start) / len(start)
    response = sum(found["response"]["0.5"] for found in start) / len(start)
    return (
        f"{reached}: joint probabilities are so small that their logit is far below 0 and its "
        f"tanh −1. Before the training {100 * saturated:.1f} % of its weights are within 0.001 of "
        f"−1, and the median phase changes them by {response:.1g} per radian."
    )


def accuracies_along(series: Mapping[str, Mapping[str, Arm]]) -> Callable[[StudyResults], str]:
    """A finding that follows arms along an axis, by at most four of them in a sentence.

    Args:
        series: what each sentence is about, and its arms by the values of the axis, in their
            order.
    """

    def finding(results: StudyResults) -> str:
        final = results.longest
        sentences = []
        for name, arms in series.items():
            runs = {value: final[is_arm(final, arm)] for value, arm in arms.items()}
            there = [(value, each) for value, each in runs.items() if not each.empty]
            places = np.linspace(0, len(there) - 1, min(_ALONG, len(there))).round().astype(int)
            reached = ", ".join(
                f"{value} {accuracy_text(each)} "
                f"({int(each['trainable_parameters'].iloc[0]):,} trainable, {seeds_text(each)})"
                for value, each in (there[place] for place in places)
            )
            if reached:
                sentences.append(f"{name}: {reached}.")
        return " ".join(sentences)

    return finding


def seeds_after_looks(results: StudyResults) -> str:
    """Which seeds were added after a look at the results, and what that does to the contrasts.

    Empty for rows that nobody has looked at before all were there.
    """
    final = results.rows[results.rows["role"] == FINAL]
    looks = results.study.looks
    sentences = [
        f"Seeds {_ranges(part['seed'])} were added after a look at the results of the first "
        f"{looks[look - 1]}."
        for look, part in final.groupby("look", sort=True)
        if 0 < look <= len(looks)
    ]
    if results.exploratory:
        sentences.append(
            f"The declared contrasts are decided by seeds that come after the first {looks[-1]}, "
            "of which none has run yet: what is said of them until then is exploratory and claims "
            "nothing."
        )
    elif results.study.confirmed:
        confirming = set(labels(results.confirming))
        without = set(labels(final)) - confirming
        sentences.append(
            "They alone decide the declared contrasts"
            + (f"; of {len(without)} arms without them nothing is claimed." if without else ".")
        )
    elif sentences:
        chances = chances_to_claim(final)
        sentences.append(
            f"There were {chances} chances to claim a difference: every p on this page is "
            f"multiplied by {chances} already."
        )
    return " ".join(sentences)


def rates_at_an_edge(results: StudyResults) -> str:
    """Which arms have chosen a rate at an edge of those that were tried, where better may lie.

    Compared are the rates of configurations that differ in nothing else: a mapping with another
    gain, or on another target, has other good rates. Empty where no arm had a choice.
    """
    rows = results.rows[results.rows["arm"] != ""]
    rows = rows.assign(words=labels(rows))
    alike = ["words", *(axis for axis in AXES if axis != "learning_rate")]
    tried = rows[rows["role"] == SEARCH].groupby(alike)["learning_rate"]
    edges = tried.agg(["min", "max", "nunique"])
    chosen = rows[rows["role"] == FINAL].drop_duplicates(["words", "configuration"])
    compared = chosen.join(edges[edges["nunique"] > 1], alike, "inner")
    if compared.empty:
        return ""
    at_edge = (compared["learning_rate"] <= compared["min"]) | (
        compared["learning_rate"] >= compared["max"]
    )
    found = compared[at_edge]
    if found.empty:
        return f"None of the {len(compared)} chosen rates is at an edge of those that were tried."
    each = ", ".join(
        f"{row['words']} ({row['learning_rate']:g} of {row['min']:g} to {row['max']:g})"
        for row in found.to_dict("records")
    )
    return (
        f"Of {len(compared)} chosen rates {len(found)} are at an edge of those that were tried, "
        f"beyond which better ones may lie: {each}."
    )


def _ranges(numbers: pd.Series) -> str:
    """Whole numbers in words.

    >>> _ranges(pd.Series([3, 1, 2, 7]))
    '1–3, 7'
    """
    ordered = pd.Series(sorted(set(numbers)))
    runs = ordered.groupby(ordered - ordered.index)
    return ", ".join(
        f"{run.iloc[0]}–{run.iloc[-1]}" if len(run) > 1 else str(run.iloc[0]) for _, run in runs
    )
