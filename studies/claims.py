"""``results/claims.md``: what the paper claims, and what the runs of this repository say to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from studies.configuration import sizes_from_text
from studies.contrasts import Result, arm_names, evaluate_contrasts, sentence
from studies.labels import FINAL
from studies.quoted import NOISE_COSTS, QUOTED, QUOTED_RANDOM
from studies.rows import write_text
from studies.statistics import mean_interval, percent_interval, points
from studies.study import Contrast, Study
from studies.tables import longest_trainings, pqcnns_text

#: What the rows of a study say to a claim, a sentence each.
Evidence = Callable[[Study, pd.DataFrame], list[str]]

_PAPER = "arXiv:2505.08474"
_BY_MODEL = {row.model: row for row in QUOTED}
#: Ten classes guessed are right in a tenth of the cases; below twice that a run has failed.
_NEAR_CHANCE = 0.2


@dataclass(frozen=True)
class Claim:
    """A statement of the paper, and how it is examined.

    Attributes:
        title: what it is about.
        statement: what is stated, in this project's words.
        examined: how, and why so.
        study: the study whose rows are the evidence.
        evidence: sentences from those rows.
    """

    title: str
    statement: str
    examined: str
    study: str
    evidence: Evidence


def write_claims(folder: Path, studies: Sequence[tuple[Study, pd.DataFrame]]) -> Path:
    """Write the page of claims of a results folder from the MNIST rows of its studies.

    Args:
        folder: the results folder.
        studies: every study that has rows, with them.

    Returns:
        the path of the page.
    """
    lines = [
        "# What the paper claims, and what is found here",
        "",
        f"The statements are those of {_PAPER}, in the words of this project; figures marked as "
        "quoted are the paper's, on its 600 validation images. Everything else on this page is "
        "generated from the rows of the studies by `python -m studies.report`. A difference is "
        "called shown from 10 pairs of seeds on, by an exact sign-flip test after Holm's "
        "correction over all contrasts that the study declared; with fewer pairs it is stated "
        "without a claim.",
        "",
    ]
    by_name = {study.name: (study, rows) for study, rows in studies}
    for claim in CLAIMS:
        lines += [f"## {claim.title}", "", f"*Stated:* {claim.statement}", ""]
        lines += [f"*Examined:* {claim.examined}", ""]
        lines += _findings(claim, by_name)
    write_text(folder / "claims.md", "\n".join(lines))
    return folder / "claims.md"


def _findings(claim: Claim, studies: Mapping[str, tuple[Study, pd.DataFrame]]) -> list[str]:
    found: list[str] = []
    if claim.study in studies:
        study, rows = studies[claim.study]
        mnist = rows[rows["dataset"] == "mnist"]
        found = claim.evidence(study, mnist) if not mnist.empty else []
    if not found:
        return [f"No runs of `{claim.study}` on MNIST are there yet.", ""]
    source = f"([{claim.study}]({claim.study}/report.md))"
    return [f"*Found* {source}:", "", *(f"- {text}" for text in found), ""]


def of_contrasts(chosen: Callable[[Contrast], bool]) -> Evidence:
    """How many of some declared contrasts show a difference, and each as a sentence."""

    def evidence(study: Study, rows: pd.DataFrame) -> list[str]:
        results = [r for r in evaluate_contrasts(rows, study.contrasts) if chosen(r.contrast)]
        return [tally(results), *map(sentence, results)] if results else []

    return evidence


def tally(results: Sequence[Result]) -> str:
    """In how many contrasts the first arm is better, worse or not shown to differ.

    >>> tally([])
    'Of 0 contrasts the first arm is shown to be better in 0 and worse in 0.'
    """
    tested = [r for r in results if not np.isnan(r.adjusted_p)]
    shown = [r for r in tested if r.verdict == "a difference"]
    better = sum(r.difference.mean > 0 for r in shown)
    text = (
        f"Of {len(results)} contrasts the first arm is shown to be better in {better} and worse in "
        f"{len(shown) - better}"
    )
    few = len(results) - len(tested)
    return f"{text}; {few} have too few pairs for a claim." if few else f"{text}."


def both(first: Evidence, second: Evidence) -> Evidence:
    """The sentences of one evidence, then those of another."""
    return lambda study, rows: [*first(study, rows), *second(study, rows)]


def of_arms(chosen: Callable[[Contrast], bool]) -> Evidence:
    """Test accuracy of every arm of some declared contrasts, a sentence for each setting."""

    def evidence(study: Study, rows: pd.DataFrame) -> list[str]:
        runs = longest_trainings(rows)
        sentences = []
        contrasts = [contrast for contrast in study.contrasts if chosen(contrast)]
        for setting, group in groupby(contrasts, key=lambda contrast: contrast.setting):
            names = {name: label for c in group for name, label in _named_arms(c)}
            arms = {name: runs[runs["label"] == label] for name, label in names.items()}
            texts = [
                f"{name} {percent_interval(mean_interval(arm['test_accuracy']))}"
                for name, arm in arms.items()
                if not arm.empty
            ]
            if texts:
                sentences.append(f"{setting}, test accuracy: {'; '.join(texts)}.")
        return sentences

    return evidence


def _named_arms(contrast: Contrast) -> list[tuple[str, str]]:
    """The arms' labels under the names that tell them apart."""
    return list(zip(arm_names(contrast), (contrast.first, contrast.second), strict=True))


def _against_quoted(study: Study, rows: pd.DataFrame) -> list[str]:
    """Each arm of the table beside the paper's figure, and what may explain the difference."""
    final = longest_trainings(rows)
    sentences = []
    for quoted in QUOTED:
        chi = quoted.model.partition("χ = ")[2]
        arms = final[final["label"].str.startswith(f"χ = {chi}: ")] if chi else final.iloc[:0]
        for label, runs in arms.groupby("label", sort=True):
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
    failed = int((runs["test_accuracy"] < _NEAR_CHANCE).sum())
    gains = runs["val_accuracy_by_epoch"].map(_gain_of_last_quarter)
    at_chance = f"Seeds that stay below {100 * _NEAR_CHANCE:.0f} %: {failed}. " if failed else ""
    gain = points(gains.mean(), sign=True)
    return f"{at_chance}The last quarter of the epochs brings {gain} points of validation."


def _gain_of_last_quarter(curve: str) -> float:
    accuracies = [float(value) for value in curve.split()]
    return accuracies[-1] - accuracies[-1 - len(accuracies) // 4]


def _counted(study: Study, rows: pd.DataFrame) -> list[str]:
    """Phases that are trained, and how many of them matter."""
    final = rows[(rows["role"] == FINAL) & (rows["phases"] > 0)]
    counts = final.drop_duplicates(["sizes", "mesh", "phases", "effective_phases"])
    return [
        f"{pqcnns_text(sizes_from_text(row['sizes']))}, {row['mesh']} mesh: {int(row['phases'])} "
        f"phases are trained, of which {int(row['effective_phases'])} are effective."
        for _, row in counts.iterrows()
    ]


def _validation_against_test(study: Study, rows: pd.DataFrame) -> list[str]:
    """How far a run's accuracy on the 600 images is from that on the 10,000."""
    final = rows[(rows["role"] == FINAL) & (rows["status"] == "complete")]
    trained = final[final["test_accuracy"] > 0.5]
    gaps = trained["val_accuracy"] - trained["test_accuracy"]
    if len(gaps) < 2:
        return []
    return [
        f"Over {len(gaps)} runs above 50 % the accuracy on the 600 validation images differs from "
        f"that on the 10,000 test images by {points(gaps.mean(), sign=True)} points on average, "
        f"with a standard deviation of {points(gaps.std())} points from run to run."
    ]


def _quote(model: str) -> str:
    """A figure of the paper with its count."""
    row = _BY_MODEL[f"paper, {model}"]
    return f"{row.accuracy:.1f} % with {row.trainable_parameters:,} trainable parameters"


def _every(_: Contrast) -> bool:
    return True


def _opening(*settings: str) -> Callable[[Contrast], bool]:
    return lambda contrast: contrast.setting.startswith(settings)


CLAIMS = (
    Claim(
        "Accuracy at each bond dimension",
        f"{_quote('MPS χ = 1')} rise to {_quote('MPS χ = 10')} (quoted).",
        "The paper's form of the matrix product state and a leaner one, trained together with the "
        "phases by Adam, and the paper's alternation with COBYLA, of which it ran 200 rounds of 5 "
        "epochs. The counts differ: the paper adds 192 phases to 31χ² numbers of the state, "
        "universal meshes of (9,4) and (8,4) have 128.",
        "bond_dimension",
        _against_quoted,
    ),
    Claim(
        "The boson samplers are necessary",
        "With random numbers in the boson samplers' place the accuracy is "
        f"{QUOTED_RANDOM.accuracy:.0f} % (quoted).",
        "That control redraws its numbers at every pass, so that the weights change while they are "
        "trained and once more when they are evaluated. Numbers drawn once, numbers with the "
        "probabilities' own distribution, frozen phases and no input at all are the controls that "
        "a necessity would have to survive.",
        "ablation",
        both(of_arms(_opening("χ")), of_contrasts(_opening("χ"))),
    ),
    Claim(
        "Trained phases carry the network",
        "All weights come from a few hundred phases and a small mapping.",
        "A mapping with one number for each PQCNN, mixing, with trained and with frozen phases, "
        "and with a classical generator of as many parameters in the PQCNNs' place; and a larger "
        "matrix product state without input instead of the phases.",
        "ablation",
        both(of_arms(_opening("mixing")), of_contrasts(_opening("mixing", "equal"))),
    ),
    Claim(
        "Better than classical compression at equal counts",
        f"{_quote('MPS χ = 10')} are more than weight sharing ({_quote('weight sharing')}) and "
        f"pruning ({_quote('pruning')}) reach (quoted).",
        "Both were trained at rates of 1e-4 and 1e-3 throughout; here they are trained at these "
        "and at rates tuned as those of the photonic arms are. Beside them stand random subspaces, "
        "hashing, low rank and smaller networks with as many parameters.",
        "compression",
        both(of_arms(_every), of_contrasts(_every)),
    ),
    Claim(
        "Photons against the best classical way, at the paper's counts",
        "Photonic generation is a way to train few parameters.",
        "At each count the best of as many candidates of three kinds, by the validation images: "
        "photonic generators, random subspaces of a CNN, and smaller CNNs trained directly.",
        "frontier",
        both(of_arms(_every), of_contrasts(_every)),
    ),
    Claim(
        "Robust against noise",
        NOISE_COSTS,
        "Distributions are post-selected on the clean outcomes; then brightness and transmittance "
        "act on the number of accepted shots alone. Phase errors and finite shots are added.",
        "noise",
        of_contrasts(_every),
    ),
    Claim(
        "How parameters are counted",
        "All phases of the meshes count as trainable parameters.",
        "An outcome's probability depends on the columns of the unitary at the occupied inputs, up "
        "to phases of inputs and outputs: the rank of its Jacobian, the effective phases, is "
        "smaller than the number of phases of a full mesh.",
        "bond_dimension",
        _counted,
    ),
    Claim(
        "What 600 images can tell",
        "Accuracies are given on the 600 images of the Perceval Quest's validation split.",
        "How far accuracies on them are from those on the 10,000 test images, where anything was "
        "chosen on the former and nothing on the latter.",
        "mode_sweep",
        _validation_against_test,
    ),
)
