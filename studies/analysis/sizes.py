"""What a map of sizes at equal cost and a search say of modes and photons."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from qcnn.optics.fock import count_outcomes
from studies.analysis.results import Result, StudyResults, Verdict
from studies.analysis.summaries import describe_configuration, pqcnns_text, seeds_text
from studies.design.arms import FINALIST, Arm
from studies.design.configuration import Size, sizes_from_text
from studies.design.roles import SEARCH, completed
from studies.design.statistics import mean_interval, non_dominated, percent_interval, points
from studies.design.study import Contrast

#: The setting of the arms of the map.
EQUAL_COST = "equal cost"
#: What is found is said for up to so many trainable parameters.
_BUDGETS = (100, 250, 500, 1000)


#: How the arm of a size is called, and that of one PQCNN with the whole budget.
_MANY, _ONE = "PQCNNs of", "one PQCNN of"


def several(size: Size) -> Arm:
    """The arm of as many PQCNNs of a size as the cost allows."""
    return Arm(EQUAL_COST, f"{_MANY} ({size[0]},{size[1]})")


def single(photons: int) -> Arm:
    """The arm of one PQCNN that costs as much."""
    return Arm(EQUAL_COST, f"{_ONE} {photons} photon{'s' if photons > 1 else ''}")


def runs_of_map(results: StudyResults) -> pd.DataFrame:
    """The runs with fresh seeds at equal cost, with what makes the map.

    Returns:
        the rows with modes, photons, number and outcomes of their PQCNNs, those of all together,
        and whether the arm is that of a size rather than of one PQCNN.
    """
    final = results.final
    runs = final[final["setting"] == EQUAL_COST]
    sizes = [sizes_from_text(text) for text in runs["sizes"]]
    outcomes = [
        sum(count_outcomes(*each, space) for each in size)
        for size, space in zip(sizes, runs["space"], strict=True)
    ]
    return runs.assign(
        modes=[size[0][0] for size in sizes],
        photons=[size[0][1] for size in sizes],
        outcomes=outcomes,
        of_a_size=runs["arm"].str.startswith(_MANY),
    )


def answer_on_sizes(
    families: Mapping[str, Sequence[Contrast]],
) -> Callable[[StudyResults], str]:
    """A finding in two sentences: what to choose, and what makes a difference.

    Args:
        families: contrasts by what they are about.
    """

    def finding(results: StudyResults) -> str:
        chosen = [*_of_map(results), *_of_search(results)]
        compared = [
            text
            for about, contrasts in families.items()
            for text in [_of_family(about, contrasts, results.contrasts)]
            if text
        ]
        texts = ["; ".join(part) for part in (chosen, compared) if part]
        sentences = [f"{text[0].upper()}{text[1:]}." for text in texts]
        searched = len(completed(results.rows, SEARCH))
        nothing = f"{searched} settings were searched; none has been run with fresh seeds yet."
        return " ".join(sentences) or nothing

    return finding


def _of_map(results: StudyResults) -> list[str]:
    """The most and the least accurate size by validation."""
    runs = runs_of_map(results)
    if runs.empty:
        return []
    means = runs.groupby("arm")["val_accuracy"].mean()
    best, worst = (runs[runs["arm"] == name] for name in (means.idxmax(), means.idxmin()))
    mapping = best["mapping"].iloc[0]
    return [
        f"At about {_effective_parameters(best)} effective parameters and {mapping} "
        f"the best of {len(means)} sizes by validation is {_pqcnns(best)}: "
        f"{percent_interval(mean_interval(best['test_accuracy']))} on the test images against "
        f"{percent_interval(mean_interval(worst['test_accuracy']))} of {_pqcnns(worst)} "
        f"({seeds_text(best)})"
    ]


def _effective_parameters(runs: pd.DataFrame) -> int:
    first = runs.iloc[0]
    return int(first["effective_phases"] + first["mapping_parameters"])


def _pqcnns(runs: pd.DataFrame) -> str:
    return pqcnns_text(sizes_from_text(runs["sizes"].iloc[0]))


def _of_search(results: StudyResults) -> list[str]:
    """The best finalists by validation, each where it is the best up to a budget."""
    finalists = results.runs_of(FINALIST)
    if finalists.empty:
        return []
    means = finalists.groupby("configuration").agg(
        {"val_accuracy": "mean", "trainable_parameters": "first"}
    )
    kept = means[non_dominated(means["val_accuracy"], means["trainable_parameters"])]
    found: dict[str, int] = {}
    for budget in _BUDGETS:
        within = kept[kept["trainable_parameters"] <= budget]
        if not within.empty:
            found.setdefault(str(within["val_accuracy"].idxmax()), budget)
    return [
        f"up to {budget:,} trainable parameters choose {describe_configuration(runs.iloc[0])} "
        f"({int(runs['trainable_parameters'].iloc[0])}): "
        f"{percent_interval(mean_interval(runs['test_accuracy']))}"
        for digest, budget in found.items()
        for runs in [finalists[finalists["configuration"] == digest]]
    ]


def _of_family(about: str, contrasts: Sequence[Contrast], results: Sequence[Result]) -> str:
    """How many contrasts show a difference, and how large they are."""
    found = [result for result in results if result.contrast in contrasts]
    if not found:
        return ""
    shown = [result for result in found if result.verdict is Verdict.SHOWN]
    better = sum(result.difference.mean > 0 for result in shown)
    differences = [result.difference.mean for result in found]
    return (
        f"{about}: {points(min(differences), sign=True)} to "
        f"{points(max(differences), sign=True)} points, shown to be better in {better} and worse "
        f"in {len(shown) - better} of {len(found)} contrasts"
    )
