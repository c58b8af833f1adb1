"""What the front page and the page have in common: what is compared, how to read it, marks."""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import pandas as pd

from qcnn import InvalidInput
from qcnn.baselines import baseline_from_text, baseline_names
from qcnn.mappings import mapping_from_text, mapping_names
from qcnn.mappings.mps import MPS
from studies.analysis.results import LEVEL, MARGIN, PAIRS_FOR_A_CLAIM, StudyResults
from studies.analysis.summaries import families, method_name, summarise
from studies.design.arms import PHOTONIC
from studies.design.configuration import shortened
from studies.design.roles import FINAL, FULL, NEAR_CHANCE
from studies.design.statistics import BOOTSTRAPPED_SEEDS, non_dominated, points
from studies.reports.escape import in_markdown

#: What the column of studies says of figures that were not obtained here.
QUOTED_STUDY = "quoted"
INTRODUCTION = (
    "Boson samplers with trainable phases (PQCNNs) generate all the weights of a small CNN, so "
    "that a few hundred numbers are trained instead of thousands. Compared is the accuracy that "
    "the CNN reaches with the number of trainable parameters that this takes. Beside the photonic "
    "models stand the same CNN trained directly, controls with something else in the place of the "
    "PQCNNs, and figures quoted from arXiv:2505.08474. Photonic models are of two families: "
    "those read as probabilities, of which a mapping makes the weights, and linearised ones "
    "(whitened), which are random subspaces by construction, read from a device."
)
#: Terms of the tables, with what they mean.
READING = (
    (
        "yes, no, open",
        "answers to questions that were declared with the contrasts that decide them. Yes: the "
        "mean effect over these is shown (as a difference is, corrected for the study's "
        "questions), none of them shows the opposite, and failed seeds do not turn its sign. No: "
        f"the same the other way, or its 95 % interval ends below {points(MARGIN)} points. Where "
        "a question names a margin the interval lies within it or beyond. All else is open.",
    ),
    ("trainable", "parameters that the optimiser changes: phases and the mapping's own."),
    (
        "phases (effective)",
        "phases that the optimiser changes, and how many of them matter: the rank of the Jacobian "
        "of the outcome probabilities.",
    ),
    (
        "equal counts, equal cost",
        "as many effective parameters: effective phases, and the mapping's own.",
    ),
    (
        "χ",
        "the bond dimension of a matrix product state (MPS): weights are products of χ×χ matrices.",
    ),
    (
        "dense, hadamard",
        "how a fixed random matrix is kept: number by number, or as signs and places around a "
        "Hadamard transform, so that it is never built.",
    ),
    (
        "test, validation, training",
        "mean accuracies over fresh seeds after the last epoch, in evaluation mode on whole "
        "splits, with 95 % t-intervals over seeds in brackets; a single seed has none. Searches "
        "looked at the validation images only.",
    ),
    (
        "failures",
        f"seeds that did not train: a test accuracy below {100 * NEAR_CHANCE:.0f} %, twice chance, "
        "or a run that diverged or failed; in brackets the exact (Clopper–Pearson) 95 % interval "
        "of their share in percent. Where there are any, a mean and its t-interval say little.",
    ),
    (
        "median, interquartile mean",
        "of the test accuracies of all seeds; the latter is the mean of their middle half. With "
        f"95 % percentile bootstrap intervals from {BOOTSTRAPPED_SEEDS} seeds on.",
    ),
    (
        "read as probabilities, linearised",
        "the two photonic families. Linearised is the mapping whitened: a random subspace by "
        "construction, whose coordinates are read from a device; read as probabilities is "
        "everything else that photons generate.",
    ),
    (
        "non-dominated",
        "no other model reaches at least this mean test accuracy with at most as many trainable "
        "parameters; of all models of which every seed trains, or of one of the two photonic "
        "families. Below about a hundred parameters few models but photonic ones have been run.",
    ),
    (
        "quoted",
        "figures of arXiv:2505.08474, not obtained here: means ± standard deviations on the 600 "
        "validation images.",
    ),
    (
        "a difference",
        f"is claimed from {PAIRS_FOR_A_CLAIM} pairs of seeds on, if an exact sign-flip test over "
        f"the pairs in which both arms train gives p < {LEVEL} after Holm's correction over all "
        "contrasts that the study declared. Which seeds train is known only afterwards: an arm "
        "that fails on hard seeds is flattered, and failures are therefore compared as well, by "
        "McNemar's exact test with a correction of its own.",
    ),
    (
        "probability of improvement",
        "how probable it is that a run of the first arm is better than one of the second, over "
        "all seeds, failures included; ties count half; with a bootstrap interval.",
    ),
)


def methods_in(mappings: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each mapping and baseline of the rows that is known here, with its documentation's opening.

    The forms that it takes in these rows are said, too: names of models may leave them out.
    """
    from_text = dict.fromkeys(mapping_names(), mapping_from_text) | dict.fromkeys(
        baseline_names(), baseline_from_text
    )
    for name, texts in groupby(sorted(mappings, key=method_name), key=method_name):
        if name not in from_text:
            continue
        choices = [from_text[name](text) for text in texts]
        opening = (inspect.getdoc(choices[0]) or "").partition("\n")[0].replace("``", "")
        forms = {choice.form for choice in choices if isinstance(choice, MPS)}
        here = f" Forms here: {', '.join(sorted(forms))}." if forms else ""
        yield name, in_markdown(opening) + here


def preset_of(rows: Sequence[pd.DataFrame], folder: Path) -> str:
    """The preset of all that stands on one page.

    Args:
        rows: of one or more studies.
        folder: where they are, for the sentence.

    Raises:
        InvalidInput: if there are several.
    """
    presets = sorted(set().union(*(each["preset"] for each in rows)))
    if len(presets) > 1:
        names = " and ".join(map(shortened, presets[:2]))
        raise InvalidInput(
            f"{folder} holds runs of the presets {names}; allowed is one preset in a folder"
        )
    return str(presets[0])


def preset_note(rows: pd.DataFrame) -> str:
    """What a page says of a preset that is not the full one."""
    preset = rows["preset"].iloc[0]
    return "" if preset == FULL else f"These are runs of the preset {preset}."


def final_rows(studies: Sequence[StudyResults]) -> pd.DataFrame:
    """Final rows of all studies; a run that several of them share comes once."""
    final = pd.concat(
        [each.rows[each.rows["role"] == FINAL] for each in studies], ignore_index=True
    )
    # Accuracies under noise are the noise study's: here they would be many to a model.
    clean = final[(final["noise"] == "") & (final["evaluated_under"] == "")]
    return clean.drop_duplicates(["configuration", "seed"])


def identity_of(study: str, configuration: str) -> str:
    """What the line of a study's model is called on the page, and in its address."""
    return f"{study}-{configuration}"


def quoted_identity(number: int, dataset: str) -> str:
    """Likewise that of the figure of this place in ``QUOTED``, beside the runs on a dataset."""
    return f"{QUOTED_STUDY}-{dataset}-{number}"


def holders(studies: Sequence[StudyResults]) -> dict[str, list[str]]:
    """The names of the studies that hold each configuration's final runs."""
    names: dict[str, list[str]] = {}
    for each in studies:
        rows = each.rows
        for configuration in rows["configuration"][rows["role"] == FINAL].unique():
            names.setdefault(configuration, []).append(each.study.name)
    return names


def non_dominated_marks(final: pd.DataFrame) -> dict[str, str]:
    """``of all``, or of which photonic family, for non-dominated configurations of one dataset.

    Only of those of which every seed trains: the mean says little of others.
    """
    means = summarise(final)
    means = means[means["failures"] == 0]
    family = families(means)
    marks: dict[str, str] = {}
    photonic = ((f"of {each}", means[family == each]) for each in PHOTONIC)
    for text, models in (*photonic, ("of all", means)):
        kept = non_dominated(models["test_accuracy"], models["trainable_parameters"])
        marks |= dict.fromkeys(models["configuration"][kept], text)
    return marks
