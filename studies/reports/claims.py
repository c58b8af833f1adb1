"""``results/claims.md``: what the paper claims, and what the runs of this repository say to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from studies.analysis.evidence import (
    Evidence,
    against_quoted,
    both,
    counted,
    of_arms,
    of_contrasts,
    validation_against_test,
)
from studies.analysis.judgements import Judge
from studies.analysis.paper import (
    better_by_far,
    compresses_tenfold,
    compression_beside_quoted,
    generalisation_beside_quoted,
    generalises_better,
    reaches_accuracy,
    reaches_training,
    training_beside_quoted,
)
from studies.analysis.quoted import (
    NOISE_COSTS,
    NOISE_COSTS_AT_MOST,
    QUOTED,
    QUOTED_DIRECT,
    QUOTED_RANDOM,
)
from studies.analysis.results import MARGIN, PAIRS_FOR_A_CLAIM, StudyResults
from studies.analysis.verdicts import (
    all_phases_are_effective,
    better_than_all,
    noise_costs_little,
    validation_is_precise,
)
from studies.catalogue import (
    ablation,
    bond_dimension,
    compression,
    frontier,
    mode_sweep,
    noise,
)
from studies.design.arms import PHOTONIC, Family
from studies.design.statistics import points
from studies.design.study import Contrast, Study
from studies.reports.escape import in_markdown
from studies.rows.runs_file import write_text

_PAPER = "arXiv:2505.08474"
_BY_MODEL = {row.model: row for row in QUOTED}


@dataclass(frozen=True)
class Claim:
    """A statement of the paper, and how it is examined.

    Attributes:
        title: what it is about.
        statement: what is stated, in this project's words.
        examined: how, and why so.
        study: the study whose rows are the evidence.
        judge: says whether it holds, by those rows.
        evidence: sentences from those rows.
    """

    title: str
    statement: str
    examined: str
    study: Study
    judge: Judge
    evidence: Evidence


def write_claims(folder: Path, studies: Sequence[StudyResults]) -> Path:
    """Write the page of claims of a results folder from the MNIST rows of its studies.

    Args:
        folder: the results folder.
        studies: the results of every study that has rows.

    Returns:
        the path of the page.
    """
    lines = [
        "# What the paper claims, and what is found here",
        "",
        f"The statements are those of {_PAPER}, in the words of this project; figures marked as "
        "quoted are the paper's, on its 600 validation images. Everything else on this page is "
        "generated from the rows of the studies by `python -m studies.report`. A difference is "
        f"called shown from {PAIRS_FOR_A_CLAIM} pairs of seeds on in which both arms train, by an "
        "exact sign-flip test after Holm's correction over all contrasts that the study declared; "
        "with fewer pairs it is stated without a claim. Seeds that fail are compared apart, and "
        "an arm that fails more often is not better.",
        "",
        "The verdicts are generated, too: ✓ where a claim holds in every part that was examined, ✗ "
        "where it does not in one, ? where that is open. That one arm is better than others "
        "*holds* where every declared contrast shows it; it *does not hold* where a contrast shows "
        "the opposite, or "
        f"has a 95 % interval that ends below {points(MARGIN)} points (of this contrast alone, "
        "not adjusted); else it is *open*. The paper's accuracy is reached where the mean of the "
        "best arm on the 600 validation images is at most one of the paper's standard deviations "
        "below it, and missed where the interval of this mean ends lower. That "
        f"noise costs at most {points(NOISE_COSTS_AT_MOST)} points holds where the interval of "
        "the cost lies within them, and does not where it lies beyond.",
        "",
        "| | stated | verdict |",
        "|:-:|:--|:--|",
    ]
    on_mnist = {
        each.study.name: each.by_dataset["mnist"] for each in studies if "mnist" in each.by_dataset
    }
    sections = []
    for claim in CLAIMS:
        mark, verdict, found = _said_by_rows(claim, on_mnist)
        lines += [f"| {mark} | [{claim.title}](#{_anchor(claim.title)}) | {verdict} |"]
        sections += [f"## {claim.title}", "", f"*Stated:* {claim.statement}", ""]
        sections += [f"*Examined:* {claim.examined}", "", f"*Verdict:* {verdict}", "", *found]
    write_text(folder / "claims.md", "\n".join([*lines, "", *sections]))
    return folder / "claims.md"


def _said_by_rows(claim: Claim, on_mnist: Mapping[str, StudyResults]) -> tuple[str, str, list[str]]:
    """The mark of a claim, the verdict on it, and the lines of its findings."""
    name = claim.study.name
    if name in on_mnist:
        found = claim.evidence(on_mnist[name])
        if found:
            source = f"([{name}]({name}/report.md))"
            texts = [f"- {in_markdown(text)}" for text in found]
            judgement = claim.judge(on_mnist[name])
            verdict = in_markdown(judgement.text) or "Open: its arms have not run."
            return judgement.mark, verdict, [f"*Found* {source}:", "", *texts, ""]
    return "?", f"No runs of `{name}` on MNIST are there yet.", []


def _anchor(title: str) -> str:
    """The link that GitHub gives a heading.

    >>> _anchor("Photons, at the paper's counts")
    'photons-at-the-papers-counts'
    """
    return "".join(c for c in title.lower() if c.isalnum() or c in " -").replace(" ", "-")


def _quote(model: str) -> str:
    """A figure of the paper with its count."""
    row = _BY_MODEL[f"paper, {model}"]
    return f"{row.accuracy:.1f} % with {row.trainable_parameters:,} trainable parameters"


def _chosen(study: Study, rule: Callable[[Contrast], bool]) -> tuple[Contrast, ...]:
    """The contrasts of a study that a claim is about.

    Raises:
        LookupError: if there are none: what was meant goes by another name now.
    """
    found = tuple(contrast for contrast in study.contrasts if rule(contrast))
    if not found:
        raise LookupError(
            f"a claim selects none of the {len(study.contrasts)} contrasts of {study.name}"
        )
    return found


_FROZEN = _chosen(ablation.STUDY, lambda contrast: contrast.second.name == ablation.FROZEN)
_REPLACED = _chosen(ablation.STUDY, lambda contrast: contrast.second.name != ablation.FROZEN)
_AT_COUNTS = _chosen(compression.STUDY, lambda _: True)
_COMPRESSED = _chosen(
    compression.STUDY, lambda contrast: contrast.first.family is Family.PROBABILITIES
)
_BEST_CLASSICAL = _chosen(
    frontier.STUDY,
    lambda contrast: (
        contrast.first.family is Family.PROBABILITIES and contrast.second.family not in PHOTONIC
    ),
)
_OF_FRONTIER = _chosen(frontier.STUDY, lambda _: True)
_NOISE = _chosen(noise.STUDY, lambda _: True)

CLAIMS = (
    Claim(
        "Accuracy at each bond dimension",
        f"{_quote('MPS χ = 1')} rise to {_quote('MPS χ = 10')} (quoted).",
        "The paper's form of the matrix product state and a leaner one, trained together with the "
        "phases by Adam, and the paper's alternation with COBYLA, of which it ran 200 rounds of 5 "
        "epochs. The counts differ: the paper adds 192 phases to 31χ² numbers of the state, "
        "universal meshes of (9,4) and (8,4) have 128.",
        bond_dimension.STUDY,
        reaches_accuracy(),
        against_quoted,
    ),
    Claim(
        "Accuracy by the paper's own form and schedule",
        f"{_quote('MPS χ = 2')}, {_quote('MPS χ = 4')} and {_quote('MPS χ = 10')} (quoted).",
        "The paper's form of the matrix product state, trained by its alternation of Adam and "
        "COBYLA, at three bond dimensions; of its 200 rounds as many are run as the epochs say.",
        bond_dimension.STUDY,
        reaches_accuracy(bond_dimension.PAPERS_SCHEDULE),
        against_quoted,
    ),
    Claim(
        "Accuracy on the training images",
        f"{QUOTED[1].training:.1f} % at χ = 1 rise to {QUOTED[10].training:.1f} % at χ = 10 "
        "(quoted).",
        "The same arms, on the 6,000 training images after the last epoch; the best one at each "
        "bond dimension counts.",
        bond_dimension.STUDY,
        reaches_training,
        training_beside_quoted,
    ),
    Claim(
        "Generalisation error",
        "Validation minus training loss is smaller than the directly trained CNN's, "
        f"{QUOTED_DIRECT.generalisation:.3f}: {QUOTED[4].generalisation:.3f} at χ = 4, though "
        f"{QUOTED[10].generalisation:.3f} at χ = 10 (quoted).",
        "The losses after the last epoch of the same arms against those of the target trained "
        "directly, paired by seed. It is smaller where the training loss is not small: a model "
        "that fits its training images less has less to lose.",
        bond_dimension.STUDY,
        generalises_better,
        generalisation_beside_quoted,
    ),
    Claim(
        "Tenfold compression at a loss below 3 %",
        "At χ = 4 a tenth of the parameters costs less than 3 % of the accuracy, relatively "
        "(quoted).",
        "Test accuracy of every arm at χ = 4 against that of the target trained directly, paired "
        "by seed, where it trains; parameters as counted here.",
        bond_dimension.STUDY,
        compresses_tenfold,
        compression_beside_quoted,
    ),
    Claim(
        "6 to 12 points over weight sharing and pruning",
        f"{_quote('MPS χ = 10')} are 6 to 12 points more than weight sharing and pruning reach "
        f"(quoted); by its own table {_quote('weight sharing')} and {_quote('pruning')}.",
        "A matrix product state of the paper's largest count against both, trained equally long "
        "at rates tuned alike.",
        compression.STUDY,
        better_by_far(compression.AGAINST_TUNED),
        of_contrasts(compression.AGAINST_TUNED),
    ),
    Claim(
        "The boson samplers are necessary",
        "With random numbers in the boson samplers' place the accuracy is "
        f"{QUOTED_RANDOM.accuracy:.0f} % (quoted).",
        "That control redraws its numbers at every pass, so that the weights change while they are "
        "trained and once more when they are evaluated. Numbers drawn once, numbers with the "
        "probabilities' own distribution, no input at all, there also with a larger matrix product "
        "state instead of the phases, and a classical generator of as many effective numbers are "
        "the controls that a necessity would have to survive.",
        ablation.STUDY,
        better_than_all(_REPLACED),
        both(of_arms(_REPLACED), of_contrasts(_REPLACED)),
    ),
    Claim(
        "Trained phases carry the network",
        "All weights come from a few hundred phases and a small mapping.",
        "The same models with frozen phases: matrix product states, whose own numbers are trained "
        "all the same, and mixing, a mapping with one number for each PQCNN.",
        ablation.STUDY,
        better_than_all(_FROZEN),
        both(of_arms(_FROZEN), of_contrasts(_FROZEN)),
    ),
    Claim(
        "Better than classical compression at equal counts",
        f"{_quote('MPS χ = 10')} are more than weight sharing ({_quote('weight sharing')}) and "
        f"pruning ({_quote('pruning')}) reach (quoted).",
        "Both were trained at rates of 1e-4 and 1e-3 throughout; here they are trained at these "
        "and at rates tuned as those of the photonic arms are, and compared with a matrix product "
        "state of the paper's largest count. Beside mixing of PQCNNs stand random subspaces, "
        "hashing, low rank and smaller networks with as many parameters.",
        compression.STUDY,
        better_than_all(_COMPRESSED),
        both(of_arms(_AT_COUNTS), of_contrasts(_AT_COUNTS)),
    ),
    Claim(
        "Photons against the best classical way, at the paper's counts",
        "Photonic generation is an efficient way to train few parameters.",
        "It is more than one way among others where it is better than each of them. At each count "
        "stands the best of as many candidates of each kind, by the validation images: photonic "
        "generators that are read as probabilities, random subspaces of a CNN, and smaller CNNs "
        "trained directly. The verdict is on those; linearised photonic generators stand beside "
        "them, which are random subspaces by construction, read from a device.",
        frontier.STUDY,
        better_than_all(_BEST_CLASSICAL),
        both(of_arms(_OF_FRONTIER), of_contrasts(_OF_FRONTIER)),
    ),
    Claim(
        "Robust against noise",
        NOISE_COSTS,
        "Distributions are post-selected on the clean outcomes; then brightness and transmittance "
        "act on the number of accepted shots alone, and both are compared as such: 10,000 shots "
        "are what either leaves of 100,000 at 0.56, with four photons. Models are trained without "
        "the noise and evaluated under it, or trained and evaluated under it, but for g²; either "
        "way they are compared with those trained and evaluated without.",
        noise.STUDY,
        noise_costs_little(noise.COSTS),
        of_contrasts(_NOISE),
    ),
    Claim(
        "How parameters are counted",
        "All phases of the meshes count as trainable parameters: M(M + 1)/2 of each network in the "
        "abstract, which is 81 for (9,4) and (8,4); 192 in the table (quoted).",
        "An outcome's probability depends on the columns of the unitary at the occupied inputs, up "
        "to phases of inputs and outputs: the rank of its Jacobian, the effective phases, is "
        "smaller than the number of phases of a full mesh. Of these sizes the abstract's formula "
        "gives as many as are effective, 81; that of the table gives more than there are phases.",
        bond_dimension.STUDY,
        all_phases_are_effective,
        counted,
    ),
    Claim(
        "What 600 images can tell",
        "Accuracies are given on the 600 images of the Perceval Quest's validation split.",
        "How far accuracies on them are from those on the 10,000 test images, where anything was "
        "chosen on the former and nothing on the latter.",
        mode_sweep.STUDY,
        validation_is_precise,
        validation_against_test,
    ),
)
