"""What a map of sizes at equal cost and a search say of modes and photons."""

import pandas as pd

from qcnn.optics.fock import count_outcomes
from studies.analysis.results import StudyResults
from studies.analysis.summaries import (
    accuracy_text,
    describe_configuration,
    pqcnns_text,
    seeds_text,
)
from studies.design.arms import FINALIST, Arm, is_arm
from studies.design.configuration import Size, sizes_from_text
from studies.design.recipes import effective_parameters_of
from studies.design.roles import SEARCH, completed

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


def what_to_choose(results: StudyResults) -> str:
    """The best size at equal cost, and what is best for each number of parameters."""
    sentences = [
        f"{found[0].upper()}{found[1:]}." for found in (_of_map(results), _best(results)) if found
    ]
    if sentences:
        return " ".join(sentences)
    searched = len(completed(results.rows, SEARCH))
    return f"{searched} settings were searched; none has been run with fresh seeds yet."


def _of_map(results: StudyResults) -> str:
    """The most and the least accurate size by validation."""
    runs = runs_of_map(results)
    if runs.empty:
        return ""
    means = runs.groupby("arm")["val_accuracy"].mean()
    best, worst = (runs[runs["arm"] == name] for name in (means.idxmax(), means.idxmin()))
    mapping = best["mapping"].iloc[0]
    effective = effective_parameters_of(runs)
    least, most = effective.min(), effective.max()
    cost = f"{least}" if least == most else f"{least} to {most}"
    return (
        f"at equal cost ({cost} effective parameters) and {mapping} "
        f"the best of {len(means)} sizes by validation is {_pqcnns(best)}, "
        f"{accuracy_text(best)} on the test images, and the worst {_pqcnns(worst)}, "
        f"{accuracy_text(worst)} ({seeds_text(best)} each)"
    )


def _pqcnns(runs: pd.DataFrame) -> str:
    """Size and number, and how many parameters are trained: not all phases have to be effective."""
    first = runs.iloc[0]
    sizes = pqcnns_text(sizes_from_text(first["sizes"]))
    effective, trainable = effective_parameters_of(runs).iloc[0], int(first["trainable_parameters"])
    return f"{sizes} ({effective} effective, {trainable:,} trainable)"


def _best(results: StudyResults) -> str:
    """The best of map and search by validation, each where it is the best up to a budget."""
    final = results.final
    of_study = final[(final["setting"] == EQUAL_COST) | is_arm(final, FINALIST)]
    if of_study.empty:
        return ""
    means = of_study.groupby("configuration").agg(
        {"val_accuracy": "mean", "trainable_parameters": "first"}
    )
    found: dict[str, int] = {}
    for budget in _BUDGETS:
        within = means[means["trainable_parameters"] <= budget]
        if not within.empty:
            found.setdefault(str(within["val_accuracy"].idxmax()), budget)
    return "; ".join(
        f"up to {budget:,} trainable parameters choose {describe_configuration(runs.iloc[0])} "
        f"({int(runs['trainable_parameters'].iloc[0])}): "
        f"{accuracy_text(runs)}"
        for digest, budget in found.items()
        for runs in [of_study[of_study["configuration"] == digest]]
    )
